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


class RolesWanted(Body):
    """The roles that a member is to have."""

    roles: Annotated[list[RoleName], Field(max_length=50)]


class RoleWanted(Body):
    """A role of the tenant's own."""

    name: RoleName
    actions: Actions


class RoleChange(Body):
    """What a role is to grant."""

    actions: Actions


class AccountChange(Body):
    """Whether an account is closed."""

    closed: bool


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


@router.patch("/members/{user_id}", status_code=204)
async def change_member(
    user_id: UUID, body: RolesWanted, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """Give a member these roles and no others."""
    async with deps.works.begin(actor, trace) as work:
        await service.change_member(work, user_id, body.roles)
    return Response(status_code=204)


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


@router.post("/roles", status_code=201)
async def create_role(body: RoleWanted, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Make a role of the tenant's own by naming its actions."""
    async with deps.works.begin(actor, trace) as work:
        role_id = await service.create_role(work, body.name, body.actions)
    return json_answer(
        {"id": role_id, "name": body.name, "actions": sorted(set(body.actions)), "own": True}, 201
    )


@router.patch("/roles/{role_id}", status_code=204)
async def change_role(
    role_id: UUID, body: RoleChange, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """Have a role of the tenant's own grant these actions and no others."""
    async with deps.works.begin(actor, trace) as work:
        await service.change_role(work, role_id, body.actions)
    return Response(status_code=204)


@router.delete("/roles/{role_id}", status_code=204)
async def remove_role(role_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Remove a role of the tenant's own that nobody has."""
    async with deps.works.begin(actor, trace) as work:
        await service.remove_role(work, role_id)
    return Response(status_code=204)


@router.patch("/users/{user_id}", status_code=204)
async def close_or_open(
    user_id: UUID, body: AccountChange, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """Close an account everywhere at once, or open it again; for staff."""
    async with deps.works.begin(actor, trace) as work:
        await (service.close_account if body.closed else service.open_account)(work, user_id)
    return Response(status_code=204)


@router.delete("/users/{user_id}/passkeys")
async def forget_passkeys(user_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Remove all passkeys of somebody who lost theirs; for staff."""
    async with deps.works.begin(actor, trace) as work:
        removed = await service.forget_passkeys(work, user_id)
    return json_answer({"removed": removed})
