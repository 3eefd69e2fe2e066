"""Texts behind encodings, and strings that sources put together."""

import base64
import codecs
import gzip
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aei_inspection.content import decoding
from aei_inspection.content.decoding import decoded
from aei_inspection.content.literals import literals
from aei_inspection.content.python_constants import MAX_TEXT, Unreadable, constants

URL = "https://collect.stranger.example/take"
RAW = URL.encode()


@pytest.mark.parametrize(
    ("text", "how"),
    [
        (base64.b64encode(RAW), "base64"),
        (base64.urlsafe_b64encode(RAW).rstrip(b"="), "base64"),
        (base64.b32encode(RAW), "base32"),
        (base64.b85encode(RAW), "base85"),
        (RAW.hex().encode(), "hexadecimal"),
        (b"".join(b"\\x%02x" % c for c in RAW), "escapes"),
        (b"".join(b"\\u%04x" % c for c in RAW), "escapes"),
        (b"".join(b"%%%02X" % c for c in RAW), "percent"),
        (b", ".join(b"%d" % c for c in RAW), "character codes"),
        (b",".join(b"%#x" % c for c in RAW), "character codes"),
        (b",".join(b"%d" % (c ^ 99) for c in RAW), "character codes"),
        (b",".join(b"%d" % (c + 3) for c in RAW), "character codes"),
        (b" + ".join(b"chr(%d)" % c for c in RAW), "character codes"),
        (b"+".join(b"String.fromCharCode(%d)" % c for c in RAW), "character codes"),
        (RAW[::-1], "mirrored"),
        (codecs.encode(URL, "rot13").encode(), "rot13"),
        (base64.b64encode(zlib.compress(RAW)), "base64, compressed"),
        (base64.b64encode(gzip.compress(RAW, mtime=0)), "base64, compressed"),
        (zlib.compress(RAW).hex().encode(), "hexadecimal, compressed"),
        (base64.b64encode(base64.b64encode(RAW)), "base64, base64"),
        (base64.b64encode(RAW).hex().encode(), "hexadecimal, base64"),
    ],
)
def test_what_a_simple_encoding_hides_is_found(text, how):
    pieces = decoded(b'x = "' + text + b'";\n')
    assert [piece for piece in pieces if piece.how == how and RAW in piece.content]


def test_a_text_full_of_decoys_is_refused_and_not_half_read(monkeypatch):
    monkeypatch.setattr(decoding, "MAX_PIECES", 50)
    with pytest.raises(decoding.TooManyPieces):
        decoded(b" ".join(b"%032x" % n for n in range(60)))


def test_a_bomb_is_inflated_only_so_far(monkeypatch):
    monkeypatch.setattr(decoding, "MAX_DECODED", 100_000)
    bomb = base64.b64encode(zlib.compress(b"a" * 50_000_000))
    assert max(len(piece.content) for piece in decoded(bomb)) == 100_000


@given(st.binary(max_size=400))
@settings(max_examples=60, deadline=None)
def test_any_bytes_are_decoded_or_not_and_never_an_error(content):
    for piece in decoded(content):
        assert 0 <= piece.at < max(1, len(content))


@pytest.mark.parametrize(
    "expression",
    [
        "'https://' + A + 'example/take'",
        "''.join(['https://collect.', 'stranger.example', '/take'])",
        f"'{URL[::-1]}'[::-1]",
        f"''.join(reversed('{URL[::-1]}'))",
        f"base64.b64decode('{base64.b64encode(RAW).decode()}').decode()",
        f"bytes.fromhex('{RAW.hex()}').decode()",
        f"bytes({list(RAW)}).decode('ascii')",
        f"''.join(chr(c) for c in {list(RAW)})",
        f"''.join([chr(c ^ 7) for c in {[c ^ 7 for c in RAW]}])",
        f"''.join(map(chr, {list(RAW)}))",
        "'https://%s%s' % (A, 'example/take')",
        "'https://{}example/take'.format(A)",
        "f'https://{A}example/take'",
        "'hxxps://collect.stranger.example/take'.replace('xx', 'tt')",
        f"codecs.decode('{codecs.encode(URL, 'rot13')}', 'rot13')",
    ],
)
def test_what_an_expression_of_constants_comes_to_is_known(expression):
    found = constants(f"A = 'collect.' + 'stranger.'\nwhere = {expression}\n".encode())
    assert {(c.plain, c.line) for c in found if c.text == URL} == {(False, 2)}
    assert any(c.text == URL and "where" in c.named for c in found)


@pytest.mark.parametrize(
    "source",
    [
        "x = 'a' * 10**9",
        "x = '%1000000000d' % 5",
        "x = '{:>1000000000}'.format('a')",
        "x = ('a' * 60000).replace('a', 'b' * 60000)",
        "x = ('a' * 60000).join(['b'] * 4000)",
        "a = a + a\nb = a",
        "x = bytes(10**9)",
        "x = chr(-1) + 'abcd'",
        "x = 'abcd'['e']",
        "x = " + "(" * 50 + "'abcd'" + ")" * 50,
        "x = " + " + ".join(["'abcd'"] * 300),
    ],
)
def test_an_expression_that_would_grow_or_fail_says_nothing_and_harms_nobody(source):
    assert all(len(c.text) <= MAX_TEXT for c in constants(source.encode()))


def test_a_string_is_known_with_what_it_is_given_to_and_docstrings_are_told_apart():
    source = b'"""See https://a.example"""\nfetch("https://b.example", {"url": "https://c.example"})\n'
    assert {(c.text, c.docstring, c.named) for c in constants(source)} >= {
        ("See https://a.example", True, ()),
        ("https://b.example", False, ("fetch",)),
        ("https://c.example", False, ("url", "fetch")),
    }


@pytest.mark.parametrize("source", [b"def (", b"\0", b"x = " + b"(" * 5_000, b"#" * 3_000_000])
def test_what_is_no_python_is_said_to_be_none(source):
    with pytest.raises(Unreadable):
        constants(source)


def test_strings_of_a_script_are_read_without_its_comments_and_put_together():
    source = """// "no"
    /* 'no either' */ const a = "one" + 'two'; const b = ["x", "y"].join(".");
    const c = 'cba'.split('').reverse();
    """
    found = [(literal.text, literal.plain) for literal in literals(source)]
    assert ("no", True) not in found
    assert {("one", True), ("onetwo", False), ("x.y", False), ("abc", False)} <= set(found)
    assert next(literals(source)).line == 2
