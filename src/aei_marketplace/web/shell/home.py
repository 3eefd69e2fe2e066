"""The start: to the marketplace, or to what else somebody comes for."""

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from aei_marketplace.web.shell.forms import FormRoute
from aei_marketplace.web.shell.frame import look_around
from aei_marketplace.web.shell.rendering import PageContext, render

router = APIRouter(route_class=FormRoute, include_in_schema=False)


@router.get("/")
async def start(request: Request) -> Response:
    """To the first place of the navigation; who is not signed in is told what this is."""
    around = await look_around(request)
    if around.signed_in and around.places:
        return RedirectResponse(around.places[0].path, 303)
    return await render(request, "shell/start.html", PageContext(title="Welcome"))
