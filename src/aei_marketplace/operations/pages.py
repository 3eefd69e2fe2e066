"""Page of staff: what runs in the background, what waits, and what gave up."""

from dataclasses import dataclass

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from aei_marketplace.operations import service
from aei_marketplace.operations.errors import JobNotFound
from aei_marketplace.operations.service import Background
from aei_marketplace.web.requests import TheActor, TheDeps, TheTrace
from aei_marketplace.web.shell.flashes import Flash, leave_flash
from aei_marketplace.web.shell.forms import FormRoute, TheForm
from aei_marketplace.web.shell.rendering import PageContext, render

router = APIRouter(route_class=FormRoute, include_in_schema=False)

OPERATIONS = "/admin/operations"


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationsPage(PageContext):
    """What runs in the background."""

    background: Background


@router.get(OPERATIONS)
async def show_queue(request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """The queue and the operations."""
    background = await service.look_at_queue(deps.works, actor, trace)
    return await render(
        request, "operations/queue.html", OperationsPage(title="Operations", background=background)
    )


@router.post(OPERATIONS + "/retry")
async def retry(request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace, form: TheForm) -> Response:
    """Have a job that gave up tried again."""
    given = form.text("job")
    flash = Flash("The job waits for its turn again.")
    try:
        await service.retry_job(deps.works, actor, trace, int(given) if _is_id(given) else 0)
    except JobNotFound as refusal:
        flash = Flash(f"{refusal.detail} {refusal.next_step}", "warn")
    response = RedirectResponse(OPERATIONS, 303)
    leave_flash(request, response, flash)
    return response


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10
