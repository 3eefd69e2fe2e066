"""Routes that find plugins."""

import re
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Request, Response

from aei_marketplace.catalog import service
from aei_marketplace.catalog.api.shapes import plugin_shape
from aei_marketplace.catalog.rules.searching import Criteria, Sort
from aei_marketplace.ground.paging import PageWanted
from aei_marketplace.web.requests import TheDeps, ThePage, deps_of, trace_of, unread_token, visitor_of
from aei_marketplace.web.responses import json_answer

router = APIRouter(prefix="/api/plugins", tags=["catalogue"])
SEARCH_PATH = re.compile("/api/plugins")
#: How numbers are written that both ways read alike.
_PLAIN_LIMIT = re.compile("[0-9]{1,9}")


class _Rest(msgspec.Struct):
    """What is asked for besides the criteria."""

    limit: int | None = None
    cursor: str | None = None
    facets: bool = False
    explain: bool = False


@router.get("")
async def search_plugins(
    request: Request,
    page: ThePage,
    q: Annotated[str | None, Query(description="words, a name or an id; at most 200 characters")] = None,
    category: str | None = None,
    kind: Annotated[str | None, Query(description="agent, model, tool or scanner")] = None,
    compatible_with: Annotated[str | None, Query(description="an AEI version, for example 2.3.1")] = None,
    publisher: Annotated[str | None, Query(description="a publisher's name or namespace")] = None,
    permission: Annotated[str | None, Query(description="one that is requested, or `none`")] = None,
    price: Annotated[str | None, Query(description="free or paid")] = None,
    certified: bool | None = None,
    sort: Sort = Sort.RELEVANCE,
    facets: bool = False,
    explain: Annotated[bool, Query(description="show the terms of each plugin's score")] = False,
) -> Response:
    """Find plugins. Without a token only public ones are found.

    `total_is_whole` is false when more match than were looked at: the most installed 1,000.
    """
    criteria = Criteria(q, category, kind, permission, price, publisher, certified, compatible_with, sort)
    return await _found(request, criteria, page, facets=facets, explain=explain)


async def search_at_once(request: Request) -> Response | None:
    """The same for what is asked plainly; None where the framework has to read it."""
    params = dict(request.query_params)
    if not _PLAIN_LIMIT.fullmatch(params.get("limit", "1")) or "null" in map(str.lower, params.values()):
        return None
    try:
        criteria = msgspec.convert(params, Criteria, strict=False)
        rest = msgspec.convert(params, _Rest, strict=False)
    except msgspec.ValidationError:
        return None
    page = PageWanted.read(rest.limit, rest.cursor)
    return await _found(request, criteria, page, facets=rest.facets, explain=rest.explain)


async def _found(
    request: Request, criteria: Criteria, page: PageWanted, *, facets: bool, explain: bool
) -> Response:
    if token := unread_token(request):
        found = await holders_of(request).search(token, trace_of(request), criteria, page, facets=facets)
    else:
        database, visitor = deps_of(request).works.database, await visitor_of(request)
        index = index_of(request)
        found = await service.search_plugins_for(index, database, visitor, criteria, page, facets=facets)
    items = [plugin_shape(plugin) for plugin in found.page.items]
    if explain:
        items = [{**item, "explained": found.parts[item["id"]].shape()} for item in items]
    body = {"items": items, "next_cursor": found.page.next_cursor, "total": found.page.total}
    body["total_is_whole"] = found.whole
    return json_answer({**body, "facets": found.facets} if facets else body)


@router.get("/suggestions")
async def suggest_plugins(
    request: Request,
    deps: TheDeps,
    q: Annotated[str, Query(description="what was typed so far")],
    limit: Annotated[int, Query(ge=1, le=20)] = 8,
) -> Response:
    """Plugins whose names begin with what was typed, the most installed first."""
    if token := unread_token(request):
        found = await holders_of(request).suggest(token, trace_of(request), q, limit)
    else:
        index, database, visitor = index_of(request), deps.works.database, await visitor_of(request)
        found = await service.suggest_plugins_for(index, database, visitor, q, limit)
    items = [{"id": p.id, "name": p.document["name"], "publisher": p.publisher_name} for p in found]
    return json_answer({"items": items})


def index_of(request: Request) -> service.SearchIndex:
    """The search index of this process."""
    index: service.SearchIndex = request.app.state.search_index
    return index


def holders_of(request: Request) -> service.Holders:
    """Who searched with tokens in this process."""
    holders: service.Holders = request.app.state.search_holders
    return holders
