"""Secrets by their forms; placeholders and what manuals print are none."""

import pytest

from aei_inspection.content.secret_forms import FORMS
from aei_inspection.content.secrets import SHOWN, entropy, masked, secrets_in
from aei_marketplace.bench.corpus.bad.parts import AWS, DISCORD, GITHUB, KEY, LETTERS, TELEGRAM, chance

HEX = "0123456789abcdef"


def found(text: str) -> list[str]:
    return [secret.form.id for secret in secrets_in(text.encode())]


@pytest.mark.parametrize(
    ("text", "form"),
    [
        (KEY, "private-key"),
        (KEY.replace("\n", "\\n"), "private-key"),
        (f'"{AWS}"', "aws-access-key"),
        (f"aws_secret_access_key = {chance(40, LETTERS + '+/', 'a')}", "aws-secret-key"),
        (GITHUB, "github-token"),
        ("glpat-" + chance(20, LETTERS, "b"), "gitlab-token"),
        ("npm_" + chance(36, LETTERS, "c"), "npm-token"),
        ("pypi-AgE" + chance(120, LETTERS, "d"), "pypi-token"),
        ("sk_" + "live_" + chance(24, LETTERS, "e"), "stripe-key"),
        ("sk_" + "test_" + chance(24, LETTERS, "e"), "stripe-test-key"),
        ("AIza" + chance(35, LETTERS, "f"), "google-api-key"),
        ("sk-ant-" + "api03-" + chance(95, LETTERS, "g"), "anthropic-key"),
        ("sk-proj-" + chance(80, LETTERS, "h"), "openai-key"),
        ("hf_" + chance(34, LETTERS[:52], "i"), "huggingface-token"),
        ("SG." + chance(22, LETTERS, "j") + "." + chance(43, LETTERS, "k"), "sendgrid-key"),
        ("dapi" + chance(32, HEX, "l"), "databricks-token"),
        (DISCORD, "discord-webhook"),
        (TELEGRAM, "telegram-token"),
        ("postgres://shop:9xKq27LmVb@db1.acme.example/shop", "password-in-url"),
        ("db_password = 'xK9mP2vL5nQ8wR3t'", "assigned-secret"),
    ],
)
def test_a_secret_is_known_by_its_form_and_masked(text, form):
    (secret,) = [secret for secret in secrets_in(text.encode()) if secret.form.id == form]
    value = text.encode()[secret.offset :]
    assert secret.masked.startswith(value[:SHOWN].decode())
    assert value[: SHOWN + 4].decode() not in secret.masked


@pytest.mark.parametrize(
    "text",
    [
        "AKIAIOSFODNN7EXAMPLE",
        "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "ghp_" + "x" * 36,
        "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
        "-----BEGIN RSA PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\n" + "A" * 64 + "\n-----END PRIVATE KEY-----",
        r"re.compile(r'\bAKIA[0-9A-Z]{16}\b')",
        "password = 'changeme'",
        "api_key = os.environ['API_KEY']",
        "token = '<your-token-goes-here-12345>'",
        "postgresql://user:password@localhost/db",
        "postgresql://app:s3cretword@localhost/db",
        "secret_name = 'acme-prices-production-key'",
        "csrf_token = 'csrfmiddlewaretoken'",
        "password_file = '/run/secrets/db/password/2024'",
        "prefix" + GITHUB,
    ],
)
def test_what_is_no_secret_is_let_pass(text):
    assert found(text) == []


def test_forms_are_named_once_and_each_shows_which_part_is_secret():
    assert len({form.id for form in FORMS}) == len(FORMS)
    assert all("secret" in form.pattern.groupindex for form in FORMS)


def test_entropy_and_masks():
    assert entropy(b"aaaa") == 0
    assert entropy(b"abcd") == 2
    assert masked(b"ghp_abcdefgh") == "ghp_… (12 characters)"
