"""How the pages look to this visitor: theme and density, kept in cookies."""

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from aei_marketplace.web.shell.forms import FormRoute, TheForm
from aei_marketplace.web.shell.frame import DENSITY_COOKIE, THEME_COOKIE, THEMES
from aei_marketplace.web.shell.returning import safe_path

router = APIRouter(route_class=FormRoute, include_in_schema=False)

_YEAR_S = 365 * 24 * 3600
_DENSITIES = ("comfortable", "compact")


@router.post("/appearance")
async def choose(request: Request, form: TheForm) -> Response:
    """Remember a choice and return to the page that it was made on."""
    response = RedirectResponse(safe_path(form.text("next")), 303)
    if form.ticked("theme"):
        _keep(request, response, THEME_COOKIE, form.text("theme"), THEMES)
    if form.ticked("density"):
        _keep(request, response, DENSITY_COOKIE, form.text("density"), _DENSITIES)
    return response


def _keep(request: Request, response: Response, cookie: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:  # the theme of the system needs no cookie
        response.delete_cookie(cookie)
        return
    response.set_cookie(
        cookie, value, max_age=_YEAR_S, httponly=True, samesite="lax", secure=request.url.scheme == "https"
    )
