"""Pages: the tenant's model endpoints. A key goes in and is never shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.errors import Conflict, Fault, Invalid, Refusal
from aei_marketplace.ground.ports import ModelKind
from aei_marketplace.vault import service
from aei_marketplace.vault.errors import EndpointStale, EndpointUnfit, ModelNameTaken, NoSuchEndpoint
from aei_marketplace.vault.rules.endpoints import Endpoint
from aei_marketplace.vault.service.asking import Gateway
from aei_marketplace.vault.service.endpoints import EndpointWanted
from aei_marketplace.web.requests import TheActor, TheDeps, ThePage, TheTrace
from aei_marketplace.web.shell.addresses import Address, address_of
from aei_marketplace.web.shell.flashes import Flash, leave_flash
from aei_marketplace.web.shell.forms import Form, FormRoute, TheForm, filled
from aei_marketplace.web.shell.rendering import PageContext, render

router = APIRouter(route_class=FormRoute)

MODELS = "/admin/models"
KINDS: tuple[tuple[ModelKind, str], ...] = (("chat", "Chat"), ("embed", "Embeddings"))
assert {kind for kind, _ in KINDS} == set(get_args(ModelKind))
FRESH = filled(kind="chat", key_choice="new", streaming="on", enabled="on")


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointsPage(PageContext):
    """The tenant's model endpoints."""

    endpoints: tuple[Endpoint, ...]
    total: int
    next_cursor: str | None
    later: bool
    address: Address


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointPage(PageContext):
    """One endpoint as a form.

    Attributes:
        endpoint: None while it is being made.
    """

    endpoint: Endpoint | None
    form: Form
    kinds: tuple[tuple[ModelKind, str], ...] = KINDS


@router.get(MODELS)
async def list_endpoints(
    request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace, wanted: ThePage
) -> Response:
    """The endpoints."""
    async with deps.works.begin(actor, trace) as work:
        found = await service.list_endpoints(work, wanted)
    page = EndpointsPage(
        title="Models",
        endpoints=tuple(found.items),
        total=found.total,
        next_cursor=found.next_cursor,
        later=wanted.after is not None,
        address=address_of(request, "cursor"),
    )
    return await render(request, "vault/models.html", page)


@router.get(MODELS + "/new")
async def new_endpoint(request: Request, actor: TheActor) -> Response:
    """The form of a new endpoint."""
    actor.require("secret.administer")
    return await _page(request, None, FRESH)


@router.post(MODELS)
async def add_endpoint(
    request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace, form: TheForm
) -> Response:
    """Keep an endpoint under a name that is not taken."""
    try:
        name = form.text("name")
        if await _exists(deps, actor, trace, name):
            raise Conflict(f"There is an endpoint {name}.", advice="Open it to change it.")
        await _put(deps, actor, trace, name, wanted_endpoint(form), None)
    except (EndpointUnfit, ModelNameTaken, Conflict, Invalid) as refusal:
        return await _page(request, None, unkeyed(form).refused(refusal), refusal)
    return _to(request, name, Flash("The endpoint is kept. Test it before plugins ask it."))


