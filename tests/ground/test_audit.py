import hashlib
import hmac
import json
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aei_marketplace.ground.actor import Actor, ActorKind
from aei_marketplace.ground.audit import PREFIX, Fact, commitment, make_entry, read_entry

SOMEBODY = Actor(ActorKind.USER, UUID(int=7), "Ada", UUID(int=1), "acme")
AT = datetime(2026, 11, 22, 17, 45, 41, 123456, tzinfo=UTC)

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text("abcdef", min_size=1, max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)


def entry_of(fact: Fact):
    return make_entry(UUID(int=9), AT, SOMEBODY, fact, "trace")


def test_an_entry_is_encoded_to_exactly_these_bytes():
    entry = entry_of(Fact("plugin.publish", "plugin", "acme.a", context={"b": 1, "a": "ü"}))
    assert (
        entry.content
        == (
            'aei-audit/1\n{"action":"plugin.publish","actor":{"id":"00000000-0000-0000-0000-000000000007",'
            '"kind":"user"},"at":"2026-11-22T17:45:41.123456Z","context":{"a":"ü","b":1},'
            '"id":"00000000-0000-0000-0000-000000000009","outcome":"ok","personal":{},"reason":null,'
            '"resource":{"id":"acme.a","type":"plugin"},"tenant":"00000000-0000-0000-0000-000000000001",'
            '"trace_id":"trace"}'
        ).encode()
    )


@given(st.dictionaries(st.text("abc", min_size=1, max_size=3), values, max_size=4))
def test_the_encoding_is_canonical_json_whatever_the_context(context):
    content = entry_of(Fact("a.b", "x", "1", context=context)).content
    document = json.loads(content.removeprefix(PREFIX))
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert content == PREFIX + canonical.encode()
    assert read_entry(content)["context"] == context


def test_personal_data_is_only_committed_to():
    entry = entry_of(Fact("user.create", "user", "1", personal={"email": "ada@acme.example"}))
    assert b"ada@" not in entry.content
    (opening,) = entry.openings
    assert read_entry(entry.content)["personal"] == {"email": commitment(opening)}
    expected = hmac.new(opening.key, b"email\x00ada@acme.example", hashlib.sha256).hexdigest()
    assert commitment(opening) == expected


def test_two_commitments_to_the_same_value_differ():
    fact = Fact("user.create", "user", "1", personal={"email": "ada@acme.example"})
    assert entry_of(fact).content != entry_of(fact).content


def test_other_bytes_are_not_read_as_an_entry():
    with pytest.raises(ValueError, match="version 1"):
        read_entry(b"{}")
