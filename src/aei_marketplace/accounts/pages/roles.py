"""Pages: the tenant's own roles, made by ticking actions."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from aei_marketplace.accounts import service
from aei_marketplace.accounts.errors import BeyondOwnRights, NoSuchRole, RoleInUse, RoleTaken
from aei_marketplace.accounts.pages.words import ACTION_WORDS, ActionWords
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.errors import Invalid, Refusal
from aei_marketplace.web.problems import note_denial
from aei_marketplace.web.requests import TheActor, TheDeps, TheTrace
from aei_marketplace.web.shell.flashes import Flash, leave_flash
from aei_marketplace.web.shell.forms import Form, FormRoute, TheForm, filled
from aei_marketplace.web.shell.rendering import PageContext, render

router = APIRouter(route_class=FormRoute)

ROLES = "/admin/roles"


@dataclass(frozen=True, slots=True, kw_only=True)
class RolesPage(PageContext):
    """The roles that can be given in the tenant, built-in ones first."""

    roles: tuple[dict[str, Any], ...]
    actions: tuple[ActionWords, ...] = ACTION_WORDS


@dataclass(frozen=True, slots=True, kw_only=True)
class RolePage(PageContext):
    """A role of the tenant's own, being made or changed.

    Attributes:
        role: None while it is being made.
        grantable: the actions that the actor holds and so may grant.
    """

    form: Form = field(default_factory=Form)
    role: dict[str, Any] | None = None
    grantable: frozenset[str] = frozenset()
    actions: tuple[ActionWords, ...] = ACTION_WORDS


@router.get(ROLES)
async def list_roles(request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """The roles and what each grants."""
    actor.require("role.administer")
    async with deps.works.begin(actor, trace) as work:
        roles = await service.list_roles(work)
    return await render(request, "accounts/roles.html", RolesPage(title="Roles", roles=tuple(roles)))


@router.get(ROLES + "/new")
async def new_role(request: Request, actor: TheActor) -> Response:
    """The form of a new role."""
    actor.require("role.administer")
    return await _page(request, actor, filled(action=("plugin.browse",)), None)


@router.post(ROLES)
async def create_role(
    request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace, form: TheForm
) -> Response:
    """Make a role of what is ticked."""
    try:
        async with deps.works.begin(actor, trace) as work:
            await service.create_role(work, form.text("name"), form.every("action"))
    except (Invalid, BeyondOwnRights, RoleTaken) as refusal:
        await note_denial(request, refusal)
        return await _page(request, actor, form.refused(refusal), None, refusal)
    return _back(request, Flash(f"The role {form.text('name')} can be given now."))


@router.get(ROLES + "/{role_id}")
async def show_role(request: Request, role_id: UUID, actor: TheActor) -> Response:
    """A role of the tenant's own."""
    actor.require("role.administer")
    role = await _own_role(request, actor, role_id)
    return await _page(request, actor, filled(name=role["name"], action=tuple(role["actions"])), role)


@router.post(ROLES + "/{role_id}")
async def change_role(
    request: Request, role_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace, form: TheForm
) -> Response:
    """Have a role grant what is ticked."""
    role = await _own_role(request, actor, role_id)
    try:
        async with deps.works.begin(actor, trace) as work:
            await service.change_role(work, role_id, form.every("action"))
    except (Invalid, BeyondOwnRights) as refusal:
        await note_denial(request, refusal)
        return await _page(request, actor, form.refused(refusal), role, refusal)
    return _back(request, Flash(f"{role['name']} grants other actions now; they hold at once."))


@router.post(ROLES + "/{role_id}/remove")
async def remove_role(
    request: Request, role_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """Remove a role that nobody has."""
    try:
        async with deps.works.begin(actor, trace) as work:
            await service.remove_role(work, role_id)
    except RoleInUse as refusal:
        return _back(request, Flash(f"{refusal.detail} {refusal.next_step}", "danger"))
    return _back(request, Flash("The role is removed."))


async def _own_role(request: Request, actor: Actor, role_id: UUID) -> dict[str, Any]:
    async with request.app.state.deps.works.begin(actor, request.state.trace_id) as work:
        roles = await service.list_roles(work)
    found = [role for role in roles if role["id"] == role_id and role["own"]]
    if not found:
        raise NoSuchRole("Your tenant has no such role of its own.")
    return found[0]


async def _page(
    request: Request, actor: Actor, form: Form, role: dict[str, Any] | None, refusal: Refusal | None = None
) -> Response:
    page = RolePage(
        title=role["name"] if role else "A new role",
        form=form,
        role=role,
        grantable=actor.actions,
        crumbs=(("Roles", ROLES),),
    )
    return await render(request, "accounts/role.html", page, refusal.status if refusal else 200)


def _back(request: Request, flash: Flash) -> Response:
    response = RedirectResponse(ROLES, 303)
    leave_flash(request, response, flash)
    return response
