"""Routes of the staff: who is on it, with which roles."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response

from aei_marketplace.accounts import service
from aei_marketplace.accounts.api.bodies import listed
from aei_marketplace.accounts.api.members import RolesWanted
from aei_marketplace.web.idempotency import OnceRoute
from aei_marketplace.web.requests import TheActor, TheDeps, TheTrace
from aei_marketplace.web.responses import json_answer

router = APIRouter(tags=["accounts"], route_class=OnceRoute)


@router.get("/staff")
async def list_staff(deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Who is on the staff, with their roles; for who administers it."""
    async with deps.works.begin(actor, trace) as work:
        found = await service.list_staff(work)
    return json_answer(listed([_shape(each) for each in found]))


@router.put("/staff/{user_id}")
async def change_staff(
    user_id: UUID, body: RolesWanted, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """Give somebody these staff roles and no others; an empty list takes them off the staff."""
    async with deps.works.begin(actor, trace) as work:
        await service.change_staff(work, user_id, body.roles)
        changed = await service.find_colleague(work, user_id)
    return json_answer(_shape(changed))


def _shape(each: service.Colleague) -> dict[str, Any]:
    return {
        "id": each.id,
        "kind": each.kind,
        "email": each.email,
        "name": each.name,
        "roles": each.roles,
        "closed": each.closed,
    }
