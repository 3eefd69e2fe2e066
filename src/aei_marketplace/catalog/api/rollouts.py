"""Routes of staged rollouts."""

from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field, StrictBool

from aei_marketplace.catalog import service
from aei_marketplace.catalog.service import Rollout
from aei_marketplace.web.requests import TheActor, TheDeps, TheTrace, TheVisitor
from aei_marketplace.web.responses import json_answer

router = APIRouter(prefix="/api/plugins")

Percent = Annotated[int, Field(strict=True, ge=0, le=100)]


class RolloutWanted(BaseModel):
    """How far a release is rolled out; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    percent: Percent | None = None
    security: StrictBool | None = None


class StartWanted(BaseModel):
    """With how many percent the rollout of each new release begins."""

    model_config = ConfigDict(extra="forbid")

    start_percent: Percent


@router.get("/{plugin_id}/versions/{version}/rollout")
async def read_rollout(
    plugin_id: str, version: str, deps: TheDeps, visitor: TheVisitor, trace: TheTrace
) -> Response:
    """How far a release is rolled out to installations that update by themselves."""
    async with deps.works.begin(visitor, trace) as work:
        return json_answer(_shape(await service.find_rollout(work, plugin_id, version)))


@router.patch("/{plugin_id}/versions/{version}/rollout")
async def change_rollout(
    plugin_id: str, version: str, body: RolloutWanted, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """Roll a release out further or less far, as its publisher, or mark it as a security release."""
    async with deps.works.begin(actor, trace) as work:
        changed = await service.change_rollout(work, plugin_id, version, body.percent, body.security)
    return json_answer(_shape(changed))


@router.get("/{plugin_id}/rollout")
async def read_start(plugin_id: str, deps: TheDeps, visitor: TheVisitor, trace: TheTrace) -> Response:
    """With how many percent the rollout of each new release begins."""
    async with deps.works.begin(visitor, trace) as work:
        return json_answer({"start_percent": await service.find_rollout_start(work, plugin_id)})


@router.patch("/{plugin_id}/rollout")
async def change_start(
    plugin_id: str, body: StartWanted, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """Decide, as the publisher, with how many percent the rollout of each new release begins."""
    async with deps.works.begin(actor, trace) as work:
        percent = await service.change_rollout_start(work, plugin_id, body.start_percent)
    return json_answer({"start_percent": percent})


def _shape(rollout: Rollout) -> dict[str, Any]:
    return {"percent": rollout.percent, "security": rollout.security}
