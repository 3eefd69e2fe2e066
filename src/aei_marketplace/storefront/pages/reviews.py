"""The reviews of a plugin on its page: what they come to, and the reviews themselves in an order."""

import re
from dataclasses import dataclass

from fastapi import Request

from aei_marketplace.catalog.service import PluginView
from aei_marketplace.ground.paging import PageWanted
from aei_marketplace.ground.work import Work
from aei_marketplace.reviews.rules.showing import Bar, Point, bars_of, points_of
from aei_marketplace.reviews.rules.views import Order
from aei_marketplace.reviews.service import Listed, Rating, Selection, Standing, showing
from aei_marketplace.reviews.service.showing import Reactions
from aei_marketplace.storefront.pages.facets import Way
from aei_marketplace.web.shell.addresses import Address

#: What addresses call the parameters of this part of the page.
PARAMETERS = ("order", "stars", "about")
_ORDERS = {
    Order.NEWEST: "Newest",
    Order.HELPFUL: "Most helpful",
    Order.HIGHEST: "Best first",
    Order.LOWEST: "Worst first",
}
#: So many are shown at once.
_MOST = 10
_VERSION = re.compile(r"[!-~]{1,64}")


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address asks of the reviews; what it says amiss is passed over.

    Attributes:
        stars: only with this rating; None for any.
        version: only about this version; None for any.
    """

    order: Order
    stars: int | None
    version: str | None
    page: PageWanted


@dataclass(frozen=True, slots=True)
class StarRow:
    """How many gave so many stars, and the way to those alone."""

    stars: int
    count: int
    share: float
    href: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class ReviewBlock:
    """The reviews of a plugin.

    Attributes:
        rating: what all of them come to.
        rows: how they spread.
        points: the average of each of the newest versions, the oldest first.
        listed: those that are shown.
        total: how many there are of what is asked for.
        orders, chosen: ways to another order, and back without a filter.
        here: the address of this part, as it is.
    """

    rating: Rating
    rows: tuple[StarRow, ...]
    points: tuple[Point, ...]
    listed: tuple[Listed, ...]
    total: int
    next_cursor: str | None
    later: bool
    standing: Standing
    reactions: Reactions
    orders: tuple[Way, ...]
    chosen: tuple[Way, ...]
    here: str


def asked_of(request: Request, page: PageWanted) -> Asked:
    """What an address asks for."""
    query = request.query_params
    order = query.get("order", "")
    stars, about = query.get("stars", ""), query.get("about", "")
    return Asked(
        order=Order(order) if order in set(Order) else Order.NEWEST,
        stars=int(stars) if stars in {"1", "2", "3", "4", "5"} else None,
        version=about if _VERSION.fullmatch(about) else None,
        page=PageWanted(_MOST, page.after),
    )


async def read_reviews(work: Work, plugin: PluginView, asked: Asked, address: Address) -> ReviewBlock:
    """The reviews of a plugin that was found in this work.

    Raises:
        Invalid: the cursor is of another list.
    """
    wanted = Selection(plugin.id, asked.version, asked.stars, asked.order)
    shown = await showing.read_reviews(work, plugin, wanted, asked.page)
    return ReviewBlock(
        rating=shown.rating,
        rows=tuple(_row(bar, asked, address) for bar in bars_of(shown.rating)),
        points=points_of(shown.rating),
        listed=tuple(shown.listed.items),
        total=shown.listed.total,
        next_cursor=shown.listed.next_cursor,
        later=asked.page.after is not None,
        standing=shown.standing,
        reactions=shown.reactions,
        orders=_orders(asked, address),
        chosen=_chosen(asked, address),
        here=address.but(),
    )


def _row(bar: Bar, asked: Asked, address: Address) -> StarRow:
    chosen = bar.stars == asked.stars
    href = address.but(stars=None if chosen else str(bar.stars), cursor=None)
    return StarRow(bar.stars, bar.count, bar.share, href, chosen)


def _orders(asked: Asked, address: Address) -> tuple[Way, ...]:
    return tuple(
        Way(label, address.but(order=str(order), cursor=None), str(order), chosen=order is asked.order)
        for order, label in _ORDERS.items()
    )


def _chosen(asked: Asked, address: Address) -> tuple[Way, ...]:
    labels = {
        "stars": f"{asked.stars} star{'' if asked.stars == 1 else 's'}" if asked.stars else None,
        "about": f"Version {asked.version}" if asked.version else None,
    }
    return tuple(
        Way(label, address.but(**{name: None, "cursor": None}), name)
        for name, label in labels.items()
        if label
    )
