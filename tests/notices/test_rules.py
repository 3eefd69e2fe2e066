"""Kinds, preferences, retries and signatures, without a database."""

import base64
import hashlib
import hmac
import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from string import Template
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aei_marketplace.notices.errors import PreferencesUnfit, WebhookUnfit
from aei_marketplace.notices.rules import preferences, retries, signing, webhooks
from aei_marketplace.notices.rules.deliveries import letter, webhook_body
from aei_marketplace.notices.rules.kind import MailSetting, Severity
from aei_marketplace.notices.rules.kinds import KINDS, LONGEST_VALUE, check_data, worded
from aei_marketplace.notices.rules.notices import Subject, WrittenNotice, to_staff

NOW = datetime(2030, 5, 17, 12, 0, tzinfo=UTC)
texts = st.text(max_size=800)


def written(kind: str, data: dict[str, str]) -> WrittenNotice:
    subject = Subject("release", "acme.echo@1.0.0")
    return WrittenNotice(UUID(int=1), kind, to_staff("plugin.moderate"), subject, data, 1, NOW, NOW)


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_every_kind_is_described_whole(kind) -> None:
    assert re.fullmatch(r"[a-z_]+\.[a-z_]+", kind.name)
    for template in (kind.title, kind.text, kind.link or ""):
        assert Template(template).is_valid()
    assert "\n" not in kind.title
    if kind.severity is Severity.CRITICAL:
        assert kind.fixed, "what is critical cannot be switched off"
        assert kind.mail is MailSetting.IMMEDIATE
    if kind.unmailed:
        assert kind.mail is MailSetting.OFF


@given(st.sampled_from(sorted(KINDS)), st.data())
def test_whatever_its_values_a_notice_is_plain_text_of_limited_length(name: str, data) -> None:
    values = {field: data.draw(texts) for field in KINDS[name].fields}
    kept = check_data(name, values)
    words = worded(name, kept)
    assert "\n" not in words.title
    assert len(words.title) <= LONGEST_VALUE
    assert words.text.count("\n") == KINDS[name].text.count("\n"), "no value adds a line"
    assert all(len(value) <= LONGEST_VALUE for value in kept.values())
    words.text.encode()  # no half characters
    msgspec.json.decode(webhook_body(written(name, dict(kept))))


def test_a_notice_of_a_kind_that_is_gone_still_shows_what_it_holds() -> None:
    notice = written("old.kind", {"plugin": "acme.echo"})
    assert notice.words.title == "old.kind"
    assert notice.content()["severity"] == "info"


def test_a_letter_of_several_notices_holds_them_all() -> None:
    one = written("case.appealed", {"subject": "acme.one"})
    two = written("case.appealed", {"subject": "acme.two"})
    assert letter([one], None).subject == "An appeal about acme.one"
    both = letter([one, two], "https://aei.example")
    assert both.subject == "2 notices"
    assert "acme.one" in both.text
    assert "acme.two" in both.text


def test_what_nobody_may_switch_off_is_said_and_refused() -> None:
    shown = {item["kind"]: item["channels"] for item in preferences.shape({})}
    security = shown["release.blocked"]
    assert security["mail"] == {
        "setting": "immediate",
        "choices": ("immediate",),
        "locked": True,
        "reason": "It concerns the security of your tenant.",
    }
    assert security["product"]["locked"]
    assert not shown["release.yanked"]["mail"]["locked"]
    assert shown["mail.undelivered"]["mail"]["setting"] == "off"
    for channel, setting in (("mail", "off"), ("mail", "daily"), ("product", "off")):
        with pytest.raises(PreferencesUnfit) as refused:
            preferences.read_choices({"release.blocked": {channel: setting}})
        assert "security" in refused.value.faults[0].message


@pytest.mark.parametrize(
    "document",
    [
        {"no.such": {"mail": "off"}},
        {"release.yanked": {"sms": "on"}},
        {"release.yanked": {"mail": "weekly"}},
        {"release.yanked": {"product": "immediate"}},
        {"mail.undelivered": {"mail": "immediate"}},
        {"x" * 500: {"y" * 500: "z" * 500}},
    ],
)
def test_what_cannot_be_chosen_is_refused(document) -> None:
    with pytest.raises(PreferencesUnfit):
        preferences.read_choices(document)


