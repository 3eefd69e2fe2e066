"""Where the pages are, and what every one of them needs."""

from uuid import UUID

from fastapi import Request, Response
from starlette.responses import RedirectResponse

from aei_marketplace.executions import service
from aei_marketplace.web.shell.flashes import Flash, leave_flash

EXECUTIONS = "/executions"
RUN = f"{EXECUTIONS}/new"
TRY = "/marketplace/{plugin_id}/try"


def page_of(id: UUID) -> str:
    """An execution's page."""
    return f"{EXECUTIONS}/{id}"


def runs_of(request: Request) -> service.Runs:
    """The executions of this process."""
    runs: service.Runs = request.app.state.runs
    return runs


def to(request: Request, path: str, flash: Flash | None = None) -> Response:
    """The answer to a form: a page to look at next."""
    response = RedirectResponse(path, 303)
    if flash is not None:
        leave_flash(request, response, flash)
    return response
