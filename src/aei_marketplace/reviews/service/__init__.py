"""What can be done with reviews."""

from aei_marketplace.reviews.rules.flags import Flag, FlagKind
from aei_marketplace.reviews.rules.policy import Policy
from aei_marketplace.reviews.rules.rating import Rating, Score, ScorePart
from aei_marketplace.reviews.rules.reporting import Report, ReportKind
from aei_marketplace.reviews.rules.standing import Deed
from aei_marketplace.reviews.rules.views import (
    Order,
    Published,
    QueueOrder,
    QueueSelection,
    Reply,
    Review,
    ReviewState,
    Selection,
)
from aei_marketplace.reviews.service.answering import mark_helpful, reply_to_review, report_review
from aei_marketplace.reviews.service.appealing import DESK, appeal_review, decide_appeal
from aei_marketplace.reviews.service.batches import (
    Batch,
    Happened,
    decide_replies,
    decide_reviews,
    forget_undos,
    undo_decisions,
)
from aei_marketplace.reviews.service.examining import examine
from aei_marketplace.reviews.service.exporting import OwnData, export_own
from aei_marketplace.reviews.service.following import (
    Writer,
    forget_person,
    list_writers,
    rate_plugin,
    weigh_reports,
)
from aei_marketplace.reviews.service.moderating import (
    change_policy,
    decide_review,
    find_policy,
)
from aei_marketplace.reviews.service.queue import (
    Link,
    QueueCount,
    Waiting,
    count_queue,
    find_waiting,
    list_waiting,
    look_at_queue,
)
from aei_marketplace.reviews.service.reading import (
    Listed,
    OwnReview,
    OwnStanding,
    Standing,
    explain_score,
    find_rating,
    find_review,
    find_standing,
    list_own,
    list_reviews,
)
from aei_marketplace.reviews.service.replies import WaitingReply, decide_reply, list_waiting_replies
from aei_marketplace.reviews.service.writing import Words, confirm_review, edit_review, write_review
from aei_marketplace.reviews.store.evidence import Alike

__all__ = [
    "DESK",
    "Alike",
    "Batch",
    "Deed",
    "Flag",
    "FlagKind",
    "Happened",
    "Link",
    "Listed",
    "Order",
    "OwnData",
    "OwnReview",
    "OwnStanding",
    "Policy",
    "Published",
    "QueueCount",
    "QueueOrder",
    "QueueSelection",
    "Rating",
    "Reply",
    "Report",
    "ReportKind",
    "Review",
    "ReviewState",
    "Score",
    "ScorePart",
    "Selection",
    "Standing",
    "Waiting",
    "WaitingReply",
    "Words",
    "Writer",
    "appeal_review",
    "change_policy",
    "confirm_review",
    "count_queue",
    "decide_appeal",
    "decide_replies",
    "decide_reply",
    "decide_review",
    "decide_reviews",
    "edit_review",
    "examine",
    "explain_score",
    "export_own",
    "find_policy",
    "find_rating",
    "find_review",
    "find_standing",
    "find_waiting",
    "forget_person",
    "forget_undos",
    "list_own",
    "list_reviews",
    "list_waiting",
    "list_waiting_replies",
    "list_writers",
    "look_at_queue",
    "mark_helpful",
    "rate_plugin",
    "reply_to_review",
    "report_review",
    "undo_decisions",
    "weigh_reports",
    "write_review",
]
