"""Pages: tax profiles that staff review. What is sealed is shown on demand, and the log says to whom."""

import re
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from aei_marketplace.accounts import service as accounts
from aei_marketplace.accounts.service import TenantName
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.errors import Fault, Refusal
from aei_marketplace.tax_profiles import service
from aei_marketplace.tax_profiles.errors import ProfileChanged, ReviewRefused, ReviewUnfit
from aei_marketplace.tax_profiles.pages.words import FORM_TITLES, STATES, TAX
from aei_marketplace.tax_profiles.rules.declarations import FORMS
from aei_marketplace.tax_profiles.rules.profiles import Profile, State
from aei_marketplace.tax_profiles.service import Revealed
from aei_marketplace.web.requests import TheActor, TheDeps, ThePage, TheTrace
from aei_marketplace.web.shell.addresses import Address, address_of
from aei_marketplace.web.shell.flashes import Flash, leave_flash
from aei_marketplace.web.shell.forms import Form, FormRoute, TheForm, filled
from aei_marketplace.web.shell.rendering import PageContext, render

router = APIRouter(route_class=FormRoute)
PROFILE = TAX + "/{profile_id}"
_PERCENT = re.compile(r"([0-9]{1,3})(?:\.([0-9]{1,2}))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfilesPage(PageContext):
    """Creators' profiles in a state.

    Attributes:
        creators: the names of the tenants.
    """

    profiles: tuple[Profile, ...]
    creators: dict[UUID, TenantName]
    state: State
    total: int
    next_cursor: str | None
    later: bool
    address: Address
    states: Any = field(default_factory=lambda: STATES)
    titles: Any = field(default_factory=lambda: FORM_TITLES)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfilePage(PageContext):
    """One profile.

    Attributes:
        revealed: what is sealed in it; None until somebody asked to see it.
    """

    profile: Profile
    creator: str
    revealed: Revealed | None
    form: Form
    states: Any = field(default_factory=lambda: STATES)
    titles: Any = field(default_factory=lambda: FORM_TITLES)


@router.get(TAX)
async def list_profiles(
    request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace, wanted: ThePage
) -> Response:
    """Creators' profiles in a state."""
    state = request.query_params.get("state", State.SUBMITTED)
    async with deps.works.begin(actor, trace) as work:
        found = await service.list_profiles(work, state, wanted)
        creators = await accounts.tenant_names(work, {profile.tenant_id for profile in found.items})
    page = ProfilesPage(
        title="Tax profiles",
        profiles=tuple(found.items),
        creators=creators,
        state=State(state),
        total=found.total,
        next_cursor=found.next_cursor,
        later=wanted.after is not None,
        address=address_of(request, "cursor"),
    )
    return await render(request, "tax_profiles/queue.html", page)


@router.get(PROFILE)
async def show_profile(request: Request, profile_id: UUID, actor: TheActor) -> Response:
    """One profile, masked. The fresh proof is asked for before anything is typed, not after."""
    return await _page(request, actor, profile_id)


@router.post(PROFILE + "/reveal")
async def reveal(
    request: Request, profile_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """The same with what is sealed in it."""
    revealed = await service.reveal_profile(deps.works, actor, trace, deps.master_key, profile_id)
    response = await _page(request, actor, profile_id, revealed=revealed)
    response.headers["Cache-Control"] = "no-store"
    return response


@router.post(PROFILE + "/review")
async def review(
    request: Request, profile_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace, form: TheForm
) -> Response:
    """Let payouts pass, or refuse."""
    approve = form.text("verdict") == "approve"
    try:
        async with deps.works.begin(actor, trace) as work:
            await service.review_profile(
                work,
                profile_id,
                approve=approve,
                withholding_bps=_basis_points(form.text("withholding")) if approve else None,
                reason=form.text("reason") or None,
                seen=int(form.text("version")) if form.text("version").isdecimal() else None,
            )
    except (ReviewUnfit, ReviewRefused, ProfileChanged) as refusal:
        shown = form.refused(refusal).renamed({"withholding_bps": "withholding"})
        return await _page(request, actor, profile_id, form=shown, refusal=refusal)
    response = RedirectResponse(TAX, 303)
    said = "Payouts to this creator can be made." if approve else "The creator is told what to correct."
    leave_flash(request, response, Flash(said))
    return response


def _basis_points(percent: str) -> int:
    """`15`, `26.37`: what is typed as percent, in basis points.

    Raises:
        ReviewUnfit: it is no percentage with at most two decimals.
    """
    typed = _PERCENT.fullmatch(percent)
    if typed is None:
        fault = Fault("/withholding", "percent with at most two decimals, such as 15 or 26.37")
        raise ReviewUnfit("The withholding is no share.", faults=[fault])
    return int(typed[1]) * 100 + int((typed[2] or "").ljust(2, "0"))


async def _page(
    request: Request,
    actor: Actor,
    profile_id: UUID,
    *,
    revealed: Revealed | None = None,
    form: Form | None = None,
    refusal: Refusal | None = None,
) -> Response:
    async with request.app.state.deps.works.begin(actor, request.state.trace_id) as work:
        work.actor.require("revenue.administer")
        work.actor.require_recent_proof(work.now)
        profile = await service.find_profile(work, profile_id)
        creators = await accounts.tenant_names(work, {profile.tenant_id})
    creator = creators[profile.tenant_id].name
    proposed = f"{FORMS[profile.form].withholding_bps // 100}"
    page = ProfilePage(
        title=f"Tax profile of {creator}",
        crumbs=(("Tax profiles", TAX),),
        profile=profile,
        creator=creator,
        revealed=revealed,
        form=form or filled(withholding=proposed),
    )
    return await render(request, "tax_profiles/profile.html", page, refusal.status if refusal else 200)
