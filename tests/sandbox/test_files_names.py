"""What a guest may call a file: hostile names are refused, odd ones are only names."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aei_sandbox.broker.files.names import (
    LONGEST_NAME,
    LONGEST_PART,
    MOST_PARTS,
    BadPath,
    checked_folder,
    checked_name,
)

REFUSED = [
    "",
    "/",
    "/etc/passwd",
    "..",
    "../other/x",
    "a/../../x",
    "a/..",
    ".",
    "./a",
    "a/./b",
    "a//b",
    "a/",
    "a\\b",
    "..\\b",
    "a\0b",
    "a\nb",
    "a\r\nb",
    "a\x1b[2Jb",
    "a\x7fb",
    "a\u0085b",
    "a\u202etxt.exe",
    "a\u200bb",
    "a\u2028b",
    "a\ufeff",
    "a\ue000",
    "a\ufffe",
    "a\U0010ffff",
    "e\u0301",
    "\u212b",
    "a" * (LONGEST_PART + 1),
    "ö" * (LONGEST_PART // 2 + 1),
    "/".join(["a"] * (MOST_PARTS + 1)),
    "/".join(["a" * 200] * 3),
]


@pytest.mark.parametrize("name", REFUSED)
def test_a_hostile_name_is_refused(name: str) -> None:
    with pytest.raises(BadPath):
        checked_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "a",
        "notes/2026/b.json",
        "B:k",
        "C:x",
        "%00",
        "%2e%2e/x",
        "...",
        "..a",
        ".hidden",
        "CON",
        "nul.txt",
        "~",
        "-rf",
        "a'; drop table files; --",
        "é",
        "größe/日本",
        "a b",
        "files.sqlite3-wal",
        "a" * LONGEST_PART,
        "/".join(["a"] * MOST_PARTS),
        "/".join(["a" * 127] * 4),
    ],
)
def test_an_odd_name_is_a_name_and_kept_as_it_is(name: str) -> None:
    assert checked_name(name) == name


@given(st.text(max_size=40))
def test_a_name_that_is_taken_is_one_way_to_write_it_and_stays_inside(name: str) -> None:
    try:
        taken = checked_name(name)
    except BadPath:
        return
    assert taken == name == unicodedata.normalize("NFC", name)
    assert taken.isprintable()
    assert not {"", ".", ".."} & set(taken.split("/"))
    assert len(taken.encode()) <= LONGEST_NAME


def test_a_folder_is_named_with_or_without_its_last_slash() -> None:
    assert checked_folder("a/b") == checked_folder("a/b/") == "a/b/"
    assert checked_folder("") == ""


@pytest.mark.parametrize("name", ["/", "//", "a//", "..", "../", "a/../", "a\0/", "/a"])
def test_a_hostile_folder_is_refused(name: str) -> None:
    with pytest.raises(BadPath):
        checked_folder(name)
