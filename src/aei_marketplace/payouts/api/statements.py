"""Routes: statements, and the lines of which they are made."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from aei_marketplace.payouts import service
from aei_marketplace.payouts.api.shapes import (
    csv_answer,
    part_shape,
    payout_shape,
    statement_shape,
    wanted_of,
)
from aei_marketplace.payouts.service import CreatorLine, Wanted
from aei_marketplace.web.idempotency import OnceRoute
from aei_marketplace.web.requests import TheActor, TheDeps, ThePage, TheTrace
from aei_marketplace.web.responses import json_answer, page_answer

router = APIRouter(prefix="/api/statements", tags=["revenue"], route_class=OnceRoute)
Bom = Annotated[bool, Query(description="begin with a byte order mark, for programs that need one")]


@router.get("")
async def list_statements(
    deps: TheDeps,
    actor: TheActor,
    trace: TheTrace,
    page: ThePage,
    wanted: Annotated[Wanted, Depends(wanted_of)],
) -> Response:
    """Statements, the newest months first: creators their own, finance staff all."""
    async with deps.works.begin(actor, trace) as work:
        found = await service.list_statements(work, wanted, page)
        names = await service.names_of(work, {each.whose.creator for each in found.items})
    return page_answer(found, lambda each: statement_shape(each, names))


@router.get("/{statement_id}")
async def read_statement(statement_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """One statement with its releases, its late items and its payout."""
    async with deps.works.begin(actor, trace) as work:
        found = await service.find_statement(work, statement_id)
        names = await service.names_of(work, {found.whose.creator})
        payout = (await service.payouts_of(work, [found])).get(found.id)
        parts, late = await service.parts_of(work, found), await service.late_of(work, found)
    staff = actor.may("revenue.administer")
    return json_answer(
        {
            **statement_shape(found, names),
            "releases": [part_shape(part) for part in parts],
            "late_lines": [line_shape(line) for line in late.lines],
            "late_total": late.total,
            "payout_id": payout and payout.id,
            "payout_state": payout and payout_shape(payout, names, for_staff=staff)["state"],
        }
    )


@router.get("/{statement_id}/lines")
async def read_lines(
    statement_id: UUID,
    deps: TheDeps,
    actor: TheActor,
    trace: TheTrace,
    page: ThePage,
    form: Annotated[Literal["csv"] | None, Query(alias="format", description="all lines as a file")] = None,
    bom: Bom = False,
) -> Response:
    """The lines that the statement adds up."""
    async with deps.works.begin(actor, trace) as work:
        found = await service.find_statement(work, statement_id)
        if form is None:
            return page_answer(await service.list_lines(work, found, page), line_shape)
        await service.begin_lines(work, found)
    pieces = service.lines(deps.works, actor, trace, found, bom=bom)
    return csv_answer(pieces, f"statement-{found.period}-{found.whose.currency}")


def line_shape(line: CreatorLine) -> dict[str, Any]:
    """A line of a statement, its amounts in minor units."""
    return {
        "key": line.key,
        "kind": line.kind,
        "sale": line.sale_key,
        "plugin_id": line.plugin_id,
        "version": line.version,
        "share_bps": line.creator_share_bps,
        "period": str(line.period),
        "ref_period": line.ref_period and str(line.ref_period),
        "occurred_at": line.occurred_at,
        "currency": line.currency,
        "gross": line.gross,
        "fees": line.fees,
        "net": line.net,
    }
