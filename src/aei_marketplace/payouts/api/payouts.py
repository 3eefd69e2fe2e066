"""Routes: payouts, their report, and the steps that staff take."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.work import Work
from aei_marketplace.payouts import service
from aei_marketplace.payouts.api.shapes import csv_answer, payout_shape, step_shape, wanted_of
from aei_marketplace.payouts.rules.reports import read_position
from aei_marketplace.payouts.service import Payout, Wanted
from aei_marketplace.web.idempotency import OnceRoute
from aei_marketplace.web.requests import TheActor, TheDeps, ThePage, TheTrace
from aei_marketplace.web.responses import json_answer, page_answer

router = APIRouter(prefix="/api/payouts", tags=["revenue"], route_class=OnceRoute)

IfMatch = Annotated[str | None, Header(description="the ETag that the decision is based on")]


class ReasonBody(BaseModel):
    """Why."""

    model_config = ConfigDict(extra="forbid")
    reason: Annotated[str, Field(max_length=2000)]


class PaidBody(BaseModel):
    """What the bank calls the transfer."""

    model_config = ConfigDict(extra="forbid")
    reference: Annotated[str | None, Field(max_length=200)] = None


@router.get("")
async def list_payouts(
    deps: TheDeps,
    actor: TheActor,
    trace: TheTrace,
    page: ThePage,
    wanted: Annotated[Wanted, Depends(wanted_of)],
    form: Annotated[
        Literal["csv"] | None, Query(alias="format", description="the payout report as a file")
    ] = None,
    after: Annotated[
        str | None,
        Query(max_length=60, description="of an interrupted report, the first three cells of its last line"),
    ] = None,
    bom: Annotated[bool, Query(description="begin with a byte order mark")] = False,
) -> Response:
    """Payouts, the newest months first; as CSV a line for each statement, by month, creator and currency."""
    async with deps.works.begin(actor, trace) as work:
        if form is None:
            return await _list(work, wanted, page)
        position = None if after is None else read_position(after)
        begin = await service.begin_report(work, wanted, position)
    pieces = service.report(deps.works, actor, trace, wanted, begin, bom=bom)
    return csv_answer(pieces, f"payouts-{wanted.period or 'all'}")


@router.get("/{payout_id}")
async def read_payout(payout_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """One payout; staff see the states that it went through."""
    async with deps.works.begin(actor, trace) as work:
        return await _shown(work, await service.find_payout(work, payout_id))


@router.post("/{payout_id}/approve")
async def approve(
    payout_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace, if_match: IfMatch = None
) -> Response:
    """Approve it: by another person than who closed the month by hand, and never by the creator's own."""
    async with deps.works.begin(actor, trace) as work:
        return await _shown(work, await service.approve(work, payout_id, if_match))


@router.post("/{payout_id}/release")
async def release(
    payout_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace, if_match: IfMatch = None
) -> Response:
    """Let it leave: from day 15 on, once the tax model is confirmed, by another person than who approved."""
    async with deps.works.begin(actor, trace) as work:
        return await _shown(work, await service.release(work, payout_id, if_match))


@router.post("/{payout_id}/paid")
async def mark_paid(
    payout_id: UUID,
    body: PaidBody,
    deps: TheDeps,
    actor: TheActor,
    trace: TheTrace,
    if_match: IfMatch = None,
) -> Response:
    """Note that it has left the bank."""
    async with deps.works.begin(actor, trace) as work:
        return await _shown(work, await service.mark_paid(work, payout_id, body.reference, if_match))


@router.post("/{payout_id}/failed")
async def mark_failed(
    payout_id: UUID,
    body: ReasonBody,
    deps: TheDeps,
    actor: TheActor,
    trace: TheTrace,
    if_match: IfMatch = None,
) -> Response:
    """Note that it did not arrive or was returned; the amount goes back to the balance."""
    async with deps.works.begin(actor, trace) as work:
        return await _shown(work, await service.mark_failed(work, payout_id, body.reason, if_match))


@router.post("/{payout_id}/cancel")
async def cancel(
    payout_id: UUID,
    body: ReasonBody,
    deps: TheDeps,
    actor: TheActor,
    trace: TheTrace,
    if_match: IfMatch = None,
) -> Response:
    """Give it up before it leaves; the amount goes back to the balance."""
    async with deps.works.begin(actor, trace) as work:
        return await _shown(work, await service.cancel(work, payout_id, body.reason, if_match))


@router.post("/{payout_id}/hold")
async def hold(
    payout_id: UUID,
    body: ReasonBody,
    deps: TheDeps,
    actor: TheActor,
    trace: TheTrace,
    if_match: IfMatch = None,
) -> Response:
    """Stop it until somebody ends the hold."""
    async with deps.works.begin(actor, trace) as work:
        return await _shown(work, await service.hold(work, payout_id, body.reason, if_match))


@router.post("/{payout_id}/unhold")
async def unhold(
    payout_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace, if_match: IfMatch = None
) -> Response:
    """End a hold."""
    async with deps.works.begin(actor, trace) as work:
        return await _shown(work, await service.unhold(work, payout_id, if_match))


async def _list(work: Work, wanted: Wanted, page: ThePage) -> Response:
    found = await service.list_payouts(work, wanted, page)
    names = await service.names_of(work, {each.creator for each in found.items})
    staff = _is_staff(work.actor)
    return page_answer(found, lambda each: payout_shape(each, names, for_staff=staff))


async def _shown(work: Work, payout: Payout) -> Response:
    names = await service.names_of(work, {payout.creator})
    staff = _is_staff(work.actor)
    shape: dict[str, Any] = payout_shape(payout, names, for_staff=staff)
    if staff:
        shape["history"] = [step_shape(step) for step in await service.history_of(work, payout.id)]
    return json_answer(shape, headers={"ETag": payout.etag})


def _is_staff(actor: Actor) -> bool:
    return actor.may("revenue.administer")
