"""Routes of names that were refused: a publisher asks staff for one."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from aei_marketplace.catalog import service
from aei_marketplace.web.idempotency import OnceRoute
from aei_marketplace.web.requests import TheActor, TheDeps, TheTrace
from aei_marketplace.web.responses import json_answer

router = APIRouter(route_class=OnceRoute)


class NameAsked(BaseModel):
    """A name that was refused, and why the publisher should have it all the same."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=103, description="a namespace, or a plugin's id")]
    reason: Annotated[str, Field(min_length=1, max_length=2000)]


@router.post("/api/name-claims", status_code=201)
async def ask_for_name(body: NameAsked, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Ask staff for a name that was refused. `case_id` is the case's, under `/api/decisions`."""
    async with deps.works.begin(actor, trace) as work:
        claim = await service.ask_for_name(work, body.name, body.reason)
    headers = {"Location": f"/api/name-claims/{claim.case_id}"}
    return json_answer(claim, 201, headers)


@router.get("/api/name-claims/{case_id}")
async def get_name_claim(case_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """A name that was asked for, with the reason; the publisher and staff see it."""
    async with deps.works.begin(actor, trace) as work:
        return json_answer(await service.find_name_claim(work, case_id))
