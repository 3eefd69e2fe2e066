"""Advisories about packages inside of plugins: what is kept of them, what replaces what."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from aei_inspection.advisories.ecosystems import Ecosystem, normal_name
from aei_inspection.advisories.ranges import Event
from aei_inspection.checks.report import Severity
from aei_marketplace.certification.errors.advisories import AdvisoriesOlder

#: An export with fewer of a source's records than this share of them is more likely cut off than right.
_LEAST_SHARE = 0.5
_FEW = 100


@dataclass(frozen=True, slots=True)
class AdvisedPackage:
    """A package that an advisory is about.

    Attributes:
        ranges: events of each, in any order, as the advisory has them.
        versions: those named one by one.
    """

    ecosystem: str
    name: str
    ranges: tuple[tuple[Event, ...], ...]
    versions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PackageAdvisory:
    """A known vulnerability, or something else worth knowing, in packages that plugins may contain.

    Attributes:
        severity: None where its author does not say.
        informational: `unmaintained`, `unsound` or `notice` where it tells of no vulnerability.
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
    packages: tuple[AdvisedPackage, ...]


@dataclass(frozen=True, slots=True)
class AdvisorySource:
    """Where advisories come from.

    Attributes:
        changed: advisories that came, changed or went with the last time.
        dated: when its newest record was written; None where none says.
        imported_at: when it was last brought up to date.
        changed_at: when that last changed anything.
    """

    name: str
    records: int
    changed: int
    dated: datetime | None
    imported_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Search:
    """Which advisories are looked for.

    Attributes:
        named: an id or alias, exactly.
        package: a name, in any spelling.
        ecosystem: where the package is.
    """

    named: str | None = None
    package: str | None = None
    ecosystem: str | None = None

    def spellings(self) -> frozenset[str]:
        """How the package is written in the ecosystems that come into question."""
        if self.package is None:
            return frozenset()
        return frozenset(normal_name(place, self.package) for place in self.places())

    def places(self) -> list[Ecosystem]:
        """The ecosystems that come into question."""
        return [Ecosystem(self.ecosystem)] if self.ecosystem else list(Ecosystem)


@dataclass(frozen=True, slots=True)
class Vulnerability:
    """An advisory that stands against a package inside of a release.

    Attributes:
        origin: where the package was found: `embedded`, `sbom` or `source`.
        certain: False where it cannot be told whether this version is affected.
        fixed: later versions that are not, the lowest first.
        since: when that was found.
    """

    advisory_id: str
    ecosystem: str
    name: str
    version: str
    origin: str
    certain: bool
    fixed: tuple[str, ...]
    since: datetime
    severity: Severity | None
    informational: str
    aliases: tuple[str, ...]
    summary: str


def replaces(modified: datetime, digest: bytes, known: tuple[datetime, bytes] | None) -> bool:
    """Whether a record takes the place of what is known under its id: the newer, and else the later one."""
    return known is None or (modified >= known[0] and digest != known[1])


def check_plausible(known: AdvisorySource | None, records: int, dated: datetime | None) -> None:
    """Stop where an export looks like an old or a cut one: it would take advisories away.

    Args:
        known: what its source brought before.

    Raises:
        AdvisoriesOlder: it is older than that, or much smaller.
    """
    if known is None:
        return
    if known.dated is not None and (dated is None or dated < known.dated):
        raise AdvisoriesOlder(
            f"Its newest record is of {_day(dated)}; the source {known.name} already brought one of"
            f" {_day(known.dated)}."
        )
    if known.records > _FEW and records < known.records * _LEAST_SHARE:
        raise AdvisoriesOlder(
            f"It has {records:,} records; the source {known.name} brought {known.records:,} before."
        )


def worst_first(vulnerabilities: Iterable[Vulnerability]) -> tuple[Vulnerability, ...]:
    """Certain ones first, then by severity (one that is not told counts as high), then by package and id."""
    rank: Mapping[Severity, int] = {severity: -position for position, severity in enumerate(Severity)}

    def place(each: Vulnerability) -> tuple[bool, bool, int, str, str, str]:
        severity = rank[each.severity or Severity.HIGH]
        return (
            not each.certain, bool(each.informational), severity, each.ecosystem, each.name, each.advisory_id
        )  # fmt: skip

    return tuple(sorted(vulnerabilities, key=place))


def _day(moment: datetime | None) -> str:
    return "no known day" if moment is None else f"{moment:%Y-%m-%d %H:%M} UTC"
