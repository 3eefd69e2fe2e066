"""The head of a section: leads to the first place in it that the visitor may see."""

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from aei_marketplace.ground.errors import NotAllowed
from aei_marketplace.web.requests import TheActor
from aei_marketplace.web.shell.frame import Frame, places_below

router = APIRouter(include_in_schema=False)

ADMINISTRATION = "/admin"


@router.get(ADMINISTRATION)
async def administration(request: Request, actor: TheActor) -> Response:
    """Administration, of a tenant or of the marketplace."""
    frame: Frame = request.app.state.frame
    places = places_below(frame, ADMINISTRATION, actor)
    if not places:
        raise NotAllowed("Your role administers nothing here.")
    return RedirectResponse(places[0].path, 303)
