"""The route that searches the audit log, and exports what it finds."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from starlette.responses import StreamingResponse

from aei_marketplace.audit.rules import lines
from aei_marketplace.audit.service import Found, Wanted, begin_export, exported, search
from aei_marketplace.web.requests import TheActor, TheDeps, ThePage, TheTrace
from aei_marketplace.web.responses import page_answer

router = APIRouter(prefix="/api/audit", tags=["audit"])
#: Media type, head and line of each form of export.
FORMS = {
    "csv": ("text/csv; charset=utf-8", lines.csv_head(), lines.csv_line),
    "jsonl": ("application/jsonl", b"", lambda shape: lines.json_line(shape) + b"\n"),
}


def wanted_of(
    by: Annotated[UUID | None, Query(alias="actor", description="an actor's id")] = None,
    action: Annotated[str | None, Query(max_length=100, description="for example plugin.publish")] = None,
    resource: Annotated[str | None, Query(max_length=300, description="a resource's id")] = None,
    since: Annotated[datetime | None, Query(description="from this moment on")] = None,
    until: Annotated[datetime | None, Query(description="before this moment")] = None,
    tenant: Annotated[UUID | None, Query(description="a tenant's id, for staff")] = None,
    text: Annotated[
        str | None, Query(alias="q", min_length=2, max_length=200, description="part of the entry's text")
    ] = None,
) -> Wanted:
    """Which entries the caller asks for; a time without a zone is UTC."""
    return Wanted(by, action, resource, _utc(since), _utc(until), tenant, text)


@router.get("")
async def search_log(
    deps: TheDeps,
    actor: TheActor,
    trace: TheTrace,
    page: ThePage,
    wanted: Annotated[Wanted, Depends(wanted_of)],
    form: Annotated[
        Literal["csv", "jsonl"] | None, Query(alias="format", description="export everything that is found")
    ] = None,
) -> Response:
    """Audit entries, newest first. Admins see their tenant's, the operator sees all."""
    if form is None:
        return page_answer(await search(deps.works, actor, trace, wanted, page), _shape)
    await begin_export(deps.works, actor, trace, wanted, form)
    media_type, head, line = FORMS[form]
    headers = {"Content-Disposition": f'attachment; filename="audit.{form}"', "Cache-Control": "no-store"}

    async def written() -> AsyncIterator[bytes]:
        yield head
        async for found in exported(deps.works, actor, trace, wanted):
            yield b"".join(line(_shape(item)) for item in found)

    return StreamingResponse(written(), media_type=media_type, headers=headers)


def _shape(found: Found) -> dict[str, Any]:
    return lines.public(found.document, found.sequence, found.personal)


def _utc(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment
