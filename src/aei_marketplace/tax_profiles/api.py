"""Routes: declare for tax, see how it stands, review it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field, StrictInt

from aei_marketplace.tax_profiles import service
from aei_marketplace.tax_profiles.rules.declarations import Declaration, Form, Kind
from aei_marketplace.tax_profiles.rules.profiles import State
from aei_marketplace.tax_profiles.service import profile_shape
from aei_marketplace.web.idempotency import OnceRoute
from aei_marketplace.web.requests import TheActor, TheDeps, ThePage, TheTrace
from aei_marketplace.web.responses import json_answer, page_answer

router = APIRouter(prefix="/api/tax-profiles", tags=["revenue"], route_class=OnceRoute)
#: What is opened here is kept nowhere for a repeated request, which opens it again and is in the log again.
_openings = APIRouter()


class DeclarationWanted(BaseModel):
    """What a creator declares."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)
    form: Form
    kind: Kind
    residence: Annotated[str, Field(description="country of tax residence, ISO 3166-1 alpha-2")]
    name: str
    address: str
    tax_id: str


class ReviewWanted(BaseModel):
    """What a reviewer decides."""

    model_config = ConfigDict(extra="forbid")
    approve: bool
    withholding_bps: Annotated[StrictInt | None, Field(description="0 to 10000; with an approval")] = None
    reason: Annotated[str | None, Field(description="what has to be corrected; with a refusal")] = None
    version: Annotated[StrictInt | None, Field(description="the one that was seen")] = None


@router.get("")
async def list_tax_profiles(
    deps: TheDeps,
    actor: TheActor,
    trace: TheTrace,
    page: ThePage,
    state: Annotated[State, Query(description="for staff: which ones")] = State.SUBMITTED,
) -> Response:
    """A creator's own, the newest first; to staff, all creators' in a state. Tax ids are masked."""
    async with deps.works.begin(actor, trace) as work:
        if actor.tenant is None:
            return page_answer(await service.list_profiles(work, state, page), profile_shape)
        own = await service.own_profiles(work)
    items = [profile_shape(profile) for profile in own]
    return json_answer({"items": items, "next_cursor": None, "total": len(items)})


@router.post("", status_code=201)
async def submit_tax_profile(
    body: DeclarationWanted, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """Declare for the own tenant. What was declared before does not count any more."""
    declared = Declaration(body.form, body.kind, body.residence, body.name, body.address, body.tax_id)
    async with deps.works.begin(actor, trace) as work:
        profile = await service.submit_profile(work, deps.master_key, declared)
    return json_answer(profile_shape(profile), 201)


@router.get("/{profile_id}")
async def find_tax_profile(profile_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """One of them, masked."""
    async with deps.works.begin(actor, trace) as work:
        return json_answer(profile_shape(await service.find_profile(work, profile_id)))


@_openings.post("/{profile_id}/reveal")
async def reveal_tax_profile(profile_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Name, address and tax id, for staff who review it; that they looked stands in the audit log."""
    revealed = await service.reveal_profile(deps.works, actor, trace, deps.master_key, profile_id)
    return json_answer(revealed, headers={"Cache-Control": "no-store"})


@router.post("/{profile_id}/review")
async def review_tax_profile(
    profile_id: UUID, body: ReviewWanted, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """Let payouts pass, with what is withheld of each; or refuse, with a reason."""
    async with deps.works.begin(actor, trace) as work:
        profile = await service.review_profile(
            work,
            profile_id,
            approve=body.approve,
            withholding_bps=body.withholding_bps,
            reason=body.reason,
            seen=body.version,
        )
        return json_answer(profile_shape(profile))


router.include_router(_openings)
