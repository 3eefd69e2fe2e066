"""Reporting a plugin: the word is written down and queued; a trusted one stops the plugin at once."""

from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.service import PluginView
from aei_marketplace.decisions import service as decisions
from aei_marketplace.decisions.service import Subject
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.clock import new_id
from aei_marketplace.ground.errors import NotAllowed
from aei_marketplace.ground.work import Work, Works
from aei_marketplace.reports.errors import AlreadyReported
from aei_marketplace.reports.events import PluginReported
from aei_marketplace.reports.rules import filing, weight
from aei_marketplace.reports.rules.filing import Report, ReportKind, Wish
from aei_marketplace.reports.rules.verdicts import KIND
from aei_marketplace.reports.service.stopping import quarantine_reported
from aei_marketplace.reports.store import reports, trusted


async def file_report(works: Works, actor: Actor, trace_id: str, wish: Wish) -> Report:
    """Report a plugin that the actor's tenant sees.

    What a trusted reporter calls malicious is quarantined before this returns. That is a second
    transaction, of the marketplace itself; a job does it again in case the process ends in between.

    Raises:
        NotAllowed: the actor may not, or acts in no tenant.
        PluginNotFound, ReleaseNotFound: there is none that the actor may see.
        AlreadyReported: they have an open report about it.
        TooManyReports: they reported too often today.
        Invalid: the report says nothing that can be understood.
    """
    async with works.begin(actor, trace_id) as work:
        work.actor.require("plugin.browse")
        kind, text = filing.check_kind(wish.kind), filing.check_text(wish.text)
        plugin = await catalog.find_plugin(work, wish.plugin_id)
        if wish.version is not None:
            await catalog.find_release(work, plugin.id, wish.version)
        report = await _write_down(work, plugin, wish.version, kind, text)
    if report.stops:
        await quarantine_reported(works, report.id, plugin.owner_tenant, trace_id)
    return report


async def _write_down(
    work: Work, plugin: PluginView, version: str | None, kind: ReportKind, text: str
) -> Report:
    if work.actor.id is None:
        raise NotAllowed("A report needs somebody who makes it.")
    tenant, reporter = work.actor.in_tenant(), work.actor.id
    await reports.hold_reporter(work, reporter)
    filing.check_rate(await reports.recent(work, reporter, work.now - filing.PERIOD), work.now)
    record = (await reports.record_of(work, [reporter]))[reporter]
    stops = weight.stops_at_once(kind, record, trusted=await trusted.is_trusted(work, reporter, tenant))
    subject = Subject("plugin", plugin.id, f"Is {plugin.id} {kind}?", plugin.owner_tenant)
    brought = await decisions.open_case(work, KIND, subject, weight.due_in(kind, record))
    report = Report(
        id=new_id(),
        case_id=brought.case_id,
        plugin_id=plugin.id,
        version=version,
        kind=kind,
        text=text,
        reporter_id=reporter,
        reporter_tenant=tenant,
        stops=stops,
        outcome=None,
        created_at=work.now,
    )
    if not await reports.add(work, report):
        raise AlreadyReported(f"You have an open report about {plugin.id}.")
    work.record(_fact(report))
    work.emit(
        PluginReported(report.id, report.case_id, plugin.id, str(kind), plugin.owner_tenant, report.stops)
    )
    return report


def _fact(report: Report) -> Fact:
    context = {
        "report": str(report.id),
        "case": str(report.case_id),
        "kind": str(report.kind),
        "version": report.version,
        "stops": report.stops,
    }
    return Fact("report.file", "plugin", report.plugin_id, context=context, personal={"text": report.text})
