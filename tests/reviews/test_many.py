"""What the bench fills a marketplace with is read, moderated and searched like what people write."""

import pytest

from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.bench import reviews as bench
from aei_marketplace.ground.actor import ANONYMOUS, Actor
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.paging import PageWanted
from aei_marketplace.reviews import service
from aei_marketplace.reviews.service import FlagKind, QueueSelection, Selection
from tests.builders import Tenant


async def test_many_reviews_are_counted_queued_and_their_copies_found(
    deps: Deps, urls: DatabaseUrls, globex: Tenant, moderator: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench, "PLUGIN", "acme.echo")
    said = bench.texts(40)
    await bench.fill(urls, bench.Sizes(listing=100, queue=200, reviews=3000, times=20), said)
    async with deps.works.begin(ANONYMOUS) as work:
        page = await service.list_reviews(work, Selection("acme.echo", rating=5), PageWanted(10))
        rating = await service.find_rating(work, "acme.echo")
    assert (len(page.items), page.total, rating.count) == (10, 20, 100)
    async with deps.works.begin(moderator) as work:
        counted = await service.count_queue(work)
        flagged = await service.list_waiting(work, PageWanted(5), QueueSelection(flag=FlagKind.LINKS))
    assert (counted.waiting, counted.flagged[FlagKind.LINKS], flagged.total) == (200, 10, 10)
    due = [item.review.due_at for item in flagged.items]
    assert due == sorted(due)
    looked = await bench.look_for_copies(urls, said, 20)
    assert looked["near_duplicate.found"] >= 0.8
