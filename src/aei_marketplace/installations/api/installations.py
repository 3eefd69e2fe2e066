"""Routes: install, update, uninstall, switch on and off, change, list."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Response
from pydantic import BaseModel, ConfigDict, Field, StrictBool

from aei_marketplace.installations import service
from aei_marketplace.installations.rules.requests import Along, Wish
from aei_marketplace.web.idempotency import OnceRoute
from aei_marketplace.web.requests import TheActor, TheDeps, ThePage, TheTrace
from aei_marketplace.web.responses import json_answer, page_answer

router = APIRouter(prefix="/api/plugins", tags=["installations"], route_class=OnceRoute)

IfMatch = Annotated[str | None, Header(description="the ETag that the change is based on")]
JsonObject = dict[str, Any]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class AlongWanted(_Body):
    """A plugin that comes along, as the plan names it. Without `grants` nothing new is granted."""

    version: Annotated[str, Field(max_length=64)]
    grants: JsonObject | None = None


class InstallWanted(_Body):
    """What to install. Without `grants` nothing is granted; without `version` the channel is followed.

    Without `dependencies` the plugin is installed alone; with them, what they name has to be the plan.
    """

    version: Annotated[str, Field(max_length=64)] | None = None
    channel: Annotated[str, Field(max_length=20)] | None = None
    grants: JsonObject | None = Field(default=None, examples=[{"network": {"hosts": ["api.acme.example"]}}])
    config: JsonObject | None = None
    dependencies: Annotated[dict[str, AlongWanted], Field(max_length=100)] | None = Field(
        default=None, examples=[{"acme.tally": {"version": "1.4.0", "grants": {}}}]
    )


class UninstallWanted(_Body):
    """How to uninstall; `purge` forgets configuration, grants and files now, not in 30 days."""

    purge: StrictBool = False


class ToggleWanted(_Body):
    """On or off."""

    enabled: StrictBool


class ChangeWanted(_Body):
    """What to change; what is left out stays."""

    grants: JsonObject | None = None
    config: JsonObject | None = None
    policy: JsonObject | None = Field(default=None, examples=[{"limits": {"wall_ms": 2000}}])
    pinned: StrictBool | None = None
    channel: str | None = Field(default=None, max_length=20, examples=["stable"])


@router.get("/installations")
async def list_installations(deps: TheDeps, actor: TheActor, trace: TheTrace, page: ThePage) -> Response:
    """What the tenant has installed, each with the update that waits for it."""
    async with deps.works.begin(actor, trace) as work:
        found = await service.list_installations(work, page)
    return page_answer(found, lambda described: described.shape())


@router.get("/{plugin_id}/installation")
async def read_installation(plugin_id: str, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """The tenant's installation of a plugin."""
    async with deps.works.begin(actor, trace) as work:
        return _shown(await service.find_installation(work, plugin_id))


@router.get("/{plugin_id}/plan")
async def read_plan(
    plugin_id: str,
    deps: TheDeps,
    actor: TheActor,
    trace: TheTrace,
    version: Annotated[str | None, Query(max_length=64)] = None,
    channel: Annotated[str | None, Query(max_length=20)] = None,
) -> Response:
    """What installing or updating a plugin would bring along, and what each of it asks for."""
    async with deps.works.begin(actor, trace) as work:
        wish = Wish(version, channel)
        plan = await service.find_plan(work, deps.aei_version, plugin_id, wish)
    return json_answer(_plan_shape(plan))


@router.post("/{plugin_id}/install", status_code=202)
async def install(
    plugin_id: str, deps: TheDeps, actor: TheActor, trace: TheTrace, body: InstallWanted | None = None
) -> Response:
    """Install a plugin in the tenant; the answer is an operation to follow."""
    async with deps.works.begin(actor, trace) as work:
        wish = _wish(body or InstallWanted())
        requested = await service.request_install(work, deps.aei_version, plugin_id, wish)
    return _accepted(requested)


@router.post("/{plugin_id}/update", status_code=202)
async def update(
    plugin_id: str, deps: TheDeps, actor: TheActor, trace: TheTrace, body: InstallWanted | None = None
) -> Response:
    """Update an installation; new permissions are named, and granted only if `grants` says so."""
    async with deps.works.begin(actor, trace) as work:
        wish = _wish(body or InstallWanted())
        requested = await service.request_update(work, deps.aei_version, plugin_id, wish)
    return _accepted(requested)


@router.post("/{plugin_id}/uninstall", status_code=202)
async def uninstall(
    plugin_id: str, deps: TheDeps, actor: TheActor, trace: TheTrace, body: UninstallWanted | None = None
) -> Response:
    """Uninstall a plugin; configuration, grants and files are kept for 30 days unless purged."""
    async with deps.works.begin(actor, trace) as work:
        purge = body is not None and body.purge
        requested = await service.request_uninstall(work, plugin_id, purge=purge)
    return _accepted(requested)


@router.post("/{plugin_id}/toggle")
async def toggle(
    plugin_id: str,
    body: ToggleWanted,
    deps: TheDeps,
    actor: TheActor,
    trace: TheTrace,
    if_match: IfMatch = None,
) -> Response:
    """Switch an installation on or off; running executions finish."""
    async with deps.works.begin(actor, trace) as work:
        return _shown(await service.toggle(work, plugin_id, enabled=body.enabled, if_match=if_match))


@router.patch("/{plugin_id}/installation")
async def change(
    plugin_id: str,
    body: ChangeWanted,
    deps: TheDeps,
    actor: TheActor,
    trace: TheTrace,
    if_match: IfMatch = None,
) -> Response:
    """Change grants, configuration, policy or channel of an installation, or whether it is pinned."""
    wanted = service.Change(body.grants, body.config, body.policy, body.pinned, body.channel)
    async with deps.works.begin(actor, trace) as work:
        return _shown(await service.change(work, plugin_id, wanted, if_match))


def _wish(body: InstallWanted) -> Wish:
    named = body.dependencies
    along = None if named is None else {id: Along(each.version, each.grants) for id, each in named.items()}
    return Wish(body.version, body.channel, body.grants, body.config, along)


def _plan_shape(plan: service.Plan) -> JsonObject:
    return {
        "plugin_id": plan.release.plugin_id,
        "version": plan.release.version,
        "present": plan.present.version if plan.present else None,
        "permissions": plan.release.manifest.permissions,
        "steps": [
            {
                "action": "update" if step.present else "install",
                "plugin_id": step.release.plugin_id,
                "version": step.release.version,
                "present": step.present.version if step.present else None,
                "needed_by": step.needed_by,
                "permissions": step.release.manifest.permissions,
                "new_permissions": step.new_permissions,
                "warning": step.doubt or None,
            }
            for step in plan.steps
        ],
        "problem": plan.problem,
        "warnings": plan.warnings,
    }


def _shown(described: service.Described) -> Response:
    return json_answer(described.shape(), headers={"ETag": described.installation.etag})


def _accepted(requested: service.Requested) -> Response:
    operation = requested.operation
    shape = {
        "id": operation.id,
        "kind": operation.kind,
        "state": operation.state,
        "progress": operation.progress,
        "message": operation.message,
        "problem": operation.problem,
        "plugin_id": operation.plugin_id,
        "not_granted": requested.not_granted,
        "new_permissions": requested.new_permissions,
        "warnings": requested.warnings,
        "joined": requested.joined,
    }
    return json_answer(shape, 202, {"Location": f"/api/operations/{operation.id}"})
