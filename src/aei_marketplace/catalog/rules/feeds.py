"""What the feeds tell: plugins that are new, releases that are new, releases that were taken out of use."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from aei_marketplace.catalog.rules.views import ReleaseView

#: How many entries a feed has.
LONGEST = 50


class Feed(StrEnum):
    """One feed."""

    NEW = "new"
    UPDATED = "updated"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """Something that a feed tells.

    Attributes:
        at: when it happened.
        release: of the plugin that it is about.
    """

    at: datetime
    release: ReleaseView
