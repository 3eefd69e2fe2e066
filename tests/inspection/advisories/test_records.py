"""Reading one OSV record."""

import pytest

from aei_inspection.advisories.records import LARGEST_RECORD, NO_MOMENT, RecordRefused, read_record
from aei_inspection.advisories.severities import base_score
from aei_inspection.checks.report import Severity
from tests.inspection.advisories.osv import before, encoded, record

_HEAD = b'{"id":"TEST-1","modified":"2026-01-02T03:04:05Z"'


def test_a_record_is_read_as_far_as_it_is_needed() -> None:
    document = record(
        "GHSA-x",
        package="Zope.Interface",
        events=before("5.0"),
        versions=["4.0.0", "4.1"],
        aliases=["CVE-2020-1", "GHSA-x", "not an id"],
        summary="One\0line",
        references=[
            {"type": "WEB", "url": "https://one.example/a"},
            {"type": "WEB", "url": "javascript:alert(1)"},
        ],
        withdrawn="2026-02-01T00:00:00+02:00",
        credits=[{"name": {"anything": "at all"}}],
    )
    read = read_record(encoded(document))
    (package,) = read.affected
    assert (package.name, package.normal_name) == ("Zope.Interface", "zope-interface")
    assert package.extent.ranges == ((("introduced", "0"), ("fixed", "5.0")),)
    assert package.extent.versions == ("4", "4.1")
    assert read.aliases == ("CVE-2020-1",)
    assert read.summary == "One�line"
    assert read.links == ("https://one.example/a",)
    assert read.withdrawn is not None
    assert read.withdrawn.isoformat() == "2026-01-31T22:00:00+00:00"


def test_all_that_is_said_of_one_package_stands_together_and_other_ecosystems_are_left_out() -> None:
    document = record(events=before("1.0"))
    document["affected"] += [
        *record(events=[{"introduced": "2.0", "fixed": "2.1"}], type="SEMVER")["affected"],
        *record(events=[{"introduced": "0"}], type="GIT")["affected"],
        *record(ecosystem="Debian:12", events=before("9"))["affected"],
        {"ranges": []},
    ]
    (package,) = read_record(encoded(document)).affected
    assert package.extent.ranges == (
        (("introduced", "0"), ("fixed", "1.0")),
        (("introduced", "2.0"), ("fixed", "2.1")),
    )


def _with(member: bytes) -> bytes:
    return _HEAD + b"," + member + b"}"


def _affected(inside: bytes) -> bytes:
    return _with(b'"affected":[{"package":{"ecosystem":"PyPI",' + inside + b"}]")


_MALFORMED = {
    "empty": b"",
    "a list": b"[]",
    "null": b"null",
    "a text": b'"text"',
    "an empty object": b"{}",
    "no time": b'{"id":"TEST-1"}',
    "cut off": _HEAD,
    "more behind it": _HEAD + b"}}",
    "a path as id": _HEAD.replace(b"TEST-1", b"../../etc") + b"}",
    "an empty id": _HEAD.replace(b"TEST-1", b"") + b"}",
    "a time without zone": _HEAD.replace(b"Z", b"") + b"}",
    "no such month": _HEAD.replace(b"2026-01-02", b"2026-13-02") + b"}",
    "affected is an object": _with(b'"affected":{}'),
    "no name": _affected(b'"x":1}'),
    "a number as name": _affected(b'"name":7}'),
    "NUL in a name": _affected(b'"name":"a\\u0000b"}'),
    "a blank name": _affected(b'"name":" "}'),
    "a text as versions": _affected(b'"name":"a"},"versions":"1.0"'),
    "a number as event": _affected(b'"name":"a"},"ranges":[{"type":"SEMVER","events":[1]}]'),
    "too many aliases": _with(b'"aliases":[' + b",".join([b'"CVE-1"'] * 10_001) + b"]"),
    "half a character": _with(b'"summary":"\\ud800"'),
    "not UTF-8": _with(b'"summary":"\xff"'),
    "too deep": _with(b'"unknown":' + b"[" * 100_000 + b"]" * 100_000),
    "too large": _with(b'"details":"' + b"a" * LARGEST_RECORD + b'"'),
}


@pytest.mark.parametrize("content", _MALFORMED.values(), ids=_MALFORMED)
def test_a_malformed_record_is_refused(content: bytes) -> None:
    with pytest.raises(RecordRefused):
        read_record(content)


def test_a_placeholder_of_a_time_is_no_date() -> None:
    placeholder = record(modified="0001-01-01T00:00:00+05:00")
    assert read_record(encoded(placeholder)).modified == NO_MOMENT
    assert read_record(encoded(placeholder)).dated is None
    published = read_record(encoded({**placeholder, "published": "2024-05-06T00:00:00Z"}))
    assert published.dated is not None
    assert published.dated.year == 2024


_V31 = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"

_V4 = {"type": "CVSS_V4", "score": "CVSS:4.0/AV:N"}


@pytest.mark.parametrize(
    ("more", "severity"),
    [
        ({}, None),
        ({"severity": [{"type": "CVSS_V3", "score": _V31}]}, Severity.CRITICAL),
        ({"severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:X"}]}, None),
        ({"severity": [_V4], "database_specific": {"severity": "LOW"}}, Severity.LOW),
        ({"database_specific": {"severity": "MODERATE"}}, Severity.MEDIUM),
        ({"database_specific": {"severity": ["HIGH"]}}, None),
        ({"database_specific": ["severity"]}, None),
    ],
)  # fmt: skip
def test_severity_comes_from_the_vector_else_from_a_word_else_it_is_unknown(
    more: dict, severity: Severity | None
) -> None:
    assert read_record(encoded(record(**more))).severity is severity


def test_what_is_no_vulnerability_says_so() -> None:
    document = record(ecosystem="crates.io", events=before("1.0.0"))
    document["affected"][0]["database_specific"] = {"informational": "unmaintained"}
    assert read_record(encoded(document)).informational == "unmaintained"


@pytest.mark.parametrize(
    ("vector", "score"),
    [
        (_V31, 9.8),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", 6.1),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", 7.5),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", 0.0),
        ("CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:C/C:H/I:H/A:H", 8.8),
        ("CVSS:3.0/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:N/A:N", 5.9),
        ("CVSS:3.1/AV:P/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N", 1.6),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H/E:P/RL:O", 10.0),
        ("AV:N/AC:L/Au:N/C:P/I:P/A:P", 7.5),
        ("(AV:N/AC:M/Au:N/C:N/I:P/A:N)", 4.3),
        ("AV:N/AC:L/Au:N/C:N/I:N/A:N", 0.0),
        ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", None),
        ("nonsense", None),
        ("", None),
        ("CVSS:3.1/" + "A" * 400, None),
    ],
)
def test_base_scores_are_those_of_the_specification(vector: str, score: float | None) -> None:
    assert base_score(vector) == score
