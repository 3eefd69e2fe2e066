"""Notices about reviews: those that are written, decided about, to be renewed, and what publishers reply."""

from aei_marketplace.notices.rules.kind import Kind

_REVIEWS = "/marketplace/$plugin?tab=reviews"

KINDS_OF_REVIEWS = (
    Kind(
        "review.published",
        "A review of $plugin: $rating of 5",
        "Somebody has reviewed version $version. You can reply to it once.",
        link=_REVIEWS,
    ),
    Kind(
        "review.judged",
        "Your review of $plugin is $verdict",
        "The operator's staff have decided about what you wrote. Against a decision that it is not read"
        " you can appeal once within 14 days.\nReason given: $reason",
        link=_REVIEWS,
    ),
    Kind(
        "review.renew",
        "Does your review of $plugin hold for $version?",
        "There is a new version. When your tenant has it, say with one click that your review holds for"
        " it too, or write what has changed.",
        link=_REVIEWS,
    ),
    Kind(
        "review.reopened",
        "The decision about your review of $plugin was taken back",
        "The operator's staff look at it once more, and tell you what they decide.",
        link=_REVIEWS,
    ),
    Kind(
        "reply.judged",
        "Your reply to a review of $plugin is $verdict",
        "The operator's staff have decided about it. One that was rejected can be written anew.\nReason"
        " given: $reason",
        link=_REVIEWS,
    ),
    Kind(
        "reply.reopened",
        "The decision about your reply to a review of $plugin was taken back",
        "The operator's staff look at it once more, and tell you what they decide.",
        link=_REVIEWS,
    ),
    Kind(
        "review.replied",
        "$plugin's publisher has replied to your review",
        "The reply stands below your review.",
        link=_REVIEWS,
    ),
)
