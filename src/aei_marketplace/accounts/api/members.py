"""Routes of members and roles."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import Field

from aei_marketplace.accounts import service
from aei_marketplace.accounts.api.bodies import Body, Email, Name, Password, listed
from aei_marketplace.web.idempotency import OnceRoute
from aei_marketplace.web.requests import TheActor, TheDeps, TheTrace
from aei_marketplace.web.responses import json_answer

router = APIRouter(tags=["accounts"], route_class=OnceRoute)

RoleName = Annotated[str, Field(max_length=60)]
Actions = Annotated[list[Annotated[str, Field(max_length=60)]], Field(max_length=100)]


class MemberWanted(Body):
    """A member to add: an existing user by e-mail, or a new one."""

    email: Email | None = None
    name: Name
    role: RoleName
    password: Password | None = None
    service: bool = False


@router.get("/members")
async def list_members(deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """The tenant's members and their roles."""
    async with deps.works.begin(actor, trace) as work:
        members = await service.list_members(work)
    return json_answer(listed(members))


@router.post("/members", status_code=201)
async def add_member(body: MemberWanted, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Create a user and make them a member."""
    async with deps.works.begin(actor, trace) as work:
        user_id = await service.create_user(
            work, name=body.name, email=body.email, password=body.password, service=body.service
        )
        await service.add_member(work, user_id, body.role)
    return json_answer({"id": user_id, "name": body.name, "roles": [body.role]}, 201)


@router.delete("/members/{user_id}", status_code=204)
async def remove_member(user_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Take a member out of the tenant; their tokens and sessions stop working at once."""
    async with deps.works.begin(actor, trace) as work:
        await service.remove_member(work, user_id)
    return Response(status_code=204)


@router.get("/roles")
async def list_roles(deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """The tenant roles and what each grants."""
    async with deps.works.begin(actor, trace) as work:
        roles = await service.list_roles(work)
    return json_answer(listed(roles))
