"""What a plugin contains, held against advisories."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from aei_inspection.advisories.ecosystems import Ecosystem, normal_name, read_ecosystem, same_name
from aei_inspection.advisories.ranges import Extent, Standing, fixed_versions, standing
from aei_inspection.advisories.records import Advisory
from aei_inspection.checks.report import Component, Severity

#: Pairs of a component and a statement that are compared; an inventory with more is made to be slow.
MOST_PAIRS = 100_000


class MatchingRefused(ValueError):
    """There is more to compare than any plugin gives reason for."""


@dataclass(frozen=True, slots=True, order=True)
class PackageName:
    """A package, by the normal spelling of its name."""

    ecosystem: Ecosystem
    name: str


@dataclass(frozen=True, slots=True)
class Statement:
    """What one advisory says about one package, as far as matching needs it.

    Attributes:
        name: of the package, as the advisory writes it.
        informational: `unmaintained`, `unsound` or `notice` where it tells of no vulnerability.
    """

    advisory: str
    name: str
    extent: Extent
    severity: Severity | None = None
    informational: str = ""
    aliases: tuple[str, ...] = ()
    summary: str = ""


#: From packages to what stands against them; of packages without advisories it need not speak.
LookUp = Callable[[Sequence[PackageName]], Mapping[PackageName, Sequence[Statement]]]


@dataclass(frozen=True, slots=True)
class Match:
    """An advisory that affects a component, or of which that cannot be told.

    Attributes:
        certain: False where the version cannot be compared, or the name differs in its capital letters.
        fixed: later versions that are not affected, the lowest first.
    """

    component: Component
    statement: Statement
    certain: bool
    fixed: tuple[str, ...]


def package_of(component: Component) -> PackageName | None:
    """The package that a component is a version of; None outside of the ecosystems that are known here."""
    ecosystem = read_ecosystem(component.ecosystem)
    return None if ecosystem is None else PackageName(ecosystem, normal_name(ecosystem, component.name))


def match(components: Iterable[Component], look_up: LookUp) -> tuple[Match, ...]:
    """Every advisory that stands against one of the components, by component and id.

    Args:
        look_up: asked once, for all packages together; withdrawn advisories are not its to give.

    Raises:
        MatchingRefused: there are more than `MOST_PAIRS` to compare.
    """
    packages = [(component, package) for component in components if (package := package_of(component))]
    statements = look_up(sorted({package for _, package in packages}))
    pairs = sum(len(statements.get(package, ())) for _, package in packages)
    if pairs > MOST_PAIRS:
        raise MatchingRefused(f"{pairs:,} pairs of a component and an advisory would have to be compared")
    matches = [
        found
        for component, package in packages
        for statement in statements.get(package, ())
        if (found := judge(component, package.ecosystem, statement)) is not None
    ]
    return tuple(sorted(matches, key=lambda each: (each.component, each.statement.advisory)))


def judge(component: Component, ecosystem: Ecosystem, statement: Statement) -> Match | None:
    """Whether one statement about a component's package concerns its version; None when it does not."""
    verdict = standing(ecosystem, statement.extent, component.version)
    if verdict is Standing.NOT_AFFECTED:
        return None
    certain = verdict is Standing.AFFECTED and same_name(ecosystem, component.name, statement.name)
    return Match(
        component, statement, certain, fixed_versions(ecosystem, statement.extent, component.version)
    )


def index(advisories: Iterable[Advisory]) -> LookUp:
    """A look-up over advisories held in memory; of two with one id, the one that was modified later holds."""
    newest: dict[str, Advisory] = {}
    for advisory in advisories:
        known = newest.get(advisory.id)
        if known is None or advisory.modified >= known.modified:
            newest[advisory.id] = advisory
    found: dict[PackageName, list[Statement]] = {}
    for advisory in newest.values():
        if advisory.withdrawn is None:
            for package in advisory.affected:
                name = PackageName(package.ecosystem, package.normal_name)
                found.setdefault(name, []).append(statement_of(advisory, package.name, package.extent))
    return lambda names: {name: found[name] for name in names if name in found}


def statement_of(advisory: Advisory, name: str, extent: Extent) -> Statement:
    """What an advisory says about the package that it calls so."""
    return Statement(
        advisory.id,
        name,
        extent,
        advisory.severity,
        advisory.informational,
        advisory.aliases,
        advisory.summary,
    )
