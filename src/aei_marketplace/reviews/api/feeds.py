"""The feed of a plugin's reviews. Everybody gets the same, so it is asked for as nobody."""

from urllib.parse import quote
from xml.etree.ElementTree import Element, SubElement

from fastapi import APIRouter, Request, Response

from aei_marketplace.ground.actor import ANONYMOUS
from aei_marketplace.ground.paging import PageWanted
from aei_marketplace.reviews import service
from aei_marketplace.reviews.service import Listed, Selection
from aei_marketplace.web import atom
from aei_marketplace.web.requests import TheDeps, TheTrace
from aei_marketplace.web.visits import origin_of

router = APIRouter(prefix="/feeds/reviews", tags=["reviews"])
#: How many entries the feed has.
_LONGEST = 50


@router.get("/{plugin_id}.atom", response_class=Response)
async def get_reviews_feed(plugin_id: str, request: Request, deps: TheDeps, trace: TheTrace) -> Response:
    """The 50 newest reviews of a public plugin, with their replies, as Atom 1.0."""
    async with deps.works.begin(ANONYMOUS, trace) as work:
        page = await service.list_reviews(work, Selection(plugin_id), PageWanted(limit=_LONGEST))
    updated = max((listed.review.updated_at for listed in page.items), default=atom.NEVER)
    origin = origin_of(request)
    own = f"{origin}/feeds/reviews/{quote(plugin_id)}.atom"
    root = atom.begin_feed(own, f"Reviews of {plugin_id}", updated)
    for listed in page.items:
        _add_entry(root, listed, f"{origin}/marketplace/{quote(plugin_id)}?tab=reviews")
    return atom.feed_answer(request, atom.written(root), updated)


def _add_entry(root: Element, listed: Listed, address: str) -> None:
    review, reply = listed.review, listed.reply
    node = SubElement(root, "entry")
    atom.add_text(node, "id", f"urn:uuid:{review.review_id}")
    atom.add_text(node, "title", f"{review.rating} of 5 for {review.plugin_id} {review.version}")
    atom.add_date(node, review.updated_at)
    atom.add_text(SubElement(node, "author"), "name", review.author)
    answer = f"\n\n{reply.author} replies: {reply.text}" if reply else ""
    atom.add_text(node, "summary", review.text + answer)
    SubElement(node, "link", rel="alternate", type="text/html", href=address)
