"""Routes: report a plugin, list reports, and staff's list of trusted reporters."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from aei_marketplace.reports import service
from aei_marketplace.reports.service import Listed, Outcome, Wish
from aei_marketplace.web.idempotency import OnceRoute
from aei_marketplace.web.requests import TheActor, TheDeps, ThePage, TheTrace
from aei_marketplace.web.responses import json_answer, page_answer

router = APIRouter(prefix="/api/reports", tags=["reports"], route_class=OnceRoute)


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ReportWanted(_Body):
    """What is wrong with a plugin; without `version` all of its releases are meant."""

    plugin_id: Annotated[str, Field(max_length=200, examples=["acme.echo"])]
    kind: Annotated[str, Field(max_length=40, examples=["malicious"], description="malicious or broken")]
    text: Annotated[str, Field(min_length=1, max_length=4000, description="what you saw, for staff to read")]
    version: Annotated[str, Field(min_length=1, max_length=64)] | None = None


class TrustWanted(_Body):
    """Whose reports of malice quarantine at once: a person by e-mail, or everybody of a tenant."""

    email: Annotated[str, Field(max_length=255)] | None = None
    tenant: Annotated[str, Field(max_length=39)] | None = None
    note: Annotated[str, Field(min_length=1, max_length=500)]


@router.post("", status_code=201)
async def file_report(body: ReportWanted, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Report a plugin as malicious or broken. A trusted reporter's word quarantines it in this request."""
    wish = Wish(body.plugin_id, body.kind, body.text, body.version)
    report = await service.file_report(deps.works, actor, trace, wish)
    headers = {"Location": f"/api/reports/{report.id}"}
    return json_answer(shape(Listed(report, None)), 201, headers)


@router.get("")
async def list_reports(
    deps: TheDeps,
    actor: TheActor,
    trace: TheTrace,
    page: ThePage,
    plugin: Annotated[str | None, Query(max_length=200, description="only about this plugin")] = None,
    case: Annotated[UUID | None, Query(description="only those of this case")] = None,
    open: Annotated[bool | None, Query(description="only open, or only decided ones")] = None,
) -> Response:
    """Your tenant's reports; for moderators all reports, with how each reporter's came out before."""
    async with deps.works.begin(actor, trace) as work:
        found = await service.list_reports(work, page, plugin_id=plugin, case_id=case, is_open=open)
    return page_answer(found, shape)


@router.get("/trusted")
async def list_trusted(deps: TheDeps, actor: TheActor, trace: TheTrace, page: ThePage) -> Response:
    """Staff: whose reports of malice quarantine at once."""
    async with deps.works.begin(actor, trace) as work:
        return page_answer(await service.list_trusted(work, page), lambda entry: entry)


@router.post("/trusted", status_code=201)
async def trust(body: TrustWanted, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Staff: trust a person's or a tenant's reports."""
    async with deps.works.begin(actor, trace) as work:
        entry = await service.trust(work, email=body.email, tenant=body.tenant, note=body.note)
    return json_answer(entry, 201)


@router.delete("/trusted/{entry_id}", status_code=204)
async def distrust(entry_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Staff: trust them no longer."""
    async with deps.works.begin(actor, trace) as work:
        await service.distrust(work, entry_id)
    return Response(status_code=204)


@router.get("/{report_id}")
async def get_report(report_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """One report and what came of it."""
    async with deps.works.begin(actor, trace) as work:
        return json_answer(shape(await service.find_report(work, report_id)))


def shape(listed: Listed) -> dict[str, Any]:
    """A report as the API shows it; the reporter's record is for staff."""
    report, record = listed.report, listed.record
    shown = {
        "id": report.id,
        "plugin_id": report.plugin_id,
        "version": report.version,
        "kind": report.kind,
        "text": report.text,
        "state": _state(report.outcome),
        "quarantines": report.stops,
        "case_id": report.case_id,
        "created_at": report.created_at,
    }
    if record is None:
        return shown
    reporter = {
        "id": report.reporter_id,
        "tenant": report.reporter_tenant,
        "upheld": record.upheld,
        "dismissed": record.dismissed,
        "weight": record.weight,
    }
    return {**shown, "reporter": reporter}


def _state(outcome: Outcome | None) -> str:
    return "open" if outcome is None else str(outcome)
