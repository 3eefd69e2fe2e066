"""Leaves of the log of releases: written in one way, and read in no other."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aei_protocol.release_log import MOST_BYTES, PREFIX, LeafMalformed, ReleaseLeaf, read_leaf

LEAF = ReleaseLeaf(
    plugin="acme.echo",
    version="1.0.0",
    sha256="ab" * 32,
    state="listed",
    publisher="0193b2c4-0000-7000-8000-000000000000",
    signer=None,
    at="2030-01-01T00:00:00.000000Z",
    reason="published",
)


def spoilt(**changes: object) -> bytes:
    document = json.loads(LEAF.content()[len(PREFIX) :])
    return PREFIX + json.dumps({**document, **changes}, sort_keys=True, separators=(",", ":")).encode()


def test_a_leaf_is_canonical_json_behind_its_version() -> None:
    assert LEAF.content() == (
        b'aei-release/1\n{"at":"2030-01-01T00:00:00.000000Z","plugin":"acme.echo",'
        b'"publisher":"0193b2c4-0000-7000-8000-000000000000","reason":"published",'
        b'"sha256":"' + b"ab" * 32 + b'","signer":null,"state":"listed","version":"1.0.0"}'
    )


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=200), st.none() | st.just("cd" * 32))
def test_what_was_written_is_read_again(text: str, signer: str | None) -> None:
    leaf = ReleaseLeaf("acme.echo", "1.0.0", "ab" * 32, text, "p", signer, "t", "published")
    assert read_leaf(leaf.content()) == leaf


@pytest.mark.parametrize(
    "content",
    [
        b"",
        PREFIX,
        PREFIX + b"[]",
        PREFIX + b"\xff",
        PREFIX + b"[" * 3_000,
        LEAF.content()[1:],
        LEAF.content().replace(b"release/1", b"release/2"),
        LEAF.content() + b"\n",
        LEAF.content().replace(b":", b": ", 1),
        LEAF.content().replace(b"acme", b"\\u0061cme"),
        LEAF.content().replace(b'{"at"', b'{"at":"x","at"'),
        spoilt(state=1),
        spoilt(state=None),
        spoilt(signer=[]),
        spoilt(more="x"),
        spoilt(state="\ud800"),
        spoilt(state="x" * MOST_BYTES),
    ],
)
def test_any_other_spelling_is_refused(content: bytes) -> None:
    with pytest.raises(LeafMalformed):
        read_leaf(content)


def test_a_leaf_that_lacks_a_value_is_refused() -> None:
    document = json.loads(LEAF.content()[len(PREFIX) :])
    del document["reason"]
    content = PREFIX + json.dumps(document, sort_keys=True, separators=(",", ":")).encode()
    with pytest.raises(LeafMalformed):
        read_leaf(content)
