"""Routes: read, make, change, order and count collections."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StrictInt

from aei_marketplace.collections import service
from aei_marketplace.collections.service import (
    Clicks,
    Collection,
    Content,
    Kind,
    Readable,
    Rotation,
    Shelf,
    State,
)
from aei_marketplace.ground.paging import Page
from aei_marketplace.ground.work import Work
from aei_marketplace.web.idempotency import OnceRoute
from aei_marketplace.web.requests import TheActor, TheDeps, ThePage, TheTrace, TheVisitor
from aei_marketplace.web.responses import json_answer, page_answer

router = APIRouter(prefix="/api/collections", tags=["collections"], route_class=OnceRoute)

IfMatch = Annotated[str | None, Header(description="the ETag that the change is based on")]
#: The API's names of what a change can change.
_FIELDS = {
    "title": "title",
    "description": "description",
    "plugins": "plugin_ids",
    "state": "state",
    "from_": "shown_from",
    "until": "shown_until",
    "rotation": "rotation",
    "slot": "slot",
}


class ContentBody(BaseModel):
    """What a collection holds and when it is shown. The rules say more about each limit."""

    model_config = ConfigDict(extra="forbid", validate_by_name=False)
    title: Annotated[str, Field(max_length=1000)] = Field("", examples=["Work with text"])
    description: Annotated[str, Field(max_length=4000)] = ""
    plugins: Annotated[list[Annotated[str, Field(max_length=200)]], Field(max_length=200)] = Field(
        [], description="plugin ids, in the order in which they are shown", examples=[["studio.langid"]]
    )
    from_: Annotated[AwareDatetime | None, Field(alias="from", description="shown from then on")] = None
    until: Annotated[AwareDatetime | None, Field(description="and no longer than this")] = None
    rotation: Annotated[
        str | None, Field(max_length=200, description="the group that takes turns by the week")
    ] = None
    slot: Annotated[StrictInt | None, Field(description="the place in that group, from 1")] = None


class NewBody(ContentBody):
    """A collection to make; it begins as a draft."""

    title: Annotated[str, Field(max_length=1000)] = Field(examples=["Work with text"])
    kind: Kind = Kind.CURATED


class ChangeBody(ContentBody):
    """What shall be different; what is left out stays."""

    state: State = State.DRAFT


class MoveBody(BaseModel):
    """How far a collection goes on the page."""

    model_config = ConfigDict(extra="forbid")
    by: Annotated[StrictInt, Field(ge=-1000, le=1000, description="places down; up when negative")]


class FlagBody(BaseModel):
    """For how many tenants a rotation turns."""

    model_config = ConfigDict(extra="forbid")
    percentage: Annotated[StrictInt, Field(description="of the tenants: 0 is off, 100 is on")]


@router.get("")
async def list_collections(
    request: Request,
    deps: TheDeps,
    actor: TheVisitor,
    trace: TheTrace,
    page: ThePage,
    state: Annotated[State | None, Query(description="for curators: those in this state")] = None,
) -> Response:
    """The collections that are open now, in the page's order, with the plugins that the caller sees."""
    shelf = shelf_of(request)
    async with deps.works.begin(actor, trace) as work:
        if state is None:
            return page_answer(await service.list_open(work, shelf, page), _shape)
        found = await service.list_collections(work, frozenset({state}), page)
        readable = await service.describe(work, shelf, found.items)
    return page_answer(Page(readable, found.next_cursor, found.total), _shape)


