"""Routes: what plugins cost, buying them, and ending what was bought."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt

from aei_marketplace.billing.rules.prices import seen_price
from aei_marketplace.billing.rules.views import purchase_shape
from aei_marketplace.billing.service import buyers, consents, offers, purchases
from aei_marketplace.web.idempotency import OnceRoute
from aei_marketplace.web.requests import TheActor, TheDeps, ThePage, TheTrace, TheVisitor
from aei_marketplace.web.responses import json_answer, page_answer

router = APIRouter(prefix="/api/billing", tags=["billing"], route_class=OnceRoute)


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class MoneyBody(_Body):
    """An amount without tax."""

    amount_minor: StrictInt
    currency: Annotated[str, Field(max_length=3)]


class PurchaseBody(_Body):
    """What to buy, at the price that was seen: another one is refused."""

    plugin: Annotated[str, Field(max_length=120)]
    model: Annotated[str, Field(max_length=20, examples=["one_time", "subscription", "usage"])]
    price: MoneyBody
    per: Annotated[str, Field(max_length=20, examples=["month", "year", "execution"])] | None = None


class AccountBody(_Body):
    """Whether a tenant pays by invoice and has access at once."""

    on_account: StrictBool


@router.get("/offers/{plugin_id}")
async def read_offer(plugin_id: str, deps: TheDeps, actor: TheVisitor, trace: TheTrace) -> Response:
    """What a plugin costs now and from when on something else; for tenants, what they hold of it."""
    async with deps.works.begin(actor, trace) as work:
        return json_answer((await offers.find_offer(work, plugin_id)).shape())


@router.get("/purchases")
async def list_purchases(deps: TheDeps, actor: TheActor, trace: TheTrace, page: ThePage) -> Response:
    """The tenant's purchases, the newest first."""
    async with deps.works.begin(actor, trace) as work:
        return page_answer(await purchases.list_purchases(work, page), purchase_shape)


@router.post("/purchases", status_code=201)
async def buy(body: PurchaseBody, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Buy a plugin. A tenant has one purchase of it at a time: buying again gives that one."""
    seen = seen_price(body.model, body.price.currency, body.price.amount_minor, body.per)
    async with deps.works.begin(actor, trace) as work:
        bought = await purchases.purchase(work, body.plugin, seen)
    headers = {"Location": f"/api/billing/purchases/{bought.id}"}
    return json_answer(purchase_shape(bought), 201, headers)


@router.get("/purchases/{purchase_id}")
async def read_purchase(purchase_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """One purchase, with what it has come to, and the price that is not charged by itself without consent."""
    async with deps.works.begin(actor, trace) as work:
        found = await purchases.find_purchase(work, purchase_id)
        counted = await purchases.charges_of(work, [found])
        price = (await consents.prices_to_agree(work, [found])).get(found.id)
    to_agree = None if price is None else {"price_id": price.id, **price.price.shape()}
    more = {"charges": [charge.shape() for charge in counted], "to_agree": to_agree}
    return json_answer({**purchase_shape(found), **more})


@router.post("/purchases/{purchase_id}/cancel")
async def cancel(purchase_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """End a subscription with its period, or pay for no further usage."""
    async with deps.works.begin(actor, trace) as work:
        return json_answer(purchase_shape(await purchases.cancel(work, purchase_id)))


@router.post("/purchases/{purchase_id}/resume")
async def resume(purchase_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Take a cancellation back."""
    async with deps.works.begin(actor, trace) as work:
        return json_answer(purchase_shape(await purchases.resume(work, purchase_id)))


@router.get("/accounts/{tenant}")
async def read_account(tenant: str, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """For staff: whether a tenant, by its short name, pays by invoice and has access at once."""
    async with deps.works.begin(actor, trace) as work:
        return json_answer({"tenant": tenant, "on_account": await buyers.is_on_account(work, tenant)})


@router.put("/accounts/{tenant}")
async def change_account(
    tenant: str, body: AccountBody, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """For staff: decide about it. What the tenant has bought and not paid follows."""
    async with deps.works.begin(actor, trace) as work:
        await buyers.set_on_account(work, tenant, on_account=body.on_account)
    return json_answer({"tenant": tenant, "on_account": body.on_account})
