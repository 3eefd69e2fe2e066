"""The search for canaries: every form is found, whatever stands around it, and nothing else is."""

import base64
import json
import random
import string
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aei_marketplace.bench.hostile.canaries import (
    CHANNELS,
    LENGTH,
    SHORTEST_FRAGMENT,
    Canary,
    CanaryIndex,
    hatch,
)
from aei_marketplace.bench.hostile.evidence import Evidence
from aei_marketplace.bench.hostile.forms import forms_of

_CHANCE = random.Random(20)
_ALPHABET = string.ascii_letters + string.digits
_CANARIES = [
    Canary(tenant, channel, "".join(_CHANCE.choices(_ALPHABET, k=LENGTH)))
    for tenant in ("north", "south", "east")
    for channel in CHANNELS
]
ONE = _CANARIES[4]
INDEX = CanaryIndex(_CANARIES)
AROUND = st.binary(max_size=40)


def found(document: bytes | str) -> set[Canary]:
    content = document.encode() if isinstance(document, str) else document
    return {sighting.canary for sighting in INDEX.find(content)}


def form(document: bytes | str) -> set[str]:
    content = document.encode() if isinstance(document, str) else document
    return {sighting.form for sighting in INDEX.find(content)}


def test_a_tenant_has_a_canary_of_its_own_in_each_channel() -> None:
    one, other = hatch("north"), hatch("north")
    assert tuple(one) == CHANNELS
    assert len({canary.text for canary in (*one.values(), *other.values())}) == 2 * len(CHANNELS)
    assert all(len(canary.text) == LENGTH and canary.text.isalnum() for canary in one.values())


@given(before=AROUND, after=AROUND, canary=st.sampled_from(_CANARIES), data=st.data())
def test_every_form_is_found_wherever_it_stands(
    before: bytes, after: bytes, canary: Canary, data: st.DataObject
) -> None:
    spelled = data.draw(st.sampled_from(list(forms_of(canary.text))))
    assert found(before + spelled.content + after) == {canary}


@pytest.mark.parametrize(
    ("name", "spell"),
    [
        ("plain", lambda text: f'{{"a": "{text}"}}'),
        ("reversed", lambda text: text[::-1]),
        ("upper case", str.upper),
        ("lower case", str.lower),
        ("hex", lambda text: text.encode().hex()),
        ("hex", lambda text: text.encode().hex().upper()),
        ("base64", lambda text: base64.b64encode(text.encode())),
        ("base64", lambda text: base64.b64encode(f"x{text}y".encode())),
        ("base64", lambda text: base64.urlsafe_b64encode(f"xx{text}yyy".encode())),
        ("url", lambda text: "".join(f"%{byte:02x}" for byte in text.encode())),
        ("url", lambda text: "".join(f"%{byte:02X}" for byte in text.encode())),
        ("plain", quote),
        ("json escapes", lambda text: "".join(f"\\u{ord(c):04x}" for c in text)),
        ("utf-16", lambda text: text.encode("utf-16")),
        ("utf-16", lambda text: text.encode("utf-16-be")),
        ("split", " ".join),
        ("split", "\r\n".join),
        ("split", lambda text: json.dumps("\n".join(text))),
        ("split", lambda text: json.dumps([text[at : at + 5] for at in range(0, LENGTH, 5)])),
        ("split", lambda text: text.encode("utf-32-le")),
        ("base64", lambda text: base64.encodebytes(b"\n" * 70 + text.encode())),
        ("split", lambda text: text.encode().hex(":")),
    ],
)
def test_a_form_is_named(name: str, spell) -> None:
    assert name in form(spell(ONE.text))
    assert found(spell(ONE.text)) == {ONE}


@given(
    before=AROUND,
    after=AROUND,
    start=st.integers(0, LENGTH - SHORTEST_FRAGMENT),
    spelled=st.sampled_from([str.encode, lambda t: t[::-1].encode(), lambda t: t.encode().hex().encode()]),
)
def test_a_piece_is_found(before: bytes, after: bytes, start: int, spelled) -> None:
    piece = spelled(ONE.text[start : start + SHORTEST_FRAGMENT])
    assert found(before + piece + after) == {ONE}


def test_two_halves_in_two_places_are_found_each() -> None:
    half = LENGTH // 2
    assert found(ONE.text[:half]) == found(ONE.text[half:]) == {ONE}


@given(st.binary(max_size=4_000))
def test_bytes_at_random_hold_no_canary(document: bytes) -> None:
    assert found(document) == set()


def test_a_megabyte_that_looks_like_canaries_holds_none() -> None:
    looks_alike = "".join(random.Random(7).choices(_ALPHABET, k=1_000_000)).encode()
    escaped = "".join(f"\\u{byte:04x}%{byte:02x}" for byte in looks_alike[:50_000])
    assert found(looks_alike) == found(escaped) == found(base64.b64encode(looks_alike)) == set()


@pytest.mark.parametrize("document", [b"", b"1234567", b"\0" * 100, b"%41" * 50, b"\\u0041" * 50])
def test_short_and_uniform_documents_hold_none(document: bytes) -> None:
    assert found(document) == set()


def test_a_piece_too_short_to_be_sure_of_is_not_reported() -> None:
    assert found(ONE.text[:8]) == set()


def test_a_tenants_own_canary_is_no_leak_and_anothers_is() -> None:
    evidence = Evidence(INDEX)
    assert evidence.look("north", "answer", "a list", _CANARIES[0].text) == []
    leaks = evidence.look("south", "answer", "a list", _CANARIES[0].text)
    assert [str(leak) for leak in leaks] == ["north's secret (plain) in answer a list, seen by south"]
    assert evidence.leaks == leaks
    assert evidence.searched["answer"] == 2


def test_where_nobody_may_be_every_canary_is_a_leak() -> None:
    evidence = Evidence(INDEX)
    evidence.look(None, "log", "web.log", " ".join(canary.text for canary in _CANARIES))
    assert len(evidence.leaks) == len(_CANARIES)


def test_text_that_is_no_unicode_is_searched_too() -> None:
    assert Evidence(INDEX).look("south", "answer", "a log", f"\ud800{ONE.text}")
