"""Pages: the tenant's namespaces, claiming another, and asking staff for a name that was refused."""

from dataclasses import dataclass, field

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from aei_marketplace.catalog import service
from aei_marketplace.catalog.errors import (
    NameConfusable,
    NamespaceForeign,
    NamespaceReserved,
    NamespaceTaken,
    NothingRefused,
)
from aei_marketplace.catalog.pages.words import NAMESPACES, PUBLISHER, ClaimWords, claim_words
from aei_marketplace.catalog.service import AskedName, OwnNamespace, Transfer, TransferState
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.errors import Invalid, Refusal
from aei_marketplace.web.problems import note_denial
from aei_marketplace.web.requests import TheActor, TheDeps, TheTrace
from aei_marketplace.web.shell.flashes import Flash, leave_flash
from aei_marketplace.web.shell.forms import Form, FormRoute, TheForm, filled
from aei_marketplace.web.shell.rendering import PageContext, render

router = APIRouter(route_class=FormRoute)

#: Refusals after which staff can still give the name.
_ASKABLE = (NamespaceReserved, NameConfusable)
_ADVICE = "Choose another name, or ask staff for this one below."


@dataclass(frozen=True, slots=True, kw_only=True)
class NamespacesPage(PageContext):
    """The tenant's namespaces, those that are offered to it, and the names that it asked for.

    Attributes:
        asked: each with how it stands in words, the newest first.
        claiming: the form that claims a namespace.
        asking: the form that asks staff for a name; None where no name was refused.
    """

    namespaces: tuple[OwnNamespace, ...]
    offers: tuple[Transfer, ...]
    asked: tuple[tuple[AskedName, ClaimWords], ...]
    claiming: Form = field(default_factory=Form)
    asking: Form | None = None


@router.get(NAMESPACES)
async def list_namespaces(request: Request, actor: TheActor, ask: str = "") -> Response:
    """The namespaces of the tenant; `ask` is a name that was refused elsewhere, at a publish."""
    asking = filled(name=ask[:103]) if ask else None
    return await _page(request, actor, Form(), asking)


@router.post(NAMESPACES)
async def claim(request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace, form: TheForm) -> Response:
    """Claim a namespace; a refusal that staff can lift brings the form that asks them."""
    name = form.text("namespace")
    try:
        async with deps.works.begin(actor, trace) as work:
            await service.claim_namespace(work, name)
    except _ASKABLE as refusal:
        told = form.refused(type(refusal)(refusal.detail, advice=_ADVICE))
        return await _page(request, actor, told, filled(name=name), refusal)
    except (Invalid, NamespaceTaken) as refusal:
        return await _page(request, actor, form.refused(refusal), None, refusal)
    return _to(request, f"{NAMESPACES}/{name}", f"{name} is yours. Nobody else can publish under it.")


@router.post(NAMESPACES + "/ask")
async def ask_staff(
    request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace, form: TheForm
) -> Response:
    """Ask staff for a name that was refused."""
    try:
        async with deps.works.begin(actor, trace) as work:
            await service.ask_for_name(work, form.text("name"), form.text("reason"))
    except (Invalid, NameConfusable, NamespaceTaken, NamespaceForeign, NothingRefused) as refusal:
        await note_denial(request, refusal)
        told = form.refused(refusal).renamed({"namespace": "name", "id": "name"})
        return await _page(request, actor, Form(), told, refusal)
    return _to(request, NAMESPACES, f"You asked for {form.text('name')}. A person decides, and you are told.")


async def _page(
    request: Request, actor: Actor, claiming: Form, asking: Form | None, refusal: Refusal | None = None
) -> Response:
    async with request.app.state.deps.works.begin(actor, request.state.trace_id) as work:
        namespaces = await service.list_namespaces(work)
        transfers = await service.list_transfers(work)
        asked = await service.list_asked_names(work)
        now = work.now
    page = NamespacesPage(
        title="Namespaces",
        crumbs=(("Publisher", PUBLISHER),),
        namespaces=tuple(namespaces),
        offers=tuple(
            t for t in transfers if t.state_at(now) is TransferState.OFFERED and t.to_tenant == actor.tenant
        ),
        asked=tuple((each, claim_words(each.case, now)) for each in asked),
        claiming=claiming,
        asking=asking,
    )
    return await render(request, "catalog/namespaces.html", page, refusal.status if refusal else 200)


def _to(request: Request, path: str, said: str) -> Response:
    response = RedirectResponse(path, 303)
    leave_flash(request, response, Flash(said))
    return response
