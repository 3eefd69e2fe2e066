"""How the pages of reviews call things, and where they stand."""

from uuid import UUID

from aei_marketplace.ground.actor import Actor
from aei_marketplace.reviews.rules.flags import FlagKind
from aei_marketplace.reviews.rules.reporting import ReportKind

MARKETPLACE = "/marketplace"
OWN = "/marketplace/reviews"
MODERATION = "/marketplace/moderation"
_CRUMB = ("Marketplace", MARKETPLACE)

#: What may be wrong with a review, as people say it.
REPORT_KINDS = (
    (str(ReportKind.SPAM), "It advertises, or says the same everywhere"),
    (str(ReportKind.ABUSIVE), "It insults or threatens"),
    (str(ReportKind.OFF_TOPIC), "It is not about this plugin"),
    (str(ReportKind.PERSONAL_DATA), "It tells what is private about somebody"),
    (str(ReportKind.PAID), "It was paid for, or written by a competitor"),
)
#: Reasons to look closer, in a word or two.
FLAGS = {
    FlagKind.NEAR_DUPLICATE: "Near-duplicate",
    FlagKind.BURST: "Many at once",
    FlagKind.NEW_ACCOUNTS: "New accounts",
    FlagKind.LINKS: "Links",
}
#: What staff often write; it can be changed before it is sent.
REASONS = (
    "It advertises something else.",
    "It insults somebody. Say what is wrong with the plugin instead.",
    "It is not about this plugin.",
    "It tells what is private about somebody.",
    "Others have posted the same words.",
    "It does not say what you experienced with the plugin.",
)
#: The languages that are guessed (ISO 639-1), in English.
LANGUAGES = {
    "ar": "Arabic", "bn": "Bengali", "de": "German", "el": "Greek", "en": "English", "es": "Spanish",
    "fr": "French", "he": "Hebrew", "hi": "Hindi", "hy": "Armenian", "it": "Italian", "ja": "Japanese",
    "ka": "Georgian", "ko": "Korean", "nl": "Dutch", "pt": "Portuguese", "ru": "Russian", "ta": "Tamil",
    "th": "Thai", "zh": "Chinese",
}  # fmt: skip


def listing_of(plugin_id: str, review_id: UUID | None = None) -> str:
    """The reviews of a plugin on its page, or one of them there."""
    anchor = f"#review-{review_id}" if review_id else ""
    return f"{MARKETPLACE}/{plugin_id}?tab=reviews{anchor}"


def crumbs_to(plugin_id: str, name: str) -> tuple[tuple[str, str], ...]:
    """The way from the marketplace to a plugin's reviews."""
    return (_CRUMB, (name, f"{MARKETPLACE}/{plugin_id}"), ("Reviews", listing_of(plugin_id)))


def seen_by(actor: Actor) -> bool:
    """Whether the actor moderates: for the navigation."""
    return actor.may("review.moderate")
