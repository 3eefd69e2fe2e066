"""Refusals of tax profiles."""

from aei_marketplace.ground.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal


class ProfileUnfit(Invalid):
    """What was declared cannot be taken."""

    type = "tax-profile-unfit"
    title = "The tax profile has problems"


class ReviewUnfit(Invalid):
    """The review cannot be recorded."""

    type = "tax-review-unfit"
    title = "The review has problems"


class ProfileNotFound(NotFound):
    """There is no such tax profile, or it is another creator's."""

    type = "tax-profile-not-found"
    title = "No such tax profile"
    advice = "GET /api/tax-profiles lists those that you may see."


class ProfileChanged(Refusal):
    """Somebody changed it since the caller read it."""

    status = 412
    type = "tax-profile-changed"
    title = "It has changed meanwhile"
    advice = "Look at it as it stands now, and decide anew."


class ReviewRefused(Conflict):
    """The tax profile is in a state in which this cannot be decided."""

    type = "tax-review-refused"
    title = "The tax profile is in another state"
    advice = "Look at it as it stands now."


class OwnProfile(NotAllowed):
    """Nobody reviews a tax profile of a tenant that they belong to."""

    type = "own-tax-profile"
    title = "It is a tax profile of your own tenant"
    advice = "Ask another member of staff who administers revenue."
