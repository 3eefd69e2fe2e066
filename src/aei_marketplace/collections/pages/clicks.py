"""The address that a section's links lead to: it counts, and leads on to the listing."""

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from aei_marketplace.catalog.rules.names import check_plugin_id
from aei_marketplace.collections.service import ClickCounter
from aei_marketplace.web.requests import TheVisitor

router = APIRouter()


@router.get("/marketplace/c/{slug}/{plugin_id}")
async def follow(request: Request, slug: str, plugin_id: str, actor: TheVisitor) -> Response:
    """Count a click and show the listing; an old or mistyped link leads there too, uncounted."""
    listing = f"/marketplace/{check_plugin_id(plugin_id)}"
    counter: ClickCounter = request.app.state.click_counter
    await counter.note_click(slug, plugin_id, actor, request.headers)
    return RedirectResponse(listing, 303, {"Cache-Control": "no-store"})
