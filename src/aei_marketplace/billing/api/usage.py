"""Routes: what runs have cost, for the buyer to reckon again, and what they may cost."""

from collections.abc import AsyncIterator
from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import StreamingResponse

from aei_marketplace.billing.api.purchases import MoneyBody
from aei_marketplace.billing.errors.caps import CapUnfit
from aei_marketplace.billing.rules.caps import Cap, CapStanding, check_cap, micros_minor
from aei_marketplace.billing.rules.receipts import csv_of
from aei_marketplace.billing.rules.usage import read_month
from aei_marketplace.billing.service import caps, usage
from aei_marketplace.billing.service.usage import UsagePage
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.errors import Fault
from aei_marketplace.ground.paging import as_id, encode_cursor
from aei_marketplace.web.idempotency import OnceRoute
from aei_marketplace.web.requests import TheActor, TheDeps, ThePage, TheTrace
from aei_marketplace.web.responses import json_answer

router = APIRouter(prefix="/api/billing", tags=["billing"], route_class=OnceRoute)

#: So many lines of a download are read at once.
_PIECE = 5_000


class CapBody(BaseModel):
    """What the tenant allows itself in one currency, without tax; without `plugin` for all together."""

    model_config = ConfigDict(extra="forbid")
    currency: Annotated[str, Field(max_length=3)]
    plugin: Annotated[str, Field(max_length=120)] | None = None
    month: MoneyBody | None = None
    execution: MoneyBody | None = None


class CapsBody(BaseModel):
    """All caps of the tenant."""

    model_config = ConfigDict(extra="forbid")
    caps: Annotated[list[CapBody], Field(max_length=500)]


@router.get("/usage")
async def read_usage(
    deps: TheDeps,
    actor: TheActor,
    trace: TheTrace,
    page: ThePage,
    plugin: Annotated[str, Query(max_length=120)],
    period: Annotated[str, Query(max_length=7, description="a UTC month, `2026-11`")],
    format: Literal["json", "csv"] = "json",
) -> Response:
    """The counted runs of a plugin in a month, in the order of their ids; `csv` has all of them at once."""
    month, after = read_month(period), page.position(as_id)
    if format == "csv":
        return await _download(deps, actor, plugin, month)
    async with deps.works.begin(actor, trace) as work:
        found = await usage.read_usage(work, month, plugin, after, page.limit)
    return json_answer(
        {
            "items": [{**record.shape(), "state": record.state} for record in found.records],
            "charges": [charge.shape() for charge in found.charges],
            "next_cursor": None if found.more is None else encode_cursor(str(found.more)),
        }
    )


@router.get("/caps")
async def read_caps(deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """The tenant's caps, each with what is spent this month."""
    async with deps.works.begin(actor, trace) as work:
        return _caps(await caps.find_caps(work))


@router.put("/caps")
async def put_caps(body: CapsBody, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Put these caps in the place of the tenant's; an empty list takes all away."""
    wanted = [_read(cap, f"/caps/{at}") for at, cap in enumerate(body.caps)]
    async with deps.works.begin(actor, trace) as work:
        return _caps(await caps.put_caps(work, wanted))


def _read(body: CapBody, at: str) -> Cap:
    for name, money in (("month", body.month), ("execution", body.execution)):
        if money is not None and money.currency != body.currency:
            fault = Fault(f"{at}/{name}/currency", f"{body.currency}, as the cap")
            raise CapUnfit("The amounts of a cap have its currency.", faults=[fault])
    month, execution = (None if m is None else m.amount_minor for m in (body.month, body.execution))
    return check_cap(body.currency, body.plugin, month, execution, at)


def _caps(found: list[CapStanding]) -> Response:
    return json_answer({"items": [_standing(each) for each in found]})


def _standing(each: CapStanding) -> dict[str, Any]:
    spent = {
        "amount_minor": micros_minor(each.spent_micros, each.cap.currency),
        "currency": each.cap.currency,
    }
    return {**each.cap.shape(), "spent": spent, "percent": each.percent}


async def _download(deps: Deps, actor: Actor, plugin: str, month: date) -> Response:
    """Piece by piece: a month may have more runs than a process should hold."""
    first = await _piece(deps, actor, plugin, month, None)

    async def lines() -> AsyncIterator[str]:
        piece, head = first, True
        while True:
            yield csv_of(piece.records, head=head)
            if piece.more is None:
                return
            piece, head = await _piece(deps, actor, plugin, month, piece.more), False

    name = f"usage-{plugin}-{month:%Y-%m}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(lines(), media_type="text/csv; charset=utf-8", headers=headers)


async def _piece(deps: Deps, actor: Actor, plugin: str, month: date, after: UUID | None) -> UsagePage:
    async with deps.works.begin(actor) as work:
        return await usage.read_usage(work, month, plugin, after, _PIECE)
