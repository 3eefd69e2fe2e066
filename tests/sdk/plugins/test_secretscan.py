"""The secret scanner: what it finds and what it leaves alone, measured; its evidence gives nothing away."""

import base64
import json
import sys
from collections import Counter
from pathlib import Path

import pytest

from aei_sdk.builder.cache import BuildCache
from aei_sdk.project import read_project
from tests.sdk.conftest import CLONE, KEPT_BUILDS
from tests.sdk.guests import Guest, component_of
from tests.sdk.plugins.secret_samples import LOOK_ALIKES, true_samples

PROJECT = CLONE / "plugins" / "studio.secretscan"
sys.path.insert(0, str(PROJECT / "src"))  # the guest's own modules; they need nothing of the host
from checks import has_checksum, jwt_expiry  # noqa: E402 after the path
from rules import RULES  # noqa: E402
from scanning import masked, scan  # noqa: E402

sys.path.pop(0)

#: The sample that GitHub's own article on the format shows, in pieces: it was never valid.
PUBLISHED = "ghp_" + "zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ" + "0mLq17"


def found(text: str, now: float = 0.0) -> list[dict]:
    return scan("file", text, lambda: now)[0]


def test_every_true_sample_is_found_under_its_rule() -> None:
    samples = list(true_samples(seed=20261122, of_each=12))
    assert {rule for rule, _ in samples} == {rule.id for rule in RULES}
    missed = [(rule, text) for rule, text in samples if rule not in [f["rule"] for f in found(text)]]
    assert len(missed) <= len(samples) * 0.02, missed


def test_no_true_sample_is_found_twice() -> None:
    twice = [text for _, text in true_samples(seed=7, of_each=5) if len(found(text)) > 1]
    assert twice == []


def test_no_look_alike_is_found() -> None:
    wrong = [(line, [finding["rule"] for finding in found(line)]) for line in LOOK_ALIKES if found(line)]
    assert len(LOOK_ALIKES) >= 100
    assert wrong == []


@pytest.mark.parametrize(
    "pattern", ["requirements/*.txt", "docs/**/*.md", "src/aei_sandbox/**/*.py", "wit/*"]
)
def test_nothing_is_found_in_files_of_this_project_that_hold_no_secret(pattern: str) -> None:
    paths = sorted(CLONE.glob(pattern))
    assert paths
    assert {
        str(path): found(path.read_text("utf-8")) for path in paths if found(path.read_text("utf-8"))
    } == {}


def test_the_checksum_is_that_of_the_published_sample() -> None:
    assert has_checksum(PUBLISHED)
    assert not has_checksum(PUBLISHED[:-1] + "8")
    assert not has_checksum(PUBLISHED.replace("z", "y"))


def test_place_and_evidence() -> None:
    text = f"first\n  token = {PUBLISHED}  # ours\nlast\n"
    (finding,) = found(text)
    assert (finding["line"], finding["column"], finding["severity"]) == (2, 11, "critical")
    assert finding["evidence"] == "ghp_… (40 characters)"
    assert "Revoke" in finding["advice"]


def test_no_evidence_holds_more_than_four_characters_of_a_secret() -> None:
    for _, text in true_samples(seed=3, of_each=4):
        for finding in found(text):
            shown = finding["evidence"].partition("…")[0]
            if shown.startswith("-----BEGIN"):
                assert shown.count("-----") == 2
                continue
            assert len(shown) <= 4
            assert text.strip()[-20:-4] not in json.dumps(finding)
    assert masked("ab1!cd2?ef") == "ab… (10 characters)"


def test_a_line_that_allows_it_is_left_alone_and_counted() -> None:
    findings, allowed = scan("file", f"a = '{PUBLISHED}'  # secretscan:allow\n", lambda: 0.0)
    assert (findings, allowed) == ([], 1)


def test_an_expired_token_is_less_grave() -> None:
    (text,) = [text for rule, text in true_samples(seed=1, of_each=1) if rule == "jwt"]
    token = text.strip().removeprefix("jwt=")
    assert jwt_expiry(token) == 4_000_000_000
    assert [finding["severity"] for finding in found(text, now=3_999_999_999)] == ["medium"]
    assert [finding["severity"] for finding in found(text, now=4_000_000_001)] == ["low"]


@pytest.mark.parametrize(
    "text",
    [
        "-----BEGIN RSA PRIVATE KEY-----\n" * 5_000,
        "eyJ" * 100_000,
        "eyJaaaaaaaaaaaa." * 20_000,
        "aws_secret" * 30_000,
        "password=" * 40_000,
        "a://" * 80_000,
        "a" * 400_000,
        "\n" * 400_000,
        "https://u:" * 40_000,
        "password = '" * 30_000,
    ],
)
def test_hostile_texts_are_read_in_time(text: str) -> None:
    assert len(found(text)) < 1_000


def test_the_samples_lie_in_no_file_as_they_are() -> None:
    for path in (Path(__file__), Path(__file__).with_name("secret_samples.py"), PROJECT / "README.md"):
        assert [finding for finding in found(path.read_text()) if finding["severity"] == "critical"] == []


# --- in its component


@pytest.fixture(scope="module")
def scanner() -> Guest:
    cache = BuildCache(KEPT_BUILDS)
    return Guest(component_of(read_project(PROJECT), cache), cache)


@pytest.mark.slow
def test_the_component_finds_what_its_modules_find(scanner: Guest) -> None:
    samples = list(true_samples(seed=11, of_each=2))
    files = [{"path": rule, "text": text} for rule, text in samples]
    answer = scanner.ask({"files": files})
    expected = Counter(finding["rule"] for _, text in samples for finding in found(text))
    assert Counter(finding["rule"] for finding in answer["findings"]) == expected
    assert answer["counts"]["critical"] == sum(f["severity"] == "critical" for f in answer["findings"])
    assert (answer["files"], answer["truncated"]) == (len(files), False)


@pytest.mark.slow
def test_more_findings_than_fit_are_counted_and_cut(scanner: Guest) -> None:
    answer = scanner.ask({"text": f"t = {PUBLISHED}\n" * 1_200})
    assert (len(answer["findings"]), answer["counts"]["critical"], answer["truncated"]) == (
        1_000,
        1_200,
        True,
    )


@pytest.mark.slow
@pytest.mark.parametrize("task", [{}, [], None, {"text": 1}, {"files": [{"path": "x"}]}, {"files": "x"}])
def test_what_is_no_request_is_refused_in_words(scanner: Guest, task: object) -> None:
    assert '{"text": "…"}' in scanner.error(task)


@pytest.mark.slow
def test_bytes_that_are_no_key_are_none(scanner: Guest) -> None:
    body = base64.b64encode(b"hello " * 20).decode()
    text = f"-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n"
    assert scanner.ask({"text": text})["findings"] == []
