"""Routes of the reviews."""

from fastapi import APIRouter

from aei_marketplace.reviews.api import feeds, moderating, reading, writing

router = APIRouter()
# What waits has a fixed word where others have the id of a review.
for _part in (moderating, reading, writing):
    router.include_router(_part.router, prefix="/api/plugins", tags=["reviews"])
router.include_router(feeds.router)
