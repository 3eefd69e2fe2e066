"""Routes: the method that renewals are charged to, and consent to their prices."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, StrictInt

from aei_marketplace.billing.rules.mandates import TERMS, WORDING, Mandate
from aei_marketplace.billing.service import consents, mandates
from aei_marketplace.web.idempotency import OnceRoute
from aei_marketplace.web.requests import TheActor, TheDeps, TheTrace
from aei_marketplace.web.responses import json_answer
from aei_marketplace.web.visits import origin_of

router = APIRouter(prefix="/api/billing", tags=["billing"], route_class=OnceRoute)


class MandateBody(BaseModel):
    """Consent to be charged for renewals: the number of the wording that was read."""

    model_config = ConfigDict(extra="forbid")
    terms: StrictInt


class ConsentBody(BaseModel):
    """Consent to the price of a purchase's renewals."""

    model_config = ConfigDict(extra="forbid")
    price_id: UUID


@router.get("/mandate")
async def read_mandate(deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """The method that renewals are charged to, if one is kept, and the wording that is agreed to with one."""
    async with deps.works.begin(actor, trace) as work:
        kept = await mandates.standing_mandate(work, deps.billing.name)
    wording = {"terms": TERMS, "wording": WORDING, "offered": deps.billing.online}
    return json_answer({**wording, "mandate": None if kept is None else _shape(kept)})


@router.post("/mandate")
async def start_mandate(
    request: Request, body: MandateBody, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """The provider's page on which the method is named that renewals are charged to from then on."""
    back = f"{origin_of(request)}/admin/spend"
    return json_answer({"url": await mandates.start_mandate(deps, actor, trace, body.terms, back)})


@router.delete("/mandate", status_code=204)
async def withdraw(deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Have nothing more charged by itself. The provider forgets the method."""
    async with deps.works.begin(actor, trace) as work:
        await mandates.withdraw(work, deps.billing.name)
    return Response(status_code=204)


@router.post("/purchases/{purchase_id}/consent", status_code=204)
async def agree(
    purchase_id: UUID, body: ConsentBody, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """Agree that renewals are charged at a price: the present one, or that of the next period."""
    async with deps.works.begin(actor, trace) as work:
        await consents.agree_to_price(work, purchase_id, body.price_id)
    return Response(status_code=204)


def _shape(kept: Mandate) -> dict[str, Any]:
    return {
        "id": kept.id,
        "method": kept.label,
        "terms": kept.terms,
        "agreed_by": kept.agreed_by,
        "agreed_at": kept.agreed_at,
        "kept_at": kept.kept_at,
    }
