"""Everything that is looked at in one scan: the package, in the scanner, and what surrounds it, here."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import msgspec

from aei_inspection.advisories.matching import Match
from aei_inspection.archive import read_archive
from aei_inspection.checks.check import Progress
from aei_inspection.checks.report import CheckResult, Component
from aei_inspection.checks.subject import SOURCE_FOLDER, Previous
from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.service import STOPPED, ReleaseView
from aei_marketplace.certification.rules import behaviour, dependencies, reputation
from aei_marketplace.certification.rules.results import broken, not_run
from aei_marketplace.certification.rules.states import Purpose
from aei_marketplace.certification.rules.views import Evidence, Request
from aei_marketplace.certification.service.advisories.keeping import compare_packages
from aei_marketplace.certification.store import requests
from aei_marketplace.ground.clock import new_id
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.paging import LARGEST_LIMIT, PageWanted
from aei_marketplace.ground.ports import SandboxGone, SandboxRefused
from aei_marketplace.ground.work import Work
from aei_protocol.messages import Ended, Execute, LogLine, PluginAnswer, PluginWanted
from aei_protocol.messages import Progress as GuestProgress
from aei_protocol.outcomes import Outcome
from aei_protocol.permissions import Capabilities

_JOB = "certification.scan"
#: Nobody's tenant: what the examples of a scan leave behind belongs to no one.
_NOBODY = "00000000-0000-0000-0000-000000000000"


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
    """Run the examples with nothing granted; for a badge only, because it costs seconds."""
    rules = behaviour
    if request.purpose is Purpose.PUBLISH:
        return not_run(rules.ID, rules.VERSION, rules.TITLE, "It is run for certification only.")
    examples = release.manifest.document.get("examples", [])[: rules.MOST_EXAMPLES]
    began = time.monotonic()
    try:
        content = await deps.blobs.get(release.component_sha256)
        await deps.sandbox.prepare(release.component_sha256, release.manifest.interfaces, content)
        runs = [rules.Run(n, await _run(deps, release, example)) for n, example in enumerate(examples)]
        await deps.sandbox.retire(release.component_sha256, _NOBODY)
    except (SandboxGone, SandboxRefused, KeyError) as error:
        return broken(rules.ID, rules.VERSION, rules.TITLE, f"The sandbox did not run it: {error}")
    if any(run.ended.outcome is Outcome.WORKER_LOST for run in runs):
        return broken(rules.ID, rules.VERSION, rules.TITLE, "The process that ran an example was lost.")
    took = round((time.monotonic() - began) * 1000)
    return rules.check(runs, release.manifest.capabilities, took)


async def _run(deps: Deps, release: ReleaseView, example: dict[str, object]) -> Ended:
    limits = release.manifest.limits.capped(deps.operator_cap).capped(behaviour.CAP)
    task = Execute(
        id=str(new_id()),
        tenant=_NOBODY,
        installation=str(release.release_id),
        plugin=release.plugin_id,
        version=release.version,
        component=release.component_sha256,
        interfaces=release.manifest.interfaces,
        capabilities=Capabilities(),
        limits=limits,
        config="{}",
        task=msgspec.json.encode(example.get("input")).decode(),
        concurrency=1,
    )
    return await deps.sandbox.execute(task, _Unheard())


class _Unheard:
    """What a plugin says while it is examined; it calls nobody."""

    def progress(self, message: GuestProgress) -> None:
        """Nobody listens."""

    def log(self, line: LogLine) -> None:
        """Nobody listens."""

    async def call_plugin(self, wanted: PluginWanted) -> PluginAnswer:  # noqa: ARG002 the port hands it over
        """Never happens: nothing is granted, so the broker has refused before."""
        raise AssertionError("the broker lets no call through that is not granted")


def _inspected(package: bytes) -> str:
    """`source` where the package brings its source, else `extracted`."""
    names = read_archive(package).names
    return "source" if any(name.startswith(SOURCE_FOLDER) for name in names) else "extracted"
