"""Routes: a tenant's policies."""

from typing import Annotated

from fastapi import APIRouter, Header, Response
from pydantic import BaseModel, ConfigDict, Field

from aei_marketplace.installations import service
from aei_marketplace.web.requests import TheActor, TheDeps, TheTrace
from aei_marketplace.web.responses import json_answer

router = APIRouter(prefix="/api/policies", tags=["policies"])

Bound = Annotated[int | None, Field(strict=True)]
IfMatch = Annotated[str | None, Header(description="the ETag that the change is based on")]


class PoliciesChange(BaseModel):
    """What to change; what is left out stays, null leaves it to the operator."""

    model_config = ConfigDict(extra="allow")

    limits: dict[str, Bound] | None = Field(default=None, examples=[{"wall_ms": 10_000, "memory_mib": 256}])
    concurrency: Bound = None
    executions_per_minute: Bound = None
    executions_burst: Bound = None
    updates: str | None = Field(default=None, examples=["security"])
    minimum_release_age_hours: Bound = None
    allow: dict[str, list[str] | None] | None = Field(
        default=None,
        description="nothing else is installed or run; an empty or absent list allows everything",
        examples=[{"publishers": ["acme"], "kinds": ["tool", "scanner"]}],
    )
    deny: dict[str, list[str] | None] | None = Field(
        default=None,
        description="what is neither installed nor run: publishers by namespace, permissions, kinds",
        examples=[{"permissions": ["network"]}],
    )


@router.get("")
async def read_policies(deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """The tenant's policies, the operator's caps, and what holds."""
    async with deps.works.begin(actor, trace) as work:
        return _answer(await service.read_policies(work, deps))


@router.patch("")
async def change_policies(
    body: PoliciesChange, deps: TheDeps, actor: TheActor, trace: TheTrace, if_match: IfMatch = None
) -> Response:
    """Change the tenant's policies: what it admits, how it updates, what an execution may use."""
    change = body.model_dump(exclude_unset=True)
    async with deps.works.begin(actor, trace) as work:
        return _answer(await service.change_policies(work, deps, change, if_match))


def _answer(policies: service.TenantPolicies) -> Response:
    return json_answer(policies.shown, headers={"ETag": policies.etag})
