"""Routes: a tenant's policies."""

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from aei_marketplace.installations import service
from aei_marketplace.web.requests import TheActor, TheDeps, TheTrace
from aei_marketplace.web.responses import json_answer

router = APIRouter(prefix="/api/policies", tags=["policies"])

Bound = Annotated[int | None, Field(strict=True)]


class PoliciesChange(BaseModel):
    """What to change; what is left out stays, null leaves it to the operator."""

    model_config = ConfigDict(extra="allow")

    limits: dict[str, Bound] | None = Field(default=None, examples=[{"wall_ms": 10_000, "memory_mib": 256}])
    concurrency: Bound = None
    executions_per_minute: Bound = None
    executions_burst: Bound = None
    updates: str | None = Field(default=None, examples=["security"])
    minimum_release_age_hours: Bound = None


@router.get("")
async def read_policies(deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """The tenant's policies, the operator's caps, and what holds."""
    async with deps.works.begin(actor, trace) as work:
        return json_answer(await service.read_policies(work, deps))


@router.patch("")
async def change_policies(body: PoliciesChange, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Change the tenant's policies: limits of each execution, executions at once and each minute."""
    change = body.model_dump(exclude_unset=True)
    async with deps.works.begin(actor, trace) as work:
        return json_answer(await service.change_policies(work, deps, change))
