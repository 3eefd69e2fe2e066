"""What is inside of releases, and which advisories stand against it."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from aei_inspection.advisories.matching import (
    Match,
    MatchingRefused,
    PackageName,
    Statement,
    judge,
    match,
    package_of,
)
from aei_inspection.advisories.results import broken, check_result
from aei_inspection.checks.report import CheckResult, Component
from aei_marketplace.certification.events.advisories import InventoryKept, ReleaseVulnerabilitiesChanged
from aei_marketplace.certification.service.advisories.reading import advisories_at
from aei_marketplace.certification.store.advisories import concerned, looking, taking
from aei_marketplace.ground.work import Work, Works


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a plugin contains, held against the advisories.

    Attributes:
        result: as a check's.
        matches: None where they could not be told.
        advisories_at: how new the advisories were; None where there are none.
    """

    result: CheckResult
    matches: tuple[Match, ...] | None
    advisories_at: datetime | None


async def compare_packages(works: Works, components: Sequence[Component] | None) -> Comparison:
    """Hold what a plugin contains against the advisories; outside of any work, since it can take seconds.

    Args:
        components: None where the scan could not tell.
    """
    async with works.system("advisories.compare") as work:
        dated = await advisories_at(work)
        statements = await _statements_against(work, components or ())
    try:
        matches = await asyncio.to_thread(match, components or (), lambda _: statements)
    except MatchingRefused as refused:
        return Comparison(broken(str(refused)), None, dated)
    result = check_result(components, matches, dated)
    return Comparison(result, None if components is None else matches, dated)


async def keep_packages(
    work: Work, release_id: UUID, components: Sequence[Component], matches: Sequence[Match]
) -> None:
    """Keep what a release contains, so that each new advisory is held against it.

    When it was kept before, what stands against it now and did not is told of by an event.

    Args:
        matches: what stands against it, as `compare_packages` found.
    """
    work.actor.require("certification.decide")
    known = await concerned.find_inventory(work, release_id)
    await concerned.keep_inventory(work, release_id, components)
    appeared, cleared = await concerned.replace_vulnerabilities(work, release_id, matches)
    if known is not None:
        await _tell(work, appeared, cleared)
    work.emit(InventoryKept(release_id))


async def match_again(works: Works, release_id: UUID, trace_id: str | None = None) -> int:
    """Hold what is kept of a release against the advisories, while nobody brings any.

    An import notes the packages of releases that it sees. What was kept while it went on saw as little of
    the import, and nobody else would ever compare the two.

    Returns:
        whether anything else stands against the release now: 1 or 0.

    Raises:
        MatchingRefused: there is more to compare than any plugin gives reason for.
    """
    async with works.system("advisories.match_again", trace_id) as work:
        work.actor.require("certification.decide")
        await taking.hold_still(work)
        components = await concerned.components_of(work, release_id)
        statements = await _statements_against(work, components)
        matches = await asyncio.to_thread(match, components, lambda _: statements)
        return await _tell(work, *await concerned.replace_vulnerabilities(work, release_id, matches))


async def forget_packages(work: Work, release_id: UUID) -> None:
    """No longer hold advisories against a release."""
    work.actor.require("certification.decide")
    await concerned.forget_inventory(work, release_id)


async def recheck_releases(works: Works, change: UUID, trace_id: str | None = None) -> int:
    """Hold the advisories of a change against everything that is inside of releases.

    Each release against which something stands now, or does no longer, is told of by an event. A second
    time finds nothing left to do.

    Returns:
        how many releases these are.
    """
    async with works.system("advisories.recheck", trace_id) as work:
        work.actor.require("certification.decide")
        contained = await concerned.versions_concerned(work, change)
        if not contained:
            return 0
        statements = await looking.statements_of(work, sorted({each.advisory_id for each in contained}))
        hits = await asyncio.to_thread(_judge, contained, statements)
        appeared = await concerned.write_hits(work, hits)
        cleared = await concerned.clear_others(work, change, hits)
        await concerned.forget_change(work, change)
        return await _tell(work, appeared, cleared)


async def _statements_against(
    work: Work, components: Sequence[Component]
) -> dict[PackageName, list[Statement]]:
    names = {package for component in components if (package := package_of(component))}
    return await looking.statements_against(work, sorted(names))


def _judge(
    contained: Sequence[concerned.Contained], statements: dict[PackageName, list[Statement]]
) -> list[Match]:
    """The matches among versions that are inside of some release."""
    found: list[Match] = []
    for each in contained:
        for statement in statements.get(each.package, ()):
            if statement.advisory == each.advisory_id:
                hit = judge(each.component, each.package.ecosystem, statement)
                found += [hit] if hit is not None else []
    return found


async def _tell(
    work: Work,
    appeared: Sequence[tuple[UUID, str]],
    cleared: Sequence[tuple[UUID, str]],
) -> int:
    by_release: defaultdict[UUID, tuple[set[str], set[str]]] = defaultdict(lambda: (set(), set()))
    for release_id, advisory_id in appeared:
        by_release[release_id][0].add(advisory_id)
    for release_id, advisory_id in cleared:
        by_release[release_id][1].add(advisory_id)
    names = await concerned.releases(work, list(by_release))
    for release_id, (new, gone) in sorted(by_release.items()):
        plugin_id, version = names[release_id]
        work.emit(
            ReleaseVulnerabilitiesChanged(
                release_id, plugin_id, version, tuple(sorted(new)), tuple(sorted(gone - new))
            )
        )
    return len(by_release)
