"""Routes: open disputes, show evidence, decide them."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt

from aei_marketplace.disputes import service
from aei_marketplace.disputes.rules.cases import State, side_of
from aei_marketplace.disputes.service import EVIDENCE_FORM, LARGEST_FORM, Upload, dispute_shape
from aei_marketplace.web.idempotency import OnceRoute
from aei_marketplace.web.multipart import read_parts
from aei_marketplace.web.requests import TheActor, TheDeps, ThePage, TheTrace
from aei_marketplace.web.responses import json_answer, kept_answer, page_answer

router = APIRouter(prefix="/api/disputes", tags=["revenue"], route_class=OnceRoute)


class ComplaintWanted(BaseModel):
    """What is wrong with a sale."""

    model_config = ConfigDict(extra="forbid")
    line: Annotated[str, Field(description="key of the invoice's line")]
    amount_minor: Annotated[
        StrictInt | None, Field(description="with the tax; all that is left if absent")
    ] = None
    reason: Annotated[str, Field(description="as the creator reads it too")]


class VerdictWanted(BaseModel):
    """How a complaint ends."""

    model_config = ConfigDict(extra="forbid")
    for_creator: StrictBool
    verdict: Annotated[str, Field(description="why, as both sides read it")]
    version: Annotated[StrictInt | None, Field(description="the one that was seen")] = None


@router.get("")
async def list_disputes(
    deps: TheDeps,
    actor: TheActor,
    trace: TheTrace,
    page: ThePage,
    state: Annotated[State | None, Query(description="opened, won, lost or withdrawn")] = None,
) -> Response:
    """Disputes about what the own tenant bought or sold; to staff, all. The newest first."""
    async with deps.works.begin(actor, trace) as work:
        found = await service.list_disputes(work, page, state)
    return page_answer(found, lambda each: dispute_shape(each, side_of(each, actor.tenant)))


@router.post("", status_code=201)
async def complain(body: ComplaintWanted, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Complain of a sale that was paid: what the creator earned with it is held until staff decide."""
    async with deps.works.begin(actor, trace) as work:
        dispute = await service.complain(work, body.line, body.amount_minor, body.reason)
    return json_answer(dispute_shape(dispute, side_of(dispute, actor.tenant)), 201)


@router.get("/{dispute_id}")
async def find_dispute(dispute_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """A dispute with its steps and the evidence of the own side."""
    async with deps.works.begin(actor, trace) as work:
        history = await service.history_of(work, dispute_id)
    shown = dispute_shape(history.dispute, history.side)
    return json_answer({**shown, "steps": history.steps, "evidence": history.evidence})


@router.post("/{dispute_id}/evidence", status_code=201)
async def show_evidence(
    dispute_id: UUID, request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """Show evidence: a multipart form with `note` and perhaps `file` (PDF, PNG, JPEG, text; 5 MiB)."""
    parts = await read_parts(request, EVIDENCE_FORM, LARGEST_FORM, service.evidence_too_large())
    try:
        note, file = parts.text("note") or "", await parts.file("file")
    finally:
        await parts.form.close()
    upload = None if file is None else Upload(*file)
    return json_answer(await service.show_evidence(deps, actor, trace, dispute_id, note, upload), 201)


@router.get("/{dispute_id}/evidence/{evidence_id}/file")
async def read_file(
    dispute_id: UUID, evidence_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """A file of one's own side; staff read all. It is sent to be kept, never to be shown in place."""
    shown, content = await service.read_file(deps, actor, trace, dispute_id, evidence_id)
    return kept_answer(content, shown.file_name or "file")


@router.post("/{dispute_id}/verdict")
async def decide(
    dispute_id: UUID, body: VerdictWanted, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """Decide a complaint, for staff: the creator keeps what is held, or the buyer gets it back."""
    async with deps.works.begin(actor, trace) as work:
        dispute = await service.decide(
            work, dispute_id, for_creator=body.for_creator, verdict=body.verdict, seen=body.version
        )
    return json_answer(dispute_shape(dispute, side_of(dispute, actor.tenant)))


@router.post("/{dispute_id}/withdraw")
async def withdraw(dispute_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Take a complaint back."""
    async with deps.works.begin(actor, trace) as work:
        dispute = await service.withdraw(work, dispute_id)
    return json_answer(dispute_shape(dispute, side_of(dispute, actor.tenant)))
