"""What callers send."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from aei_marketplace.ground.paging import LARGEST_LIMIT
from aei_marketplace.reviews.rules.texts import LONGEST_NOTE, LONGEST_REASON, LONGEST_TEXT

#: What names a plugin or a version: nothing that a database could not even be asked for.
PRINTED = r"^[!-~]+$"


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class WordsWanted(_Body):
    """A rating and what there is to say."""

    rating: Annotated[int, Field(strict=True, ge=1, le=5, examples=[4])]
    text: Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT)]


class ReviewWanted(WordsWanted):
    """The same about a version that the tenant installed; without one, about the one it had last."""

    version: Annotated[str, Field(min_length=1, max_length=64, pattern=PRINTED)] | None = None


class DecisionWanted(_Body):
    """What staff decide; the writer reads the reason."""

    state: Annotated[str, Field(max_length=40, description="approved, rejected or hidden")]
    reason: Annotated[str, Field(max_length=LONGEST_REASON)] | None = None


class ReportWanted(_Body):
    """What is wrong with a review."""

    kind: Annotated[str, Field(max_length=40, description="spam, abusive, off_topic, personal_data or paid")]
    note: Annotated[str, Field(max_length=LONGEST_NOTE)] = ""


class ReplyWanted(_Body):
    """The publisher's answer."""

    text: Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT)]


class DecisionsWanted(DecisionWanted):
    """The same about several reviews, or about the publishers' replies to them."""

    reviews: Annotated[list[UUID], Field(min_length=1, max_length=LARGEST_LIMIT)]
    replies: Annotated[bool, Field(strict=True, description="the replies to these reviews instead")] = False


class AppealWanted(_Body):
    """Why staff should look once more."""

    reason: Annotated[str, Field(min_length=1, max_length=LONGEST_REASON)]


class PolicyWanted(_Body):
    """How the operator moderates."""

    trusted_after: (
        Annotated[
            int,
            Field(
                strict=True,
                ge=1,
                le=1000,
                description="so many approved reviews, and the next is shown at once; null: all wait",
            ),
        ]
        | None
    )
    most_links: Annotated[
        int, Field(strict=True, ge=0, le=100, description="more links to other hosts have a review flagged")
    ] = 0
    allowed_hosts: Annotated[
        list[Annotated[str, Field(max_length=253)]],
        Field(max_length=100, description="links to these, and to what is below them, are not counted"),
    ] = []
