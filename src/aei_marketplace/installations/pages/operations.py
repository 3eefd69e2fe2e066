"""Pages: an operation on a plugin while it goes on, and how it ended."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from aei_marketplace.ground.actor import Actor
from aei_marketplace.installations import service
from aei_marketplace.installations.pages.answers import OPERATIONS
from aei_marketplace.installations.service import Aftermath
from aei_marketplace.operations import service as operations
from aei_marketplace.operations.errors import OperationNotFound
from aei_marketplace.operations.service import Operation
from aei_marketplace.web.requests import TheActor, TheDeps, TheTrace, deps_of, trace_of
from aei_marketplace.web.responses import HEARTBEAT, events_answer, text_event
from aei_marketplace.web.shell.forms import FormRoute
from aei_marketplace.web.shell.rendering import PageContext, fill, render, wants_part

router = APIRouter(route_class=FormRoute, include_in_schema=False)

#: So many operations are followed by one page.
MOST_FOLLOWED = 200
_KINDS = ("install", "update", "uninstall")
_TITLES = {"install": "Install", "update": "Update", "uninstall": "Uninstall"}


@dataclass(frozen=True, slots=True)
class Shown:
    """An operation as a page shows it to one reader.

    Attributes:
        may_act: whether the reader may try it again.
    """

    operation: Operation
    after: Aftermath
    may_act: bool
    now: datetime

    @property
    def problem(self) -> dict[str, Any]:
        """Why it failed: a problem document; empty unless it did."""
        return dict(self.operation.problem or {})


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationPage(PageContext):
    """One operation."""

    shown: Shown


@router.get(OPERATIONS + "/events")
async def follow(
    request: Request,
    deps: TheDeps,
    actor: TheActor,
    trace: TheTrace,
    of: Annotated[list[UUID], Query(min_length=1, max_length=MOST_FOLLOWED)],
) -> Response:
    """Server-sent events `operation-ID` with the piece of the page that shows it, then `end`."""
    async with deps.works.begin(actor, trace) as work:
        for operation in await operations.find_operations(work, of):
            _require_ours(operation)
    return events_answer(_pieces(request, actor, of))


@router.get(OPERATIONS + "/{operation_id}")
async def show(
    request: Request, operation_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """How an operation stands."""
    async with deps.works.begin(actor, trace) as work:
        operation = await operations.find_operation(work, operation_id)
    _require_ours(operation)
    page = OperationPage(
        title=f"{_TITLES[operation.kind]} {operation.plugin_id}",
        crumbs=(("Marketplace", "/marketplace"), ("Installed", "/marketplace/installed")),
        shown=await _shown(request, actor, operation),
    )
    return await render(request, "installations/operation.html", page, part=wants_part(request))


async def _pieces(request: Request, actor: Actor, ids: Sequence[UUID]) -> AsyncIterator[bytes]:
    async for operation in operations.follow(deps_of(request), actor, trace_of(request), ids):
        if operation is None:
            yield HEARTBEAT
            continue
        shown = await _shown(request, actor, operation)
        piece = fill(request, "installations/piece.html", shown=shown)
        yield text_event(f"operation-{operation.id}", piece)
    yield text_event("end", "all have ended")


async def _shown(request: Request, actor: Actor, operation: Operation) -> Shown:
    async with deps_of(request).works.begin(actor, trace_of(request)) as work:
        after = await service.find_aftermath(work, operation)
    return Shown(operation, after, actor.may("plugin.install"), work.now)


def _require_ours(operation: Operation) -> None:
    if operation.kind not in _KINDS or operation.plugin_id is None:
        raise OperationNotFound(f"The operation {operation.id} is about no installation.")