@router.post("", status_code=201)
async def create_collection(
    request: Request, body: NewBody, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """Make a draft of a collection."""
    wanted = replace(Content(body.title), **_values(body))
    async with deps.works.begin(actor, trace) as work:
        made = await service.create_collection(work, wanted, body.kind)
        return await _shown(request, work, made, 201)


@router.get("/rotations")
async def list_rotations(deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """The flags of rotations, for curators."""
    async with deps.works.begin(actor, trace) as work:
        found = await service.list_rotations(work)
    return page_answer(Page(found, None, len(found)), _rotation_shape)


@router.patch("/rotations/{name}")
async def switch_rotation(
    name: str, body: FlagBody, deps: TheDeps, actor: TheActor, trace: TheTrace, if_match: IfMatch = None
) -> Response:
    """Switch a rotation on, off, or on for some of the tenants."""
    async with deps.works.begin(actor, trace) as work:
        rotation = await service.switch_rotation(work, name, body.percentage, if_match)
    return json_answer(_rotation_shape(rotation), headers={"ETag": rotation.etag})


@router.get("/{collection_id}")
async def read_collection(
    request: Request, collection_id: UUID, deps: TheDeps, actor: TheVisitor, trace: TheTrace
) -> Response:
    """One collection."""
    async with deps.works.begin(actor, trace) as work:
        return await _shown(request, work, await service.find_collection(work, collection_id))


@router.patch("/{collection_id}")
async def change_collection(
    request: Request,
    collection_id: UUID,
    body: ChangeBody,
    deps: TheDeps,
    actor: TheActor,
    trace: TheTrace,
    if_match: IfMatch = None,
) -> Response:
    """Change a collection; `state` publishes, archives, or makes it a draft again."""
    values = _values(body)
    async with deps.works.begin(actor, trace) as work:
        changed = await service.change_collection(
            work, collection_id, lambda content: replace(content, **values), if_match
        )
        return await _shown(request, work, changed)


@router.post("/{collection_id}/undo")
async def undo_change(
    request: Request,
    collection_id: UUID,
    deps: TheDeps,
    actor: TheActor,
    trace: TheTrace,
    if_match: IfMatch = None,
) -> Response:
    """Take back the last change."""
    async with deps.works.begin(actor, trace) as work:
        return await _shown(request, work, await service.undo_change(work, collection_id, if_match))


@router.post("/{collection_id}/move", status_code=204)
async def move_collection(
    collection_id: UUID, body: MoveBody, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """Move a collection up or down the page."""
    async with deps.works.begin(actor, trace) as work:
        await service.move_collection(work, collection_id, body.by)
    return Response(status_code=204)


@router.get("/{collection_id}/clicks")
async def read_clicks(collection_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """How often its plugins were shown and opened in the last 28 days, for curators."""
    async with deps.works.begin(actor, trace) as work:
        found = await service.read_click_through(work, collection_id)
    return json_answer(
        {
            **_clicks_shape(found.total),
            "days": [_clicks_shape(day) for day in found.days],
            "plugins": {id: _clicks_shape(counted) for id, counted in sorted(found.plugins.items())},
        }
    )


def shelf_of(request: Request) -> Shelf:
    """The process's shelf of what is published."""
    shelf: Shelf = request.app.state.collection_shelf
    return shelf


def _values(body: ContentBody) -> dict[str, Any]:
    """What the caller named, under the names of Content."""
    values = {name: getattr(body, name) for name in body.model_fields_set if name in _FIELDS}
    if "plugins" in values:
        values["plugins"] = tuple(values["plugins"])
    if "rotation" in values and values["rotation"] is None:
        values.setdefault("slot", None)
    return {_FIELDS[name]: value for name, value in values.items()}


async def _shown(request: Request, work: Work, collection: Collection, status: int = 200) -> Response:
    (readable,) = await service.describe(work, shelf_of(request), [collection])
    return json_answer(_shape(readable), status, {"ETag": collection.etag})


def _shape(readable: Readable) -> Mapping[str, Any]:
    collection, content = readable.collection, readable.collection.content
    return {
        "id": collection.id,
        "slug": collection.slug,
        "kind": collection.kind,
        "title": content.title,
        "description": content.description,
        "plugins": [
            {"id": brief.id, "name": brief.name, "description": brief.description, "kind": brief.kind}
            for brief in readable.plugins
        ],
        "state": content.state,
        "shown": readable.shown,
        "from": content.shown_from,
        "until": content.shown_until,
        "rotation": content.rotation,
        "slot": content.slot,
        "position": collection.position,
        "version": collection.version,
        "created_at": collection.created_at,
        "updated_at": collection.updated_at,
    }


def _rotation_shape(rotation: Rotation) -> Mapping[str, Any]:
    return {"name": rotation.name, "percentage": rotation.percentage, "etag": rotation.etag}


def _clicks_shape(counted: Clicks) -> Mapping[str, Any]:
    return {
        "impressions": counted.impressions,
        "clicks": counted.clicks,
        "rate": None if counted.rate is None else round(counted.rate, 4),
    }
