"""One advisory, read out of an OSV record with limits.

OSV schema 1.7 (ossf.github.io/osv-schema). What is not needed is ignored, whatever it holds; what is needed
has the right type and a bounded size, or the record is refused. Texts are cut where they are only shown.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from aei_inspection.advisories.ecosystems import LONGEST_NAME, Ecosystem, normal_name, read_ecosystem
from aei_inspection.advisories.orders import canonical
from aei_inspection.advisories.ranges import Event, Extent
from aei_inspection.advisories.severities import base_score, severity_of_score, severity_of_word
from aei_inspection.checks.report import Severity
from aei_inspection.problems import shown

LARGEST_RECORD = 8 * 1024 * 1024
LONGEST_SUMMARY, LONGEST_DETAILS, LONGEST_LINK = 500, 16_000, 1_000
MOST_LINKS, MOST_ALIASES = 20, 50
#: What stands for every moment before any advisory was written: records have placeholders there.
NO_MOMENT = datetime(1970, 1, 1, tzinfo=UTC)

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9:._-]{1,127}")
_LINK = re.compile(r"https?://[!-~]+")
_VERSIONED = frozenset({"SEMVER", "ECOSYSTEM"})
_KINDS = ("introduced", "fixed", "last_affected", "limit")

_Text = Annotated[str, Meta(max_length=1_000)]
_Long = Annotated[str, Meta(max_length=LARGEST_RECORD)]
_Moment = Annotated[datetime, Meta(tz=True)]


class RecordRefused(ValueError):
    """The record is malformed or beyond a limit; the text says how."""


class AffectedPackage(msgspec.Struct, frozen=True, array_like=True):
    """A package that an advisory is about.

    Attributes:
        name: as the record writes it.
    """

    ecosystem: Ecosystem
    name: str
    extent: Extent

    @property
    def normal_name(self) -> str:
        """The one spelling that it is found by."""
        return normal_name(self.ecosystem, self.name)


class Advisory(msgspec.Struct, frozen=True):
    """What is known to be wrong with releases of packages.

    Attributes:
        modified: when the record was changed last; `NO_MOMENT` for a placeholder.
        withdrawn: since when it does not hold any more; None while it holds.
        severity: None where the record does not say.
        score: base score, 0 to 10, of the newest vector that could be scored.
        vectors: CVSS vectors as written.
        informational: `unmaintained`, `unsound` or `notice` where it tells of no vulnerability.
        affected: each package once, in the ecosystems that are known here.
    """

    id: str
    modified: datetime
    published: datetime | None
    withdrawn: datetime | None
    aliases: tuple[str, ...]
    severity: Severity | None
    score: float | None
    vectors: tuple[str, ...]
    informational: str
    summary: str
    details: str
    links: tuple[str, ...]
    affected: tuple[AffectedPackage, ...]

    @property
    def dated(self) -> datetime | None:
        """When it was changed or published last; None where the record holds placeholders alone."""
        known = [moment for moment in (self.modified, self.published) if moment and moment > NO_MOMENT]
        return max(known, default=None)


class _Event(msgspec.Struct):
    introduced: _Text | None = None
    fixed: _Text | None = None
    last_affected: _Text | None = None
    limit: _Text | None = None


class _Range(msgspec.Struct):
    type: _Text
    events: Annotated[list[_Event], Meta(max_length=10_000)] | None = None


class _Package(msgspec.Struct):
    ecosystem: _Text
    name: _Text


class _Severity(msgspec.Struct):
    type: _Text
    score: _Text


class _Affected(msgspec.Struct):
    package: _Package | None = None
    ranges: Annotated[list[_Range], Meta(max_length=10_000)] | None = None
    versions: Annotated[list[_Text], Meta(max_length=100_000)] | None = None
    severity: Annotated[list[_Severity], Meta(max_length=100)] | None = None
    # Free in form: read only as far as it happens to hold what is looked for.
    ecosystem_specific: msgspec.Raw = msgspec.Raw()
    database_specific: msgspec.Raw = msgspec.Raw()


class _Reference(msgspec.Struct):
    url: Annotated[str, Meta(max_length=100_000)]


class _Record(msgspec.Struct):
    id: _Text
    modified: _Moment
    published: _Moment | None = None
    withdrawn: _Moment | None = None
    aliases: Annotated[list[_Text], Meta(max_length=10_000)] | None = None
    summary: _Long | None = None
    details: _Long | None = None
    severity: Annotated[list[_Severity], Meta(max_length=100)] | None = None
    affected: Annotated[list[_Affected], Meta(max_length=10_000)] | None = None
    references: Annotated[list[_Reference], Meta(max_length=10_000)] | None = None
    database_specific: msgspec.Raw = msgspec.Raw()


_decoder = msgspec.json.Decoder(_Record)


def read_record(content: bytes) -> Advisory:
    """Read one OSV record.

    Raises:
        RecordRefused: it is no such record, or beyond a limit.
    """
    if len(content) > LARGEST_RECORD:
        raise RecordRefused(f"a record has at most {LARGEST_RECORD:,} bytes")
    try:
        record = _decoder.decode(content)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise RecordRefused(f"not a record in OSV form: {shown(str(error), 200)}") from error
    if not _ID.fullmatch(record.id):
        raise RecordRefused(f"{shown(record.id)!r} is no id of a record")
    return _advisory(record)


def _advisory(record: _Record) -> Advisory:
    severity, score, vectors = _severity(record)
    return Advisory(
        id=record.id,
        modified=_utc(record.modified),
        published=_utc(record.published) if record.published else None,
        withdrawn=_utc(record.withdrawn) if record.withdrawn else None,
        aliases=_kept((a for a in record.aliases or () if _ID.fullmatch(a) and a != record.id), MOST_ALIASES),
        severity=severity,
        score=score,
        vectors=vectors,
        informational=_informational(record),
        summary=_clean(record.summary, LONGEST_SUMMARY),
        details=_clean(record.details, LONGEST_DETAILS),
        links=_kept((r.url for r in record.references or () if _is_link(r.url)), MOST_LINKS),
        affected=_packages(record.affected or ()),
    )


def _packages(entries: Iterable[_Affected]) -> tuple[AffectedPackage, ...]:
    """Each package once, with all that the record's entries say about it."""
    found: dict[tuple[Ecosystem, str], tuple[list[tuple[Event, ...]], dict[str, None]]] = {}
    for entry in entries:
        ecosystem = read_ecosystem(entry.package.ecosystem) if entry.package else None
        if entry.package is None or ecosystem is None:
            continue
        name = _name(entry.package.name)
        ranges, versions = found.setdefault((ecosystem, name), ([], {}))
        ranges += [_events(each) for each in entry.ranges or () if each.type in _VERSIONED and each.events]
        versions.update((canonical(ecosystem, version), None) for version in entry.versions or ())
    return tuple(
        AffectedPackage(ecosystem, name, Extent(tuple(ranges), tuple(versions)))
        for (ecosystem, name), (ranges, versions) in found.items()
    )


