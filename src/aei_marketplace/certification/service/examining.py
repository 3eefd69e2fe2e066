"""Everything that is looked at in one scan: the package, in the scanner, and what surrounds it, here."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from aei_inspection import rehearsal
from aei_inspection.advisories.matching import Match
from aei_inspection.archive import read_archive
from aei_inspection.checks.check import Progress
from aei_inspection.checks.report import CheckResult, Component
from aei_inspection.checks.results import not_run
from aei_inspection.checks.subject import SOURCE_FOLDER, Previous
from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.service import STOPPED, ReleaseView
from aei_marketplace.certification.rules import dependencies, reputation
from aei_marketplace.certification.rules.states import Purpose
from aei_marketplace.certification.rules.views import Evidence, Request
from aei_marketplace.certification.service.advisories.keeping import compare_packages
from aei_marketplace.certification.service.rehearsing import rehearse
from aei_marketplace.certification.store import requests
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.paging import LARGEST_LIMIT, PageWanted
from aei_marketplace.ground.work import Work

_JOB = "certification.scan"


class PackageMissing(Exception):
    """The package is not in the object store."""


@dataclass(frozen=True, slots=True)
class Examined:
    """What one scan found.

    Attributes:
        components: the software inside, as the scanner found it; None where it could not be told.
        matches: what stands against it; None where that could not be told.
        advisories_at: how new the advisories were that it was held against.
    """

    evidence: Evidence
    components: tuple[Component, ...] | None
    matches: tuple[Match, ...] | None
    advisories_at: datetime | None


async def examine(deps: Deps, request: Request, progress: Callable[[Progress], None]) -> Examined:
    """Look at everything; outside of any work.

    Raises:
        ScanFailed: the scanner gave no report.
        PackageMissing: there is nothing to scan.
    """
    try:
        package = await deps.blobs.get(request.digest)
    except KeyError as error:
        raise PackageMissing("The package is missing from the object store.") from error
    async with deps.works.system(_JOB) as work:
        release = (await catalog.releases_by_id(work, [request.release_id]))[request.release_id]
        before = await _certified_before(work, request)
    previous = None if before is None else before[1]
    report = await deps.scanner.scan(package, previous, progress)
    compared = await compare_packages(deps.works, report.components)
    async with deps.works.system(_JOB) as work:
        surroundings = (
            compared.result,
            await _check_dependencies(work, release),
            await _check_reputation(work, release, None if before is None else before[0]),
        )
    evidence = Evidence(
        checks=(*report.checks, *surroundings, await _check_behaviour(deps, request, release)),
        scanner=dict(report.scanner),
        hosts=report.hosts or (),
        inspected=await asyncio.to_thread(_inspected, package),
    )
    return Examined(evidence, report.components, compared.matches, compared.advisories_at)


async def _certified_before(work: Work, request: Request) -> tuple[ReleaseView, Previous] | None:
    """The last certified release of the plugin, with what the scanner compares this one to."""
    last = await requests.last_certified(work, request.plugin_id, request.release_id)
    if last is None:
        return None
    release = (await catalog.releases_by_id(work, [last.release_id]))[last.release_id]
    evidence = await requests.find_evidence(work, last.id)
    previous = Previous(
        release.version,
        release.package_sha256,
        release.size_bytes,
        release.manifest.document,
        evidence.hosts if evidence else (),
    )
    return release, previous


async def _check_dependencies(work: Work, release: ReleaseView) -> CheckResult:
    wanted = release.manifest.dependencies
    found = await catalog.offered_releases_of(work, list(wanted), LARGEST_LIMIT) if wanted else {}
    offered = {
        plugin: [
            dependencies.Offered(each.version, each.certified, each.advisories)
            for each in found.get(plugin, ())
            if dependencies.lies_in(each.version, wanted[plugin])
        ]
        for plugin in wanted
    }
    return dependencies.check(wanted, offered)


async def _check_reputation(work: Work, release: ReleaseView, before: ReleaseView | None) -> CheckResult:
    page = await catalog.list_releases(work, release.plugin_id, PageWanted(LARGEST_LIMIT))
    listed = [each.listed_at for each in page.items if each.listed_at is not None]
    facts = reputation.Facts(
        publisher=release.publisher_name,
        verified=release.publisher_verified,
        listed_since=min(listed, default=work.now),
        releases=page.total,
        stopped=sum(each.state in STOPPED for each in page.items),
        same_publisher=before is None or before.released_by == release.released_by,
    )
    return reputation.check(facts, work.now)


async def _check_behaviour(deps: Deps, request: Request, release: ReleaseView) -> CheckResult:
    """Run it on trial; for a badge only, because it costs seconds."""
    if request.purpose is Purpose.PUBLISH:
        return not_run(rehearsal.ID, rehearsal.VERSION, rehearsal.TITLE, "It is run for certification only.")
    return await rehearse(deps, release)


def _inspected(package: bytes) -> str:
    """`source` where the package brings its source, else `extracted`."""
    names = read_archive(package).names
    return "source" if any(name.startswith(SOURCE_FOLDER) for name in names) else "extracted"
