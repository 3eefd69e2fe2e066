"""The route that searches the audit log."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response

from aei_marketplace.audit.service import Found, Wanted, search
from aei_marketplace.web.requests import TheActor, TheDeps, ThePage, TheTrace
from aei_marketplace.web.responses import page_answer

router = APIRouter(prefix="/api/audit", tags=["audit"])


@router.get("")
async def search_log(
    deps: TheDeps,
    actor: TheActor,
    trace: TheTrace,
    page: ThePage,
    by: Annotated[UUID | None, Query(alias="actor", description="an actor's id")] = None,
    action: Annotated[str | None, Query(max_length=100, description="for example plugin.publish")] = None,
    resource: Annotated[str | None, Query(max_length=300, description="a resource's id")] = None,
    since: Annotated[datetime | None, Query(description="from this moment on")] = None,
    until: Annotated[datetime | None, Query(description="before this moment")] = None,
) -> Response:
    """Audit entries, newest first. Admins see their tenant's, the operator sees all."""
    wanted = Wanted(by, action, resource, since, until)
    found = await search(deps.works, actor, trace, wanted, page)
    return page_answer(found, _shape)


def _shape(found: Found) -> dict[str, Any]:
    document = found.document
    return {
        "id": document["id"],
        "sequence": found.sequence,
        "at": document["at"],
        "actor": document["actor"]["id"],
        "actor_kind": document["actor"]["kind"],
        "tenant": document["tenant"],
        "action": document["action"],
        "resource_type": document["resource"]["type"],
        "resource_id": document["resource"]["id"],
        "outcome": document["outcome"],
        "reason": document["reason"] or found.personal.get("reason"),
        "context": document["context"],
        "personal": found.personal,
        "commitments": document["personal"],
        "trace_id": document["trace_id"],
    }
