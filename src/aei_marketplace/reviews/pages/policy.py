"""Pages of moderation: what is published before staff have read it, and what they look at."""

from dataclasses import dataclass

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.errors import Invalid, Refusal
from aei_marketplace.reviews import service
from aei_marketplace.reviews.pages.entries import tabs_of
from aei_marketplace.reviews.pages.words import MODERATION
from aei_marketplace.reviews.service import Policy
from aei_marketplace.web.requests import TheActor, TheDeps, TheTrace, deps_of, trace_of
from aei_marketplace.web.shell.flashes import Flash, leave_flash
from aei_marketplace.web.shell.forms import Form, FormRoute, TheForm, amiss, filled
from aei_marketplace.web.shell.rendering import PageContext, render

router = APIRouter(route_class=FormRoute)

POLICY = MODERATION + "/policy"


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyPage(PageContext):
    """The policy; a form for who may change it."""

    tabs: tuple[tuple[str, str, bool], ...]
    policy: Policy
    may_change: bool
    form: Form


@router.get(POLICY)
async def show_policy(request: Request, actor: TheActor) -> Response:
    """How the operator moderates."""
    return await _page(request, actor, None)


@router.post(POLICY)
async def change_policy(
    request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace, form: TheForm
) -> Response:
    """Change that."""
    try:
        wanted = _read(form)
        async with deps.works.begin(actor, trace) as work:
            await service.change_policy(work, wanted)
    except Invalid as refusal:
        return await _page(request, actor, form.refused(refusal), refusal)
    response = RedirectResponse(POLICY, 303)
    leave_flash(request, response, Flash("The policy holds from now on."))
    return response


def _read(form: Form) -> Policy:
    trusted_after = form.text("trusted_after")
    return Policy(
        trusted_after=_number(form, "trusted_after") if trusted_after else None,
        most_links=_number(form, "most_links"),
        allowed_hosts=tuple(form.text("allowed_hosts").split()),
    )


def _number(form: Form, name: str) -> int:
    typed = form.text(name)
    if not typed.isascii() or not typed.isdigit() or len(typed) > 6:
        raise amiss(name, "A whole number.")
    return int(typed)


async def _page(
    request: Request, actor: Actor, form: Form | None, refusal: Refusal | None = None
) -> Response:
    async with deps_of(request).works.begin(actor, trace_of(request)) as work:
        policy = await service.find_policy(work)
    stands = filled(
        trusted_after=str(policy.trusted_after or ""),
        most_links=str(policy.most_links),
        allowed_hosts="\n".join(policy.allowed_hosts),
    )
    page = PolicyPage(
        title="Policy of moderation",
        tabs=tabs_of(POLICY),
        policy=policy,
        may_change=actor.may("policy.operate"),
        form=form or stands,
    )
    return await render(request, "reviews/policy.html", page, refusal.status if refusal else 200)
