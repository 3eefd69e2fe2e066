"""Pages of the reviews. Matched in this order: fixed words come before the ids of reviews and of plugins."""

from fastapi import APIRouter

from aei_marketplace.reviews.pages import (
    answering,
    deciding,
    moderation,
    own,
    policy,
    rating,
    replies,
    writing,
)
from aei_marketplace.reviews.pages.appeals import show_appeal
from aei_marketplace.reviews.pages.words import MODERATION, seen_by

router = APIRouter(include_in_schema=False)
for _part in (moderation, replies, policy, deciding, own, answering, writing, rating):
    router.include_router(_part.router)

__all__ = ["MODERATION", "router", "seen_by", "show_appeal"]
