"""What can be done with reviews."""

from aei_marketplace.reviews.rules.rating import Rating
from aei_marketplace.reviews.rules.reporting import Report
from aei_marketplace.reviews.rules.views import Published, Reply, Review, ReviewState
from aei_marketplace.reviews.service.answering import mark_helpful, reply_to_review, report_review
from aei_marketplace.reviews.service.following import forget_person, rate_plugin, weigh_reports
from aei_marketplace.reviews.service.moderating import (
    change_policy,
    decide_reply,
    decide_review,
    find_policy,
)
from aei_marketplace.reviews.service.reading import (
    Listed,
    OwnReview,
    Waiting,
    find_rating,
    find_review,
    list_own,
    list_reviews,
    list_waiting,
    list_waiting_replies,
)
from aei_marketplace.reviews.service.writing import Words, confirm_review, edit_review, write_review
from aei_marketplace.reviews.store.published import Selection

__all__ = [
    "Listed",
    "OwnReview",
    "Published",
    "Rating",
    "Reply",
    "Report",
    "Review",
    "ReviewState",
    "Selection",
    "Waiting",
    "Words",
    "change_policy",
    "confirm_review",
    "decide_reply",
    "decide_review",
    "edit_review",
    "find_policy",
    "find_rating",
    "find_review",
    "forget_person",
    "list_own",
    "list_reviews",
    "list_waiting",
    "list_waiting_replies",
    "mark_helpful",
    "rate_plugin",
    "reply_to_review",
    "report_review",
    "weigh_reports",
    "write_review",
]