def _name(text: str) -> str:
    if not text.strip() or len(text) > LONGEST_NAME or not text.isprintable():
        raise RecordRefused(f"{shown(text)!r} is no name of a package")
    return text.strip()


def _events(found: _Range) -> tuple[Event, ...]:
    return tuple(
        (kind, version)  # type: ignore[misc] # the kinds are those of `Event`
        for event in found.events or ()
        for kind in _KINDS
        if (version := getattr(event, kind)) is not None
    )


def _severity(record: _Record) -> tuple[Severity | None, float | None, tuple[str, ...]]:
    """The word, the score and the vectors: the record's own, else those of its packages."""
    given = list(record.severity or ())
    if not given:
        given = [each for entry in record.affected or () for each in entry.severity or ()]
    vectors = tuple(dict.fromkeys(each.score for each in given if each.type.startswith("CVSS")))
    scores = [score for vector in sorted(vectors, reverse=True) if (score := base_score(vector)) is not None]
    if scores:
        return severity_of_score(scores[0]), scores[0], vectors
    return _severity_in_words(record), None, vectors


def _severity_in_words(record: _Record) -> Severity | None:
    places = [record.database_specific]
    for entry in record.affected or ():
        places += [entry.ecosystem_specific, entry.database_specific]
    words = (_member(place, "severity") for place in places)
    return next((found for word in words if word and (found := severity_of_word(word))), None)


def _informational(record: _Record) -> str:
    for entry in record.affected or ():
        word = _member(entry.database_specific, "informational")
        if word in ("unmaintained", "unsound", "notice"):
            return word
    return ""


def _member(place: msgspec.Raw, name: str) -> str | None:
    """A text member of an object that may hold anything, or be anything."""
    content = bytes(place)
    if name.encode() not in content:
        return None
    try:
        value: Any = msgspec.json.decode(content)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return None
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, str) else None


def _utc(moment: datetime) -> datetime:
    if moment.year < NO_MOMENT.year:
        return NO_MOMENT
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise RecordRefused("a time lies outside of all years") from error


def _is_link(url: str) -> bool:
    return len(url) <= LONGEST_LINK and _LINK.fullmatch(url) is not None


def _kept(texts: Iterable[str], most: int) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))[:most]


def _clean(text: str | None, longest: int) -> str:
    """Text that every store takes: without NUL (the reader has refused half characters), cut."""
    return (text or "")[:longest].replace("\0", "�")
