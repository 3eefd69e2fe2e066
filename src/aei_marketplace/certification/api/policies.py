"""Routes of the policy and the exceptions to it."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from aei_marketplace.certification import service
from aei_marketplace.certification.api.shapes import policy_shape, version_shape
from aei_marketplace.ground.errors import Fault, Invalid
from aei_marketplace.web.idempotency import OnceRoute
from aei_marketplace.web.requests import TheActor, TheDeps, ThePage, TheTrace, TheVisitor
from aei_marketplace.web.responses import json_answer, page_answer

router = APIRouter(prefix="/plugins", route_class=OnceRoute)


class WaiverWanted(BaseModel):
    """Findings of one kind in one plugin that are excepted for a time, and why."""

    model_config = ConfigDict(extra="forbid")

    check: Annotated[str, Field(min_length=1, max_length=40, examples=["network"])]
    rule: Annotated[str, Field(min_length=1, max_length=200, examples=["undeclared-host"])]
    place: Annotated[str, Field(max_length=200, description="only there; empty for anywhere")] = ""
    reason: Annotated[str, Field(min_length=1, max_length=2000)]
    days: Annotated[int, Field(ge=1, le=366)]


@router.get("/certification/policy")
async def get_policy(deps: TheDeps, visitor: TheVisitor, trace: TheTrace) -> Response:
    """The policy in force: which checks must pass, what is tolerated, who decides, how long a badge holds."""
    async with deps.works.begin(visitor, trace) as work:
        return json_answer(policy_shape(await service.policy_in_force(work)))


@router.get("/certification/policies")
async def list_policies(deps: TheDeps, visitor: TheVisitor, trace: TheTrace) -> Response:
    """Every version of the policy, the one in force first; the built-in one, number 1, is the last."""
    async with deps.works.begin(visitor, trace) as work:
        found = await service.list_policies(work)
    return json_answer({"items": [version_shape(each) for each in found]})


@router.get("/certification/policies/{number}")
async def get_policy_version(number: int, deps: TheDeps, visitor: TheVisitor, trace: TheTrace) -> Response:
    """One version of the policy."""
    async with deps.works.begin(visitor, trace) as work:
        return json_answer(version_shape(await service.find_policy(work, number)))


@router.get("/certification/waivers")
async def list_all_waivers(deps: TheDeps, actor: TheActor, trace: TheTrace, page: ThePage) -> Response:
    """Certifiers: the exceptions in force for all plugins, the oldest first."""
    async with deps.works.begin(actor, trace) as work:
        found = await service.list_all_waivers(work, page)
    return page_answer(found, msgspec.to_builtins)


@router.put("/certification/policy")
async def change_policy(body: dict[str, Any], deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Operators: put the next policy in force. What is under review has to be scanned again under it.

    With a `number`, that of the policy it was made from, it is refused when another is in force by now.
    """
    made_from = body.pop("number", None)
    if made_from is not None and type(made_from) is not int:
        raise Invalid("The policy cannot be used.", faults=[Fault("/number", "the number of a policy")])
    async with deps.works.begin(actor, trace) as work:
        return json_answer(policy_shape(await service.change_policy(work, body, made_from)))


@router.get("/{plugin_id}/certification/waivers")
async def list_waivers(plugin_id: str, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """The exceptions in force for a plugin, for its publisher and for Certifiers."""
    async with deps.works.begin(actor, trace) as work:
        found = await service.list_waivers(work, plugin_id)
    return json_answer({"items": [msgspec.to_builtins(waiver) for waiver in found]})


@router.post("/{plugin_id}/certification/waivers", status_code=201)
async def waive(
    plugin_id: str, body: WaiverWanted, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """Certifiers: except findings of one kind in one plugin, with a reason and an end."""
    async with deps.works.begin(actor, trace) as work:
        waiver = await service.waive(
            work, plugin_id, body.check, body.rule, body.place, body.reason, body.days
        )
    return json_answer(msgspec.to_builtins(waiver), 201)


@router.delete("/certification/waivers/{waiver_id}", status_code=204)
async def revoke_waiver(waiver_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Certifiers: end an exception before its time."""
    async with deps.works.begin(actor, trace) as work:
        await service.revoke_waiver(work, waiver_id)
    return Response(status_code=204)
