"""Pages: the forms that change one collection."""

from dataclasses import replace
from uuid import UUID

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from aei_marketplace.collections import service
from aei_marketplace.collections.errors import (
    CollectionConflict,
    CollectionStale,
    TooManyCollections,
)
from aei_marketplace.collections.pages.overview import COLLECTIONS
from aei_marketplace.collections.pages.showing import ONE, collection_page
from aei_marketplace.collections.pages.words import read_number, read_time
from aei_marketplace.collections.rules.content import Edit
from aei_marketplace.collections.rules.order import moved, without
from aei_marketplace.collections.service import State
from aei_marketplace.ground.errors import Invalid, Refusal
from aei_marketplace.web.requests import TheActor, TheDeps, TheTrace
from aei_marketplace.web.shell.flashes import Flash, leave_flash
from aei_marketplace.web.shell.forms import Form, FormRoute, TheForm, amiss

router = APIRouter(route_class=FormRoute)

_DONE = {
    State.PUBLISHED: "It is published.",
    State.DRAFT: "It is a draft again; nobody but curators sees it.",
    State.ARCHIVED: "It is archived. Undo brings it back.",
}


@router.post(ONE)
async def change_words(
    request: Request, collection_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace, form: TheForm
) -> Response:
    """Change title, description, time and rotation."""
    try:
        edit = _words(form)
        async with deps.works.begin(actor, trace) as work:
            await service.change_collection(work, collection_id, edit, form.text("seen"))
    except (Invalid, CollectionStale) as refusal:
        return await collection_page(request, actor, collection_id, form.refused(refusal), refusal)
    return _to(request, collection_id, Flash("It is saved."))


@router.post(ONE + "/plugins")
async def change_plugins(
    request: Request, collection_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace, form: TheForm
) -> Response:
    """Add, remove or move one plugin."""
    plugin_id, step = form.text("plugin"), form.text("step")
    try:
        edit = _step(step, plugin_id)
        async with deps.works.begin(actor, trace) as work:
            await service.change_collection(work, collection_id, edit, form.text("seen"))
    except (Invalid, CollectionStale, CollectionConflict) as refusal:
        return _to(request, collection_id, _said(refusal), "#plugins")
    place = "#plugins" if step == "remove" else f"#plugin-{plugin_id}"
    return _to(request, collection_id, Flash(_STEPS[step].format(plugin_id)), place)


@router.post(ONE + "/state")
async def change_state(
    request: Request, collection_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace, form: TheForm
) -> Response:
    """Publish, archive, or make it a draft again."""
    try:
        state = _state(form)
        async with deps.works.begin(actor, trace) as work:
            await service.change_collection(
                work, collection_id, lambda content: replace(content, state=state), form.text("seen")
            )
    except (Invalid, CollectionStale, CollectionConflict, TooManyCollections) as refusal:
        return _to(request, collection_id, _said(refusal))
    return _to(request, collection_id, Flash(_DONE[state]))


@router.post(ONE + "/undo")
async def undo_change(
    request: Request, collection_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace, form: TheForm
) -> Response:
    """Take back the last change."""
    try:
        async with deps.works.begin(actor, trace) as work:
            await service.undo_change(work, collection_id, form.text("seen"))
    except (CollectionStale, CollectionConflict, TooManyCollections) as refusal:
        return _to(request, collection_id, _said(refusal))
    return _to(request, collection_id, Flash("The last change is taken back."))


#: What is said after each step with a plugin.
_STEPS = {
    "add": "{} is added at the end.",
    "remove": "{} is removed.",
    "up": "{} is moved up.",
    "down": "{} is moved down.",
}


def _step(step: str, plugin_id: str) -> Edit:
    if step == "add":
        return lambda content: replace(content, plugin_ids=(*content.plugin_ids, plugin_id))
    if step == "remove":
        return lambda content: replace(content, plugin_ids=without(content.plugin_ids, plugin_id))
    if step not in _STEPS:
        raise amiss("step", "one of the page's buttons")
    by = -1 if step == "up" else 1
    return lambda content: replace(content, plugin_ids=moved(content.plugin_ids, plugin_id, by))


def _words(form: Form) -> Edit:
    shown_from, shown_until = read_time(form.text("from"), "from"), read_time(form.text("until"), "until")
    slot = read_number(form.text("slot"), "slot")
    return lambda content: replace(
        content,
        title=form.text("title"),
        description=form.text("description"),
        shown_from=shown_from,
        shown_until=shown_until,
        rotation=form.text("rotation") or None,
        slot=slot,
    )


def _state(form: Form) -> State:
    try:
        return State(form.text("state"))
    except ValueError as error:
        raise amiss("state", "one of the page's buttons") from error


def _said(refusal: Refusal) -> Flash:
    if not refusal.faults:
        return Flash(f"{refusal.detail} {refusal.next_step}", "danger")
    faults = "; ".join(fault.message for fault in refusal.faults)
    return Flash(f"{refusal.detail.rstrip('.')}: {faults}.", "danger")


def _to(request: Request, collection_id: UUID, flash: Flash, fragment: str = "") -> Response:
    response = RedirectResponse(f"{COLLECTIONS}/{collection_id}{fragment}", 303)
    leave_flash(request, response, flash)
    return response