def test_a_choice_that_is_none_any_more_gives_way_to_the_default() -> None:
    chosen = preferences.choice(KINDS["release.blocked"], preferences.MAIL, "off")
    assert chosen.setting == "immediate"
    assert "release.blocked" not in preferences.hidden_kinds({("release.blocked", "product"): "off"})
    assert preferences.hidden_kinds({("release.yanked", "product"): "off"}) == ["release.yanked"]


@given(st.floats(0, 1))
def test_pauses_grow_up_to_a_cap_and_end_within_two_days(chance: float) -> None:
    now, pauses = NOW, []
    for attempts in range(1, retries.MOST_ATTEMPTS):
        due = retries.next_attempt(attempts, now, chance)
        assert due is not None
        pauses.append(due - now)
        now = due
    assert retries.next_attempt(retries.MOST_ATTEMPTS, now, chance) is None
    assert all(a <= b for a, b in pairwise(pauses))
    assert pauses[0] >= retries.FIRST_PAUSE * (1 - retries.JITTER)
    assert max(pauses) <= retries.LONGEST_PAUSE * (1 + retries.JITTER)
    assert timedelta(hours=12) < now - NOW < timedelta(days=2)


@given(st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 the strategy wants naive bounds
def test_daily_mail_waits_a_day_at_most(now: datetime) -> None:
    due = retries.next_digest(now)
    assert now < due <= now + timedelta(days=1)
    assert due.hour == retries.DAILY_HOUR


def test_a_signature_is_the_published_one_of_the_standard() -> None:
    # The example of the Standard Webhooks specification and its reference libraries.
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    body = b'{"test": 2432232314}'
    expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert signing.signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body) == expected


def test_a_request_is_signed_with_every_valid_secret() -> None:
    new, old = signing.new_secret(), signing.new_secret()
    headers = signing.headers([new, old], "id", NOW, b"body")
    assert headers["webhook-timestamp"] == str(int(NOW.timestamp()))
    signed = f"id.{int(NOW.timestamp())}.".encode() + b"body"
    for secret, given_one in zip((new, old), headers["webhook-signature"].split(" "), strict=True):
        key = base64.b64decode(secret.removeprefix("whsec_"))
        assert len(key) == signing.SECRET_BYTES
        assert given_one == "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


@pytest.mark.parametrize("name", ["", "   ", "a\nb", "x" * 61, "tab\there", "rtl\u202e"])
def test_a_name_that_cannot_be_shown_is_refused(name: str) -> None:
    with pytest.raises(WebhookUnfit):
        webhooks.check_name(name)


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example/in",
        "https://127.0.0.1/in",
        "https://2130706433/in",
        "https://0x7f.1/in",
        "https://0177.0.0.1/in",
        "https://[::1]/in",
        "https://[::ffff:127.0.0.1]/in",
        "https://localhost/in",
        "https://user:pass@hooks.example/in",
        "https://hooks.example/in#part",
        "https://hooks.example:0/in",
        "https://hooks.example:99999/in",
        "https://hooks.example/../in",
        "https://hooks.example/in\r\nX-Evil: 1",
        "https://hooks.example/in?a=\r\n",
        "https://hooks.example\\@evil.example/",
        "https://hooks.example%2eevil/",
        "ftp://hooks.example/in",
        "file:///etc/passwd",
        "https://",
        "",
        "https://" + "a" * 300 + ".example/",
        "https://hooks.example/" + "a/" * 50,
        "https://hooks.example/?" + "a" * 1001,
    ],
)
def test_a_url_that_is_no_public_name_is_refused(url: str) -> None:
    with pytest.raises(WebhookUnfit):
        webhooks.check_url(url, lambda *_: False)


def test_a_url_is_kept_in_one_spelling() -> None:
    assert webhooks.check_url("HTTPS://Hooks.Example:443/In/?Token=Aa%20b", lambda *_: False) == (
        "https://hooks.example/In?Token=Aa%20b"
    )
    assert webhooks.check_url(
        "http://hooks.internal:8080/in", lambda n, p: (n, p) == ("hooks.internal", 8080)
    )


def test_kinds_and_overlaps_are_checked() -> None:
    assert webhooks.check_kinds(["release.yanked", "release.blocked", "release.yanked"]) == (
        "release.blocked",
        "release.yanked",
    )
    with pytest.raises(WebhookUnfit):
        webhooks.check_kinds(["no.such"])
    assert webhooks.check_overlap(0) == timedelta(0)
    for hours in (-1, 169, 10**30):
        with pytest.raises(WebhookUnfit):
            webhooks.check_overlap(hours)
