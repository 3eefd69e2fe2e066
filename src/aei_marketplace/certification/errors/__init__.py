"""What certification refuses."""

from aei_marketplace.ground.errors import Conflict, Invalid, NotAllowed, NotFound, TooMany


class RequestNotFound(NotFound):
    """There is no such request, or none that the actor may see."""

    type = "certification-not-found"


class NotCertified(NotFound):
    """The release has no badge, and never had one."""

    type = "not-certified"
    title = "The release is not certified"
    advice = "Its publisher can ask: POST /api/plugins/{pluginId}/certification."


class PolicyNotFound(NotFound):
    """There is no policy of this number."""

    type = "certification-policy-not-found"


class WaiverNotFound(NotFound):
    """There is no such waiver that is in force."""

    type = "waiver-not-found"


class StateConflict(Conflict):
    """The request does not stand as the caller expects.

    Args:
        state: in which it is.
    """

    type = "certification-state"
    advice = "Read the request again; somebody may have been faster."

    def __init__(self, detail: str, state: str) -> None:
        super().__init__(detail)
        self.extensions = {"state": state}


class ScanOutdated(StateConflict):
    """What was scanned is not what would be decided about now."""

    type = "scan-outdated"
    title = "The scan is outdated"
    advice = "Have it scanned again: POST /api/plugins/certification/{requestId}/scan."


class ChecksNotPassed(StateConflict):
    """A required check did not pass, and nobody can approve around it."""

    type = "checks-not-passed"
    title = "Required checks have not passed"
    advice = "Deny it with what to fix, waive single findings with a reason, or scan it again."


class AdvisoryStands(StateConflict):
    """A grave advisory concerns the release; a badge would be suspended before anybody saw it."""

    type = "advisory-stands"
    title = "A grave advisory concerns the release"
    advice = "Deny it with what to fix. Where the advisory is wrong, have it withdrawn first."


class NotCertifiable(Conflict):
    """A release in this state cannot be certified."""

    type = "not-certifiable"
    title = "The release cannot be certified now"


class OwnRelease(NotAllowed):
    """Who belongs to the publisher's tenant does not decide about its releases."""

    type = "own-release"
    advice = "Ask another Certifier."


class SecondEyesNeeded(NotAllowed):
    """The same person does not approve twice."""

    type = "second-eyes-needed"
    title = "A second person has to approve"
    advice = "Ask another Certifier; your approval is on record."


class TooManyRequests(TooMany):
    """The publisher has too many requests waiting."""

    type = "too-many-certifications"


class PolicyInvalid(Invalid):
    """The policy cannot be put in force."""

    type = "certification-policy-invalid"


class ScanRefused(Conflict):
    """There is nothing to scan again."""

    type = "scan-refused"
