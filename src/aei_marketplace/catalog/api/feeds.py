"""Routes of the feeds. Everybody gets the same, so they are asked for as nobody."""

from fastapi import APIRouter, Request, Response

from aei_marketplace.catalog import service
from aei_marketplace.catalog.api.atom import changed_at, render_advisories, render_feed
from aei_marketplace.catalog.rules.feeds import LONGEST, Feed
from aei_marketplace.ground.actor import ANONYMOUS
from aei_marketplace.ground.paging import PageWanted
from aei_marketplace.web.atom import feed_answer
from aei_marketplace.web.requests import TheDeps, TheTrace
from aei_marketplace.web.visits import origin_of

router = APIRouter(prefix="/feeds")


@router.get("/advisories.atom", response_class=Response)
async def get_advisories(request: Request, deps: TheDeps, trace: TheTrace) -> Response:
    """The 50 latest advisories about public plugins, withdrawn ones too, as Atom 1.0."""
    async with deps.works.begin(ANONYMOUS, trace) as work:
        found = (await service.list_advisories(work, PageWanted(limit=LONGEST))).items
    return feed_answer(request, render_advisories(found, origin_of(request)))


@router.get("/{feed}.atom", response_class=Response)
async def get_feed(feed: Feed, request: Request, deps: TheDeps, trace: TheTrace) -> Response:
    """The 50 newest of public plugins, of their releases, or of what was taken out of use, as Atom 1.0."""
    async with deps.works.begin(ANONYMOUS, trace) as work:
        entries = await service.feed_entries(work, feed)
    return feed_answer(request, render_feed(feed, entries, origin_of(request)), changed_at(entries))
