"""Refusals of the reviews."""

from aei_marketplace.ground.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal, TooMany


class ReviewUnfit(Invalid):
    """The rating or the text cannot be taken."""

    type = "review-unfit"


class NeverInstalled(NotAllowed):
    """The caller's tenant has never installed the plugin, or not the version named."""

    type = "never-installed"
    advice = "Install it, use it, and say then how it was."


class OwnPlugin(NotAllowed):
    """The caller belongs to the publisher."""

    type = "own-plugin"
    advice = "Answer reviews of others with a reply."


class PluginStopped(Conflict):
    """The registry has stopped the release."""

    type = "plugin-stopped"
    advice = "Report what you know about it at /api/reports."


class AlreadyReviewed(Conflict):
    """The caller has a review of this release."""

    type = "already-reviewed"
    advice = "Edit it, or confirm it for a newer version."


class ReviewNotFound(NotFound):
    """There is no such review, or none that the caller may see."""

    type = "review-not-found"


class ReviewDecided(Conflict):
    """What is asked does not follow from the review's present state; the problem's `state` names that."""

    type = "review-decided"
    advice = "Look at the review again; somebody may have decided it meanwhile."

    def __init__(self, detail: str, state: str) -> None:
        super().__init__(detail)
        self.extensions = {"state": state}


class ReviewReported(Conflict):
    """The review has reports that staff have not decided about."""

    type = "review-reported"
    advice = "Wait for the decision, and edit the review then."


class NothingToConfirm(Conflict):
    """The review is about the version that the tenant has, or is not published."""

    type = "nothing-to-confirm"


class WroteItYourself(NotAllowed):
    """The caller wrote it, or their tenant did."""

    type = "own-review"
    advice = "Leave it to others."


class AlreadyReported(Conflict):
    """The caller reported the review before."""

    type = "review-already-reported"


class NotThePublisher(NotAllowed):
    """Only the plugin's publisher replies."""

    type = "not-the-publisher"


class AlreadyReplied(Conflict):
    """The review has its reply."""

    type = "already-replied"


class OwnPublisher(NotAllowed):
    """Who belongs to a plugin's publisher does not moderate what is said about it, or by it."""

    type = "own-publisher"
    advice = "Leave it to a colleague who does not belong to that publisher."


class ReplyNotFound(NotFound):
    """The review has no reply."""

    type = "reply-not-found"


class TooManyReviews(TooMany):
    """One person writes or reports more than a person does in a day."""

    type = "too-many-reviews"


class NothingToAppeal(Conflict):
    """No decision can be appealed (any more)."""

    type = "nothing-to-appeal"


class DecidedItYourself(NotAllowed):
    """Another pair of eyes is wanted: the caller made the decision that is appealed."""

    type = "decided-it-yourself"
    advice = "Leave the appeal to a colleague."


class NothingToUndo(Conflict):
    """There is no decision of the caller's that can be taken back (any more)."""

    type = "nothing-to-undo"
    advice = "Decide once more, one by one."


class ReviewMoved(Refusal):
    """The review is not the one that the caller saw: its ETag is another."""

    status = 412
    type = "review-moved"
    title = "Changed meanwhile"
    advice = "Read the review again, and send the ETag that it has now."
