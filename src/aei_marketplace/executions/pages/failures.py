"""Page of publishers: how their plugins failed lately, wherever they are installed."""

from dataclasses import dataclass

from fastapi import APIRouter, Request, Response

from aei_marketplace.executions import service
from aei_marketplace.executions.rules.failures import LOOKED_BACK, Failure
from aei_marketplace.executions.rules.words import End, end_of
from aei_marketplace.web.requests import TheActor, TheDeps, TheTrace
from aei_marketplace.web.shell.rendering import PageContext, render

router = APIRouter()

#: Among the publisher's pages, which are the catalogue's.
ERRORS = "/publisher/errors"


@dataclass(frozen=True, slots=True, kw_only=True)
class FailuresPage(PageContext):
    """Failures of the tenant's plugins, the latest first.

    Attributes:
        plugin: the one that the list is narrowed to.
        plugins: those that failed.
        days: how far back is looked.
    """

    failures: tuple[tuple[Failure, End], ...]
    plugin: str | None
    plugins: tuple[str, ...]
    days: int = LOOKED_BACK.days


@router.get(ERRORS)
async def list_failures(
    request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace, plugin: str = ""
) -> Response:
    """How plugins of the tenant failed."""
    async with deps.works.begin(actor, trace) as work:
        found = await service.list_failures(work)
    page = FailuresPage(
        title="Recent errors",
        crumbs=(("Publisher", "/publisher"),),
        failures=tuple((each, end_of(each.outcome)) for each in found if plugin in ("", each.plugin_id)),
        plugin=plugin or None,
        plugins=tuple(sorted({each.plugin_id for each in found})),
    )
    return await render(request, "executions/failures.html", page)
