"""Routes of the kill list."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse

from aei_marketplace.catalog import service
from aei_marketplace.web.requests import TheDeps, TheTrace, TheVisitor
from aei_marketplace.web.responses import json_answer, matches

router = APIRouter(prefix="/api/kill-list")


@router.get("", response_class=PlainTextResponse)
async def get_kill_list(request: Request, deps: TheDeps, visitor: TheVisitor, trace: TheTrace) -> Response:
    """What is blocked, as a C2SP signed note. Needs no token; send `If-None-Match` to ask for news."""
    async with deps.works.begin(visitor, trace) as work:
        listed = await service.find_kill_list(work)
    headers = {"ETag": f'"{listed.serial}"', "Cache-Control": "no-cache"}
    if matches(request.headers.get("if-none-match"), headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return PlainTextResponse(listed.note, headers=headers)


@router.get("/key")
async def get_key(deps: TheDeps, visitor: TheVisitor, trace: TheTrace) -> Response:
    """The key that checks the list. Compare it with what the operator tells you by another way."""
    async with deps.works.begin(visitor, trace) as work:
        listed = await service.find_kill_list(work)
    return json_answer({"key": listed.verifying_key})
