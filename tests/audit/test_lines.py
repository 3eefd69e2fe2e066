"""Lines for other programs: nothing in them opens a door, nothing runs as a formula."""

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aei_marketplace.audit.rules.lines import COLUMNS, SCRUBBED, csv_head, csv_line, json_line, public, scrub

DOCUMENT = {
    "id": "0198c5c8-0000-7000-8000-000000000000",
    "at": "2026-11-22T17:45:41.123456Z",
    "actor": {"kind": "user", "id": "u"},
    "tenant": "t",
    "action": "plugin.publish",
    "resource": {"type": "plugin", "id": "acme.counter"},
    "outcome": "ok",
    "reason": None,
    "context": {"note": "fine"},
    "personal": {"reason": "ab" * 32},
    "trace_id": "trace",
}


@pytest.mark.parametrize(
    "secret",
    [
        "aei_" + "x" * 43,
        "Authorization: Bearer abcdefgh.ijkl",
        "ghp_abcdefghijklmnop1234",
        "AKIAABCDEFGHIJKLMNOP",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
        "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA\n-----END PRIVATE KEY-----",
        "-----BEGIN RSA PRIVATE KEY-----\ncut off",
        "password=hunter2",
        "api_key: hunter2",
        "https://ada:hunter2@host.example/",
        "PRIVATE+KEY+log.example+c74f20a3+AQ==",
    ],
)
def test_what_looks_like_a_secret_is_removed_wherever_it_stands(secret: str):
    document = {**DOCUMENT, "context": {"a": [f"see {secret} there"]}}
    shape = public(document, 7, {"reason": f"because {secret}"})
    core = max(secret.split("//")[-1].split(" ")[-1].splitlines(), key=len).removeprefix("password=")
    for line in (json_line(shape), csv_line(shape)):
        assert core.partition("@")[0].encode() not in line
        assert line.count(SCRUBBED.encode()) >= 2


def test_what_is_no_secret_stays():
    words = (
        "the token budget of acme.counter 1.2.0 was 64, see https://host.example/a?b=c and sha256 "
        + "ab" * 32
    )
    assert scrub(words) == words


@given(st.text(max_size=60))
def test_no_cell_begins_like_a_formula_and_every_row_has_its_columns(text: str):
    document = {**DOCUMENT, "resource": {"type": text, "id": text}, "reason": text}
    content = (csv_head() + csv_line(public(document, None))).decode()
    head, row = csv.reader(io.StringIO(content, newline=""))
    assert tuple(head) == COLUMNS
    assert len(row) == len(COLUMNS)
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) for cell in row)


def test_a_line_of_json_is_the_entry_without_a_line_break():
    line = json_line(public(DOCUMENT, 7, {"reason": "two\nlines"}))
    assert b"\n" not in line
    assert json.loads(line) == public(DOCUMENT, 7, {"reason": "two\nlines"})


def test_for_those_without_personal_data_stays_out():
    shape = public(DOCUMENT, 7)
    assert (shape["personal"], shape["reason"]) == ({}, None)
    assert shape["commitments"] == {"reason": "ab" * 32}
