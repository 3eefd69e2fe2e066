"""Routes: what the caller should know, what they have read, what they want to hear of."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.live import until_quiet
from aei_marketplace.notices import service
from aei_marketplace.notices.rules import preferences
from aei_marketplace.notices.rules.kind import Severity
from aei_marketplace.notices.service import News
from aei_marketplace.web.idempotency import OnceRoute
from aei_marketplace.web.requests import TheActor, TheDeps, ThePage, TheTrace
from aei_marketplace.web.responses import HEARTBEAT, event, events_answer, json_answer

router = APIRouter(prefix="/api/notices", tags=["notices"], route_class=OnceRoute)

#: After so many quiet seconds a follower looks again and sends a heartbeat.
QUIET_S = 5.0


class ReadBody(BaseModel):
    """Up to when everything is read."""

    model_config = ConfigDict(extra="forbid")
    up_to: Annotated[datetime | None, Field(description="`last_at` of the latest notice that was seen")] = (
        None
    )


class PreferencesBody(BaseModel):
    """All choices; what is left out takes its default."""

    model_config = ConfigDict(extra="forbid")
    preferences: Annotated[
        dict[str, dict[str, str]],
        Field(
            description="kind → channel → setting",
            max_length=200,
            examples=[{"update.asks_more": {"mail": "off", "product": "on"}}],
        ),
    ]


@router.get("")
async def list_notices(
    deps: TheDeps,
    actor: TheActor,
    trace: TheTrace,
    page: ThePage,
    unread: Annotated[bool, Query(description="only what the caller has not read")] = False,
    kind: Annotated[str | None, Query(max_length=60)] = None,
    severity: Severity | None = None,
) -> Response:
    """What the caller should know, the latest first, with the number that is unread in all."""
    async with deps.works.begin(actor, trace) as work:
        inbox = await service.list_notices(work, page, unread=unread, kind=kind, severity=severity)
    return json_answer(
        {
            "items": [notice.shape() for notice in inbox.page.items],
            "next_cursor": inbox.page.next_cursor,
            "total": inbox.page.total,
            "unread": inbox.unread,
        }
    )


@router.get("/events")
async def follow_notices(deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Server-sent events `notices`: how many are unread, and the latest; now and with each change."""
    await _read(deps, actor, trace)
    return events_answer(_changes(deps, actor, trace))


@router.get("/preferences")
async def read_preferences(deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Each kind of notice with what holds on each channel, and what cannot be chosen, with the reason."""
    async with deps.works.begin(actor, trace) as work:
        return _shown(await service.find_preferences(work))


@router.put("/preferences")
async def save_preferences(
    body: PreferencesBody, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """Keep the caller's choices, in the place of all others."""
    async with deps.works.begin(actor, trace) as work:
        return _shown(await service.save_preferences(work, body.preferences))


@router.post("/read")
async def mark_all_read(
    deps: TheDeps, actor: TheActor, trace: TheTrace, body: ReadBody | None = None
) -> Response:
    """Mark everything read that the caller can see."""
    async with deps.works.begin(actor, trace) as work:
        return json_answer({"marked": await service.mark_all_read(work, body.up_to if body else None)})


@router.post("/{notice_id}/read")
async def mark_read(notice_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Mark one notice read."""
    async with deps.works.begin(actor, trace) as work:
        return json_answer((await service.mark_read(work, notice_id)).shape())


async def _changes(deps: Deps, actor: Actor, trace: str) -> AsyncIterator[bytes]:
    with deps.live.listen(f"notices:{actor.tenant or 'staff'}") as queue:
        # Read after listening has begun, so that no change falls between the two.
        told = _news(await _read(deps, actor, trace))
        yield event("notices", told)
        async for _ in until_quiet(queue, QUIET_S):
            now = _news(await _read(deps, actor, trace))
            yield event("notices", now) if now != told else HEARTBEAT
            told = now


async def _read(deps: Deps, actor: Actor, trace: str) -> News:
    async with deps.works.begin(actor, trace) as work:
        return await service.news(work)


def _news(news: News) -> dict[str, Any]:
    return {"unread": news.unread, "latest": None if news.latest is None else news.latest.shape()}


def _shown(chosen: preferences.Chosen) -> Response:
    items = preferences.shape(chosen)
    return json_answer({"items": items, "next_cursor": None, "total": len(items)})
