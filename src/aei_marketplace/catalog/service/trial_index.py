"""An index of listings that no database holds, to try what comes first."""

import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from aei_marketplace.catalog.rules.loading import NAMESPACE, Loaded
from aei_marketplace.catalog.rules.searching import Criteria
from aei_marketplace.catalog.store.index import layout
from aei_marketplace.catalog.store.index.asking import Reader
from aei_marketplace.catalog.store.index.documents import Document
from aei_marketplace.catalog.store.index.facts import Facts
from aei_marketplace.catalog.store.index.feeding import Feeder
from aei_marketplace.catalog.store.index.matching import Viewer

Find = Callable[[str, int], list[str]]


@contextmanager
def trial_index(listings: Iterable[Loaded]) -> Iterator[Find]:
    """Fill an index; gives what answers a query with so many ids, the best first, until the block ends.

    Args:
        listings: the more installed they are the earlier. Nobody has rated them, and none is certified.
    """
    with (
        tempfile.TemporaryDirectory(prefix="aei-trial-") as folder,
        closing(layout.create(Path(folder) / "index.sqlite")) as connection,
    ):
        facts = Facts()
        feeder = Feeder(connection, facts)
        feeder.fill(_document(listing) for listing in listings)
        feeder.finish()
        reader, anybody = Reader(connection, facts), Viewer(tenant=None, staff=False)

        def find(query: str, limit: int) -> list[str]:
            return [hit.id for hit in reader.search(Criteria(q=query), anybody, limit).hits]

        yield find


def _document(listing: Loaded) -> Document:
    manifest = listing.manifest
    return Document(
        id=listing.id,
        name=manifest["name"],
        description=manifest["description"],
        keywords=(),
        categories=tuple(manifest["categories"]),
        kind=manifest["kind"],
        permissions=tuple(sorted(manifest["permissions"])),
        pricing_model=manifest["pricing"]["model"],
        namespace=NAMESPACE,
        publisher=NAMESPACE,
        installs=listing.installs,
        rating_total=0.0,
        rating_weight=0.0,
        updated_at=0.0,
        audience=None,
        offered=True,
        certified=False,
        spans=(),
        changed_in="0",
    )
