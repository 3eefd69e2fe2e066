"""How the pages of installations answer: a redirect to the operation, or how things stand by now."""

from dataclasses import dataclass
from uuid import UUID

from fastapi import Request, Response
from starlette.responses import RedirectResponse

from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.errors import Refusal
from aei_marketplace.installations import service
from aei_marketplace.installations.errors import NotAdmitted, NotAsSeen, PlanChanged
from aei_marketplace.installations.service import PluginAction
from aei_marketplace.web.requests import deps_of, trace_of
from aei_marketplace.web.shell.rendering import PageContext, render, wants_part

INSTALLED = "/marketplace/installed"
OPERATIONS = "/marketplace/operations"


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingPage(PageContext):
    """How a plugin stands in the tenant, after something else was wanted of it.

    Attributes:
        refusal: why that did not happen; None when there is only something to show.
    """

    action: PluginAction
    refusal: str | None
    advice: str = ""


def to_operation(operation_id: UUID) -> Response:
    """Lead to an operation: a script's request follows by itself and is given the part that it shows."""
    return RedirectResponse(f"{OPERATIONS}/{operation_id}", 303)


async def standing(request: Request, actor: Actor, plugin_id: str, refusal: Refusal) -> Response:
    """The action that fits by now, with why what was asked for did not happen."""
    deps = deps_of(request)
    async with deps.works.begin(actor, trace_of(request)) as work:
        fits = await service.actions_for(work, deps.aei_version, [plugin_id])
    page = StandingPage(
        title=plugin_id,
        crumbs=(("Marketplace", "/marketplace"),),
        action=fits[plugin_id],
        refusal=refusal.detail,
        advice=_for_people(refusal),
    )
    return await render(
        request, "installations/standing.html", page, refusal.status, part=wants_part(request)
    )


def in_dialog(response: Response) -> Response:
    """Have a script put a form that was sent from the dialog back into it."""
    response.headers.update({"HX-Retarget": "#consent", "HX-Reswap": "innerHTML"})
    return response


def led_away(request: Request, path: str) -> Response:
    """Lead the whole page somewhere, also when a script asked for a part."""
    if wants_part(request):
        return Response(status_code=204, headers={"HX-Redirect": path})
    return RedirectResponse(path, 303)


def _for_people(refusal: Refusal) -> str:
    # The others say what programs do next; a person is shown the button that does it.
    return refusal.next_step if isinstance(refusal, NotAdmitted | NotAsSeen | PlanChanged) else ""
