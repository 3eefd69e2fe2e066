"""Reviews of plugins, and their moderation."""

from builtins import list as list_of
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from aei_sdk.client.transport import Transport
from aei_sdk.client.values import (
    Happened,
    OwnReview,
    Page,
    ReviewBatch,
    ReviewList,
    WaitingReply,
    WaitingReview,
)


class Reviews:
    """Read and write reviews, answer them, and moderate them as staff."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def list(
        self,
        plugin_id: str,
        *,
        sort: str | None = None,
        version: str | None = None,
        rating: int | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> ReviewList:
        """A plugin's published reviews, and what its ratings come to.

        Args:
            sort: `newest`, `helpful`, `highest` or `lowest`.
            version, rating: only those with it.
        """
        query = {"sort": sort, "version": version, "rating": rating, "limit": limit, "cursor": cursor}
        page: ReviewList = await self._transport.get(f"/api/plugins/{quote(plugin_id)}/reviews", query)
        return page

    async def mine(self, *, limit: int | None = None, cursor: str | None = None) -> Page[OwnReview]:
        """Your own reviews, decided or not, the newest first."""
        query = {"limit": limit, "cursor": cursor}
        page: Page[OwnReview] = await self._transport.get("/api/plugins/reviews/mine", query)
        return page

    async def export(self) -> dict[str, Any]:
        """All that is kept of you: `reviews` with their history, `reports`, and what you found `helpful`."""
        own: dict[str, Any] = await self._transport.get("/api/plugins/reviews/mine/export")
        return own

    async def write(self, plugin_id: str, rating: int, text: str, *, version: str | None = None) -> OwnReview:
        """Review a plugin that your tenant installed; staff decide before others read it.

        Args:
            rating: from 1 to 5.
            version: the one that it is about; the installed one otherwise.
        """
        body = {"rating": rating, "text": text} | ({"version": version} if version else {})
        review: OwnReview = await self._transport.post(f"/api/plugins/{quote(plugin_id)}/reviews", body)
        return review

    async def edit(self, review_id: str, rating: int, text: str) -> OwnReview:
        """Say something else in a review of yours."""
        review: OwnReview = await self._transport.put(_place(review_id), {"rating": rating, "text": text})
        return review

    async def confirm(self, review_id: str) -> OwnReview:
        """Say that a review of yours holds for the version that your tenant has now."""
        review: OwnReview = await self._transport.post(f"{_place(review_id)}/confirm", None)
        return review

    async def appeal(self, review_id: str, reason: str) -> OwnReview:
        """Have somebody else of the staff look at a decision against a review of yours, once."""
        review: OwnReview = await self._transport.post(f"{_place(review_id)}/appeal", {"reason": reason})
        return review

    async def mark_helpful(self, review_id: str) -> int:
        """Say that a review helped you; how many said so."""
        answer = await self._transport.put(f"{_place(review_id)}/helpful", None)
        return int(answer["helpful"])

    async def unmark_helpful(self, review_id: str) -> None:
        """Take that back."""
        await self._transport.delete(f"{_place(review_id)}/helpful")

    async def report(self, review_id: str, kind: str, note: str = "") -> dict[str, Any]:
        """Complain about a review.

        Args:
            kind: `spam`, `abusive`, `off_topic`, `personal_data` or `paid`.
        """
        body = {"kind": kind, "note": note}
        report: dict[str, Any] = await self._transport.post(f"{_place(review_id)}/report", body)
        return report

    async def reply(self, review_id: str, text: str) -> dict[str, Any]:
        """Answer a review of your own plugin, once; staff decide before others read it."""
        reply: dict[str, Any] = await self._transport.post(f"{_place(review_id)}/reply", {"text": text})
        return reply

    async def queue(
        self,
        *,
        flag: str | None = None,
        plugin_id: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> Page[WaitingReview]:
        """Staff: what waits, what is due first.

        Args:
            flag: only with `near_duplicate`, `burst`, `new_accounts` or `links`.
        """
        query = {"flag": flag, "plugin": plugin_id, "limit": limit, "cursor": cursor}
        page: Page[WaitingReview] = await self._transport.get("/api/plugins/reviews/moderation", query)
        return page

    async def waiting_replies(
        self, *, limit: int | None = None, cursor: str | None = None
    ) -> Page[WaitingReply]:
        """Staff: the publishers' replies that wait."""
        query = {"replies": "true", "limit": limit, "cursor": cursor}
        page: Page[WaitingReply] = await self._transport.get("/api/plugins/reviews/moderation", query)
        return page

    async def decide(
        self, review_ids: Sequence[str], state: str, reason: str | None = None, *, replies: bool = False
    ) -> ReviewBatch:
        """Staff: decide about reviews alike; the answer says of each what happened.

        Args:
            state: `approved`, `rejected` or `hidden`; the last two with a reason.
            replies: about the publishers' replies to these reviews instead, which are not hidden.
        """
        body: dict[str, Any] = {"reviews": [*review_ids], "state": state, "reason": reason}
        if replies:
            body["replies"] = True
        batch: ReviewBatch = await self._transport.post("/api/plugins/reviews/decisions", body)
        return batch

    async def undo(self, batch_id: str) -> list_of[Happened]:
        """Staff: take your own decision back, within ten minutes."""
        answer = await self._transport.post(f"/api/plugins/reviews/decisions/{quote(batch_id)}/undo", None)
        happened: list_of[Happened] = answer["items"]
        return happened


def _place(review_id: str) -> str:
    return f"/api/plugins/reviews/{quote(review_id, safe='')}"
