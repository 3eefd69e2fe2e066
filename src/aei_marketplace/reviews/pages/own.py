"""Pages: one's own reviews, each with where it stands, what it said, and what can be done about it."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from aei_marketplace.catalog import service as catalog
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.errors import Conflict, Invalid, Refusal, TooMany
from aei_marketplace.ground.paging import PageWanted
from aei_marketplace.ground.work import Work
from aei_marketplace.reviews import service
from aei_marketplace.reviews.pages.words import OWN, crumbs_to
from aei_marketplace.reviews.pages.writing import led_to, words_of
from aei_marketplace.reviews.rules.standing import Deed
from aei_marketplace.reviews.rules.texts import LONGEST_TEXT
from aei_marketplace.reviews.rules.views import Review
from aei_marketplace.reviews.service import OwnReview
from aei_marketplace.web.requests import TheActor, TheDeps, TheTrace, deps_of, trace_of
from aei_marketplace.web.shell.addresses import Address, address_of
from aei_marketplace.web.shell.forms import Form, FormRoute, TheForm, filled
from aei_marketplace.web.shell.rendering import PageContext, render

router = APIRouter(route_class=FormRoute)

_REVIEW = OWN + "/{review_id}"
_MOST = 30
Act = Callable[[Work], Awaitable[Review]]


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnPage(PageContext):
    """Somebody's reviews, the newest first."""

    reviews: Sequence[OwnReview]
    total: int
    next_cursor: str | None
    later: bool
    address: Address


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnReviewPage(PageContext):
    """One of them.

    Attributes:
        name: the plugin's.
        may: what its writer can do with it now.
        version: the one that they could review or confirm it for; None when there is none.
        appeal: the form of an appeal.
    """

    own: OwnReview
    name: str
    may: frozenset[Deed]
    version: str | None
    form: Form
    appeal: Form
    longest: int = LONGEST_TEXT


@router.get(OWN)
async def show_own(
    request: Request,
    deps: TheDeps,
    actor: TheActor,
    trace: TheTrace,
    cursor: Annotated[str | None, Query()] = None,
) -> Response:
    """What one wrote, decided or not."""
    async with deps.works.begin(actor, trace) as work:
        found = await service.list_own(work, PageWanted.read(_MOST, cursor))
    page = OwnPage(
        title="Your reviews",
        crumbs=(("Marketplace", "/marketplace"),),
        reviews=found.items,
        total=found.total,
        next_cursor=found.next_cursor,
        later=cursor is not None,
        address=address_of(request, "cursor"),
    )
    return await render(request, "reviews/own.html", page)


@router.get(_REVIEW)
async def show_review(review_id: UUID, request: Request, actor: TheActor) -> Response:
    """One's own review."""
    return await _page(request, actor, review_id)


@router.post(_REVIEW)
async def edit(review_id: UUID, request: Request, actor: TheActor, form: TheForm) -> Response:
    """Say something else; what was approved is read until staff have decided."""

    async def change(work: Work) -> Review:
        return await service.edit_review(work, review_id, words_of(form))

    try:
        return await _done(request, actor, change, "What you changed is kept.")
    except (Invalid, Conflict, TooMany) as refusal:
        return await _page(request, actor, review_id, form=form.refused(refusal), refusal=refusal)


@router.post(_REVIEW + "/confirm")
async def confirm(review_id: UUID, request: Request, actor: TheActor) -> Response:
    """Say that a review holds for the version that one's tenant has now."""

    async def hold(work: Work) -> Review:
        return await service.confirm_review(work, review_id)

    try:
        return await _done(request, actor, hold, "Your review stands for the newer version too.")
    except Conflict as refusal:
        return await _page(request, actor, review_id, form=Form().refused(refusal), refusal=refusal)


@router.post(_REVIEW + "/appeal")
async def appeal(review_id: UUID, request: Request, actor: TheActor, form: TheForm) -> Response:
    """Have staff look once more at a review that nobody reads."""

    async def ask(work: Work) -> Review:
        return await service.appeal_review(work, review_id, form.text("reason"))

    try:
        return await _done(request, actor, ask, "Your appeal waits. Another member of staff decides it.")
    except (Invalid, Conflict, TooMany) as refusal:
        return await _page(request, actor, review_id, appeal=form.refused(refusal), refusal=refusal)


async def _done(request: Request, actor: Actor, act: Act, said: str) -> Response:
    async with deps_of(request).works.begin(actor, trace_of(request)) as work:
        review = await act(work)
    return led_to(request, review, said)


async def _page(
    request: Request,
    actor: Actor,
    review_id: UUID,
    *,
    form: Form | None = None,
    appeal: Form | None = None,
    refusal: Refusal | None = None,
) -> Response:
    async with deps_of(request).works.begin(actor, trace_of(request)) as work:
        own = await service.find_review(work, review_id)
        plugin = await catalog.find_plugin(work, own.review.plugin_id)
        standing = await service.find_standing(work, plugin.id)
    name, said = str(plugin.document["name"]), own.review
    page = OwnReviewPage(
        title=f"Your review of {name}",
        crumbs=crumbs_to(plugin.id, name),
        own=own,
        name=name,
        may=next((each.may for each in standing.reviews if each.review.id == review_id), frozenset()),
        version=standing.version,
        # What was refused without a word of it having been typed shows the words that stand.
        form=_filled(form, said),
        appeal=appeal or Form(),
    )
    return await render(request, "reviews/review_of_mine.html", page, refusal.status if refusal else 200)


def _filled(form: Form | None, review: Review) -> Form:
    fresh = filled(rating=str(review.rating), text=review.text)
    if form is None:
        return fresh
    return form if form.values else Form(fresh.values, form.errors, form.refusal, form.advice)
