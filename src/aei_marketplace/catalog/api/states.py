"""The route that changes a release's state."""

from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from aei_marketplace.catalog import service
from aei_marketplace.catalog.api.shapes import etag_of, release_shape, tagged_answer
from aei_marketplace.catalog.errors import ReleaseChanged
from aei_marketplace.catalog.service import ReleaseState
from aei_marketplace.ground.work import Work
from aei_marketplace.web.requests import TheActor, TheDeps, TheTrace
from aei_marketplace.web.responses import matches

router = APIRouter(prefix="/api/plugins")


class StateWanted(BaseModel):
    """The state that a release is to have, with the reason and what to use instead."""

    model_config = ConfigDict(extra="forbid")

    state: ReleaseState
    reason: Annotated[str, Field(max_length=2000, pattern=r"^[^\x00]*$")] | None = None
    replacement: Annotated[str, Field(max_length=103)] | None = None


@router.patch("/{plugin_id}/versions/{version}")
async def change_state(
    plugin_id: str,
    version: str,
    body: StateWanted,
    request: Request,
    deps: TheDeps,
    actor: TheActor,
    trace: TheTrace,
) -> Response:
    """Deprecate, yank or list a release again as its publisher; quarantine, block or remove it as staff."""
    async with deps.works.begin(actor, trace) as work:
        if "if-match" in request.headers:
            await _require_unchanged(work, plugin_id, version, request.headers["if-match"])
        release = await service.change_state(
            work, plugin_id, version, body.state, body.reason, body.replacement
        )
    return tagged_answer(request, release_shape(release))


async def _require_unchanged(work: Work, plugin_id: str, version: str, seen: str) -> None:
    release = await service.find_release(work, plugin_id, version)
    if not matches(seen, etag_of(release_shape(release))):
        raise ReleaseChanged(f"{plugin_id} {version} is not what `If-Match` says.")
