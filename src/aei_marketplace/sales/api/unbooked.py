"""Routes: what was told of sales and is not booked, for finance staff."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from aei_marketplace.sales import service
from aei_marketplace.sales.service import Unbooked
from aei_marketplace.web.idempotency import OnceRoute
from aei_marketplace.web.requests import TheActor, TheDeps, ThePage, TheTrace
from aei_marketplace.web.responses import json_answer, page_answer

router = APIRouter(prefix="/api/sales-facts", tags=["revenue"], route_class=OnceRoute)


class FactBody(BaseModel):
    """Which fact: its name may hold any character."""

    model_config = ConfigDict(extra="forbid")
    name: Annotated[str, Field(max_length=200, examples=["refund:CN-2026-000001/purchase:0193"])]


@router.get("/unbooked")
async def list_unbooked(
    deps: TheDeps,
    actor: TheActor,
    trace: TheTrace,
    page: ThePage,
    state: Literal["parked", "refused"] = "parked",
) -> Response:
    """Refunds and disputes that were told and are not booked: those that wait, or those that were refused."""
    async with deps.works.begin(actor, trace) as work:
        return page_answer(await service.list_unbooked(work, state, page), _shape)


@router.post("/retry")
async def retry(body: FactBody, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Try once more to book a fact that waits, with all that waits for the same sale."""
    became = await service.retry(deps.works, actor, trace, body.name)
    return json_answer({"name": body.name, "state": became})


def _shape(each: Unbooked) -> dict[str, Any]:
    money = None
    if each.amount is not None and each.currency is not None:
        money = {"amount_minor": each.amount, "currency": each.currency}
    return {
        "name": each.name,
        "kind": each.kind,
        "state": each.state,
        "sale_key": each.sale_key,
        "dispute_key": each.dispute_key,
        "plugin_id": each.plugin_id,
        "amount": money,
        "occurred_at": each.occurred_at,
        "told_at": each.told_at,
        "why": each.why,
        "reason": each.reason,
    }