@router.get(MODELS + "/{name}")
async def show_endpoint(
    request: Request, name: str, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """One endpoint."""
    async with deps.works.begin(actor, trace) as work:
        endpoint = await service.find_endpoint(work, name)
    return await _page(request, endpoint, filled_with(endpoint))


@router.post(MODELS + "/{name}")
async def change_endpoint(
    request: Request, name: str, deps: TheDeps, actor: TheActor, trace: TheTrace, form: TheForm
) -> Response:
    """Change an endpoint, unless somebody else did meanwhile."""
    async with deps.works.begin(actor, trace) as work:
        present = await service.find_endpoint(work, name)
    try:
        await _put(deps, actor, trace, name, wanted_endpoint(form), form.text("seen"))
    except EndpointStale as refusal:
        return await _page(request, present, filled_with(present).refused(refusal), refusal)
    except (EndpointUnfit, ModelNameTaken, Invalid) as refusal:
        return await _page(request, present, unkeyed(form).refused(refusal), refusal)
    return _to(request, name, Flash("The endpoint is changed. The next question goes there."))


@router.post(MODELS + "/{name}/test")
async def test_endpoint(
    request: Request, name: str, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """Ask the endpoint something tiny."""
    trial = await service.try_endpoint(_gateway(deps), actor, trace, name)
    if trial.reply.code is None:
        return _to(request, name, Flash(f"{trial.model} answered in {trial.duration_ms:,} ms."))
    text = f"{trial.model} did not answer: {trial.reply.message} ({trial.reply.code})."
    return _to(request, name, Flash(text, "danger"))


@router.post(MODELS + "/{name}/delete")
async def delete_endpoint(
    request: Request, name: str, deps: TheDeps, actor: TheActor, trace: TheTrace, form: TheForm
) -> Response:
    """Delete an endpoint and its key."""
    async with deps.works.begin(actor, trace) as work:
        await service.delete_endpoint(work, name, form.text("seen") or None)
    response = RedirectResponse(MODELS, 303)
    leave_flash(request, response, Flash(f"The endpoint {name} is deleted, its key with it."))
    return response


def filled_with(endpoint: Endpoint) -> Form:
    """The form that shows an endpoint."""
    ticked = {name: "on" for name in ("streaming", "enabled") if getattr(endpoint, name)}
    models = "\n".join(f"{name} = {own}" for name, own in sorted(endpoint.models.items()))
    return filled(
        name=endpoint.name,
        kind=endpoint.kind,
        base_url=endpoint.base_url,
        models=models,
        key_choice="keep" if endpoint.key is not None else "none",
        **ticked,
    )


def unkeyed(form: Form) -> Form:
    """The form without the key: what was typed there is not sent back."""
    return Form({name: values for name, values in form.values.items() if name != "key"})


def wanted_endpoint(form: Form) -> EndpointWanted:
    """What the form says.

    Raises:
        Invalid: a line of models is none, or there is no such kind.
    """
    kind = next((kind for kind, _ in KINDS if kind == form.text("kind")), None)
    if kind is None:
        raise Invalid("The form has a problem.", faults=[Fault("kind", "choose one")])
    choice, key = form.text("key_choice", "new"), form.secret("key").strip()
    return EndpointWanted(
        kind=kind,
        base_url=form.text("base_url"),
        models=read_models(form.text("models")),
        key=key if choice == "new" and key else None,
        keep_key=choice == "keep",
        streaming=form.ticked("streaming"),
        enabled=form.ticked("enabled"),
    )


def read_models(text: str) -> Mapping[str, str]:
    """Lines `name = the endpoint's own`, or only a name where both are the same.

    Raises:
        Invalid: a name stands twice.
    """
    models: dict[str, str] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        name, _, own = (part.strip() for part in line.partition("="))
        if name in models:
            raise Invalid("The form has a problem.", faults=[Fault("models", f"{name[:120]} stands twice")])
        models[name] = own or name
    return models


async def _exists(deps: Deps, actor: Actor, trace_id: str, name: str) -> bool:
    try:
        async with deps.works.begin(actor, trace_id) as work:
            await service.find_endpoint(work, name)
    except NoSuchEndpoint:
        return False
    return True


async def _put(
    deps: Deps, actor: Actor, trace_id: str, name: str, wanted: EndpointWanted, seen: str | None
) -> None:
    is_internal = deps.model_endpoints.is_internal
    async with deps.works.begin(actor, trace_id) as work:
        await service.put_endpoint(work, deps.master_key, is_internal, name, wanted, seen)


def _gateway(deps: Deps) -> Gateway:
    return Gateway(deps.works, deps.master_key, deps.model_endpoints, deps.plugin_models)


async def _page(
    request: Request, endpoint: Endpoint | None, form: Form, refusal: Refusal | None = None
) -> Response:
    page = EndpointPage(
        title=endpoint.name if endpoint else "Add a model endpoint",
        crumbs=(("Models", MODELS),),
        endpoint=endpoint,
        form=form,
    )
    return await render(request, "vault/model.html", page, refusal.status if refusal else 200)


def _to(request: Request, name: str, flash: Flash) -> Response:
    response = RedirectResponse(f"{MODELS}/{name}", 303)
    leave_flash(request, response, flash)
    return response
