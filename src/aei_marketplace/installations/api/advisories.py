"""The route that shows how far an advisory reaches."""

from typing import Any

from fastapi import APIRouter, Response

from aei_marketplace.installations import service
from aei_marketplace.installations.rules.views import Reached
from aei_marketplace.web.requests import TheActor, TheDeps, TheTrace
from aei_marketplace.web.responses import json_answer

router = APIRouter(prefix="/api/advisories", tags=["installations"])


@router.get("/{advisory_id}/affected")
async def read_affected(advisory_id: str, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Affected installations: your tenant's; all of them for staff; only numbers for the publisher."""
    async with deps.works.begin(actor, trace) as work:
        reached = await service.advisory_reach(work, advisory_id)
    total = sum(each.installations for each in reached)
    return json_answer({"items": [_shape(each) for each in reached], "installations": total})


def _shape(reached: Reached) -> dict[str, Any]:
    tenant = {"id": reached.tenant_id, "slug": reached.tenant} if reached.tenant_id else None
    return {
        "tenant": tenant,
        "plugin_id": reached.plugin_id,
        "version": reached.version,
        "installations": reached.installations,
    }
