"""Page of staff: the tenants, and the form that opens one for its first Admin."""

from dataclasses import dataclass, field

from fastapi import APIRouter, Request, Response

from aei_marketplace.accounts import service
from aei_marketplace.accounts.errors import SlugTaken
from aei_marketplace.accounts.pages.words import TENANTS
from aei_marketplace.accounts.service import TenantRow
from aei_marketplace.ground.actor import Actor, ProofNeeded
from aei_marketplace.ground.errors import Invalid, Refusal
from aei_marketplace.ground.paging import PageWanted
from aei_marketplace.web.requests import TheActor, TheDeps, ThePage
from aei_marketplace.web.shell.addresses import Address, address_of
from aei_marketplace.web.shell.forms import Form, FormRoute, TheForm, amiss
from aei_marketplace.web.shell.rendering import PageContext, render
from aei_marketplace.web.visits import TheVisit

router = APIRouter(route_class=FormRoute)

_LONGEST = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantsPage(PageContext):
    """The tenants.

    Attributes:
        link: the invitation of a first Admin that was made just now; shown this once.
        mailed_to: where it was sent; None where it has to be handed over.
    """

    tenants: tuple[TenantRow, ...]
    total: int
    next_cursor: str | None
    later: bool
    address: Address
    text: str
    form: Form = field(default_factory=Form)
    link: str | None = None
    mailed_to: str | None = None


@router.get(TENANTS)
async def list_tenants(request: Request, actor: TheActor, wanted: ThePage, q: str = "") -> Response:
    """The tenants, by short name."""
    return await _page(request, actor, wanted, Form(), text=q.strip().replace("\0", "")[:_LONGEST])


@router.post(TENANTS)
async def open_tenant(
    request: Request, deps: TheDeps, actor: TheActor, visit: TheVisit, form: TheForm
) -> Response:
    """Open a tenant; the page that answers is the only one that shows its first Admin's invitation."""
    try:
        name = _name(form)
        async with deps.works.begin(actor, visit.trace_id) as work:
            work.actor.require_recent_proof(work.now)
            tenant = await service.create_tenant(work, form.text("slug"), name)
            made = await service.invite_first_admin(work, tenant, form.text("email") or None)
    except ProofNeeded:
        raise
    except (Invalid, SlugTaken) as refusal:
        return await _page(request, actor, PageWanted(), form.refused(refusal), refusal=refusal)
    mailed = await service.mail_invitation(deps, visit, made)
    return await _page(
        request,
        actor,
        PageWanted(),
        Form(),
        text=form.text("slug"),
        link=made.link(visit),
        mailed_to=made.email if mailed else None,
    )


def _name(form: Form) -> str:
    name = form.text("name")
    if not 1 <= len(name) <= _LONGEST or not name.isprintable():
        raise amiss("name", f"1 to {_LONGEST} characters")
    return name


async def _page(
    request: Request,
    actor: Actor,
    wanted: PageWanted,
    form: Form,
    *,
    text: str = "",
    link: str | None = None,
    mailed_to: str | None = None,
    refusal: Refusal | None = None,
) -> Response:
    async with request.app.state.deps.works.begin(actor, request.state.trace_id) as work:
        found = await service.search_tenants(work, text, wanted)
    page = TenantsPage(
        title="Tenants",
        tenants=tuple(found.items),
        total=found.total,
        next_cursor=found.next_cursor,
        later=wanted.after is not None,
        address=address_of(request, "q", "cursor"),
        text=text,
        form=form,
        link=link,
        mailed_to=mailed_to,
    )
    return await render(request, "accounts/tenants.html", page, refusal.status if refusal else 200)
