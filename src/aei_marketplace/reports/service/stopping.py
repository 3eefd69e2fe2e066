"""What a case does to releases: stopping them, giving them back as they were, removing them for good.

Only the catalogue's own change of state moves a release; what stood before is kept beside it, and is
given back only if nobody else has moved the release since.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.service import Change, ReleaseState, ReleaseView
from aei_marketplace.decisions import service as decisions
from aei_marketplace.decisions.service import Case
from aei_marketplace.ground.actor import Actor, system_actor
from aei_marketplace.ground.work import Work, Works
from aei_marketplace.reports.events import PluginQuarantined
from aei_marketplace.reports.rules import verdicts
from aei_marketplace.reports.rules.filing import Report
from aei_marketplace.reports.rules.verdicts import Stop, Verdict
from aei_marketplace.reports.store import reports, stops

_REPORTED = "A trusted reporter called it malicious; staff are looking at it."


async def quarantine_reported(works: Works, report_id: UUID, owner: UUID, trace_id: str) -> None:
    """Quarantine what a trusted reporter named, unless its case was decided meanwhile; again changes nothing.

    Args:
        owner: the publisher's tenant, in whose audit log it stands.
    """
    async with works.begin(_marketplace("reports.quarantine", owner), trace_id) as work:
        report = await reports.find(work, report_id, hold=True)
        if report is None or not report.stops or report.outcome is not None:
            return
        releases = await catalog.hold_releases(work, report.plugin_id)
        named = verdicts.targets(releases, {report.version}, ())
        running = [release for release in named if release.state in verdicts.RUNNING]
        for release in running:
            await _move(work, report.case_id, release, ReleaseState.QUARANTINED, _REPORTED)
        if running:
            versions = tuple(release.version for release in running)
            work.emit(PluginQuarantined(report.case_id, report.plugin_id, owner, versions))


async def stop_reported(
    work: Work, case: Case, filed: Iterable[Report], verdict: Verdict, reason: str
) -> None:
    """Move what the case is about to where an upholding verdict wants it.

    A removal that can still be appealed is a quarantine until the time for that is over.

    Args:
        filed: the reports of the case.
    """
    releases = await catalog.hold_releases(work, case.subject_id)
    stopped = await stops.of_case(work, case.id)
    reported = {report.version for report in filed}
    concerned = verdicts.targets(releases, reported, stopped.keys())
    final = case.final_at(work.now)
    wanted = verdicts.wanted_state(verdict, final=final)
    for release in concerned:
        await _move(work, case.id, release, wanted, reason)
    later = case.appeal_until if verdict is Verdict.REMOVE and not final else None
    await stops.plan_removal(work, case.id, (release.release_id for release in concerned), later)


async def give_back(work: Work, case: Case) -> None:
    """Put every release that the case has moved back to where it stood, unless others moved it since."""
    stopped = await stops.of_case(work, case.id)
    for release in await _untouched(work, case.subject_id, stopped.values()):
        before = stopped[release.release_id].before
        for state in verdicts.way(release.state, before.state):
            last = state is before.state
            through = Change(state, "On its way back.")
            await _change(work, release, before if last else through, restoring=last)
    await stops.plan_removal(work, case.id, stopped, None)


async def remove_for_good(works: Works) -> None:
    """Carry out the removals that nobody appealed in time."""
    async with works.system("reports.remove") as work:
        due = await stops.due_removals(work)
        cases = [await decisions.find_case(work, case_id) for case_id in due]
    for case in cases:
        async with works.begin(_marketplace("reports.remove", case.party)) as work:
            await _remove_for_good(work, case.id)


async def _remove_for_good(work: Work, case_id: UUID) -> None:
    case = await decisions.find_case(work, case_id)
    stopped = await stops.of_case(work, case_id)
    due = [s for s in stopped.values() if s.remove_after is not None and s.remove_after <= work.now]
    if case.final_at(work.now) and case.verdict == Verdict.REMOVE and case.reason is not None:
        for release in await _untouched(work, case.subject_id, due):
            await _move(work, case.id, release, ReleaseState.REMOVED, case.reason)
    await stops.plan_removal(work, case_id, (stop.release_id for stop in due), None)


async def _untouched(work: Work, plugin_id: str, stopped: Iterable[Stop]) -> list[ReleaseView]:
    """Those of the releases that nobody has moved since the case did."""
    moved_at: dict[UUID, datetime] = {stop.release_id: stop.moved_at for stop in stopped}
    releases = await catalog.hold_releases(work, plugin_id)
    return [r for r in releases if moved_at.get(r.release_id) == r.state_changed_at]


async def _move(work: Work, case_id: UUID, release: ReleaseView, wanted: ReleaseState, reason: str) -> None:
    before = Change(release.state, release.state_reason, release.replacement)
    way = verdicts.way(release.state, wanted)
    for state in way:
        await _change(work, release, Change(state, reason))
    if way:
        await stops.keep(work, case_id, Stop(release.release_id, before, work.now))


async def _change(work: Work, release: ReleaseView, change: Change, *, restoring: bool = False) -> None:
    await catalog.change_state(
        work,
        release.plugin_id,
        release.version,
        change.state,
        change.reason,
        change.replacement,
        restoring=restoring,
    )


def _marketplace(job: str, tenant: UUID) -> Actor:
    """The marketplace itself, in the publisher's tenant, so that its audit log tells of it."""
    return replace(system_actor(job), tenant=tenant)
