"""Route of publishers: how their plugins failed lately, wherever they are installed."""

from fastapi import APIRouter, Response

from aei_marketplace.executions import service
from aei_marketplace.web.requests import TheActor, TheDeps, TheTrace
from aei_marketplace.web.responses import json_answer

router = APIRouter(prefix="/api", tags=["executions"])


@router.get("/publisher/errors")
async def list_failures(deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """How the tenant's plugins failed in the last 14 days, by release and outcome, the latest first.

    `own` counts the tenant's own runs. `elsewhere` is told once three other tenants met the same: at least so
    many times, 0 for fewer than ten; null otherwise.
    """
    async with deps.works.begin(actor, trace) as work:
        found = await service.list_failures(work)
    return json_answer({"items": found, "next_cursor": None, "total": len(found)})
