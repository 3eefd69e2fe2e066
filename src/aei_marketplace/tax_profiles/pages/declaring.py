"""Page: what the own tenant declared for tax, and a form to declare it anew."""

from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.errors import Refusal
from aei_marketplace.ground.typed import read_choice
from aei_marketplace.tax_profiles import service
from aei_marketplace.tax_profiles.errors import ProfileUnfit
from aei_marketplace.tax_profiles.pages.words import FORM_CHOICES, FORM_TITLES, KIND_CHOICES, OWN, STATES
from aei_marketplace.tax_profiles.rules import declarations
from aei_marketplace.tax_profiles.rules.declarations import Declaration, Kind
from aei_marketplace.tax_profiles.rules.profiles import Profile
from aei_marketplace.web.requests import TheActor, TheDeps, TheTrace
from aei_marketplace.web.shell.flashes import Flash, leave_flash
from aei_marketplace.web.shell.forms import Form, FormRoute, TheForm
from aei_marketplace.web.shell.rendering import PageContext, render

router = APIRouter(route_class=FormRoute)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnProfilePage(PageContext):
    """What a creator declared.

    Attributes:
        profiles: the newest first; the first counts.
    """

    profiles: tuple[Profile, ...]
    form: Form
    states: Any = field(default_factory=lambda: STATES)
    titles: Any = field(default_factory=lambda: FORM_TITLES)
    forms: Any = FORM_CHOICES
    kinds: Any = KIND_CHOICES


@router.get(OWN)
async def show_own_profile(request: Request, actor: TheActor) -> Response:
    """What was declared, and the form."""
    return await _page(request, actor, Form())


@router.post(OWN)
async def declare(
    request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace, form: TheForm
) -> Response:
    """Declare anew."""
    try:
        async with deps.works.begin(actor, trace) as work:
            await service.submit_profile(work, deps.master_key, _declared(form))
    except ProfileUnfit as refusal:
        return await _page(request, actor, _without_tax_id(form).refused(refusal), refusal)
    response = RedirectResponse(OWN, 303)
    leave_flash(request, response, Flash("Your tax profile is sent. Staff review it; you are told when."))
    return response


def _declared(form: Form) -> Declaration:
    return Declaration(
        form=read_choice(declarations.Form, form.text("form"), "/form", ProfileUnfit),
        kind=read_choice(Kind, form.text("kind"), "/kind", ProfileUnfit),
        residence=form.text("residence"),
        name=form.text("name"),
        address=form.text("address"),
        tax_id=form.text("tax_id"),
    )


def _without_tax_id(form: Form) -> Form:
    """What was typed there is not sent back."""
    return Form({name: values for name, values in form.values.items() if name != "tax_id"})


async def _page(request: Request, actor: Actor, form: Form, refusal: Refusal | None = None) -> Response:
    async with request.app.state.deps.works.begin(actor, request.state.trace_id) as work:
        profiles = await service.own_profiles(work)
    page = OwnProfilePage(
        title="Tax profile", crumbs=(("Publisher", "/publisher"),), profiles=tuple(profiles), form=form
    )
    return await render(request, "tax_profiles/own.html", page, refusal.status if refusal else 200)
