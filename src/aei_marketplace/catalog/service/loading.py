"""Filling the catalogue with listings that nobody published, for tests and benchmarks."""

from collections.abc import Callable, Sequence
from itertools import islice
from uuid import UUID

from aei_marketplace.catalog.rules.loading import NAMESPACE, read_listings
from aei_marketplace.catalog.store import loading, publishers
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.work import Works

_BATCH = 2_000


async def load_listings(
    works: Works, tenant: UUID, lines: Sequence[str], limit: int, told: Callable[[int], None]
) -> int:
    """Add listings under the namespace `catalogue`, as many as are not there yet; how many were added.

    Each batch is a work of its own: what was loaded before an interruption stays, and loading again goes on.

    Args:
        tenant: who is to own them.
        lines: a table as `read_listings` takes it.
        told: is told how many lines were looked at so far.

    Raises:
        ValueError: the table cannot be read.
    """
    listings, added, seen = read_listings(lines, limit), 0, 0
    publisher = await _publisher(works, tenant)
    while batch := list(islice(listings, _BATCH)):
        async with works.system("catalog.load") as work:
            added += await loading.add_listings(work, publisher, tenant, batch)
        seen += len(batch)
        told(seen)
    async with works.system("catalog.load") as work:
        work.record(Fact("catalog.load", "namespace", NAMESPACE, context={"added": added}))
    return added


async def _publisher(works: Works, tenant: UUID) -> UUID:
    async with works.system("catalog.load") as work:
        await publishers.add_publisher(work, tenant, "Catalogue")
        publisher = await publishers.find_publisher(work, tenant)
        assert publisher is not None
        await publishers.add_namespace(work, NAMESPACE, publisher)
        return publisher
