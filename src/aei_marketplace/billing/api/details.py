"""Routes: whom to bill, who sells, tax rates and the tax categories of plugins."""

from dataclasses import asdict
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Header, Response
from pydantic import BaseModel, ConfigDict, Field, StrictInt

from aei_marketplace.billing.rules.parties import Party
from aei_marketplace.billing.rules.tax import TaxRate
from aei_marketplace.billing.service import parties, taxes
from aei_marketplace.billing.service.parties import Details
from aei_marketplace.web.idempotency import OnceRoute
from aei_marketplace.web.requests import TheActor, TheDeps, TheTrace
from aei_marketplace.web.responses import json_answer

router = APIRouter(prefix="/api/billing", tags=["billing"], route_class=OnceRoute)


class PartyBody(BaseModel):
    """Somebody on an invoice."""

    model_config = ConfigDict(extra="forbid")
    name: Annotated[str, Field(max_length=1_000)] = Field(examples=["Acme Ltd"])
    address: Annotated[str, Field(max_length=5_000, description="lines of text")] = Field(
        examples=["1 Long Street\nSpringfield"]
    )
    country: Annotated[str, Field(max_length=10, description="ISO 3166-1, two letters")] = Field(
        examples=["DE"]
    )
    tax_id: Annotated[
        str | None, Field(max_length=100, description="form and check digits are looked at, offline")
    ] = None
    email: Annotated[str | None, Field(max_length=500, description="where invoices go")] = None

    def party(self) -> Party:
        """As the rules take it."""
        return Party(self.name, self.address, self.country, self.tax_id, self.email)


class RateBody(BaseModel):
    """What the operator charges from one day on."""

    model_config = ConfigDict(extra="forbid")
    category: Annotated[str, Field(max_length=100)] = "digital"
    country: Annotated[
        str, Field(max_length=10, description="ISO 3166-1, or * for all without one of their own")
    ]
    from_day: date
    rate_bps: Annotated[StrictInt, Field(description="basis points: 1900 are 19 %")]


class CategoryBody(BaseModel):
    """What kind of supply a plugin is."""

    model_config = ConfigDict(extra="forbid")
    category: Annotated[str, Field(max_length=100)]


@router.get("/details")
async def read_details(deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Whom to bill for the tenant."""
    async with deps.works.begin(actor, trace) as work:
        return _shown(await parties.find_details(work))


@router.put("/details")
async def put_details(
    body: PartyBody,
    deps: TheDeps,
    actor: TheActor,
    trace: TheTrace,
    if_match: Annotated[str | None, Header(description="the ETag that the change is based on")] = None,
) -> Response:
    """Say whom to bill. Invoices that were issued stay as they are."""
    async with deps.works.begin(actor, trace) as work:
        return _shown(await parties.put_details(work, body.party(), if_match))


@router.get("/seller")
async def read_seller(deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Who sells, as it stands on invoices."""
    async with deps.works.begin(actor, trace) as work:
        return json_answer(asdict(await parties.seller(work)))


@router.put("/seller")
async def put_seller(body: PartyBody, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """State who sells, from the next invoice on. For staff."""
    async with deps.works.begin(actor, trace) as work:
        return json_answer(asdict(await parties.put_seller(work, body.party())))


@router.get("/tax-rates")
async def list_rates(deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Every rate in the order in which they were recorded. For staff."""
    async with deps.works.begin(actor, trace) as work:
        rates = await taxes.list_rates(work)
    return json_answer({"items": [asdict(rate) for rate in rates], "next_cursor": None, "total": len(rates)})


@router.post("/tax-rates", status_code=201)
async def set_rate(body: RateBody, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Have a rate apply from a day on. For staff."""
    rate = TaxRate(body.category, body.country, body.from_day, body.rate_bps)
    async with deps.works.begin(actor, trace) as work:
        return json_answer(asdict(await taxes.set_rate(work, rate)), 201)


@router.put("/tax-categories/{plugin_id}")
async def set_category(
    plugin_id: str, body: CategoryBody, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """Say what kind of supply a plugin is, from the next invoice on. For staff."""
    async with deps.works.begin(actor, trace) as work:
        await taxes.set_category(work, plugin_id, body.category)
    return json_answer({"plugin_id": plugin_id, "category": body.category})


def _shown(details: Details) -> Response:
    shape: dict[str, Any] = {**asdict(details.party), "updated_at": details.updated_at}
    return json_answer(shape, headers={"ETag": details.etag})
