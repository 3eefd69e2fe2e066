"""Advisories."""

from aei_marketplace.ground.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal


class NoSuchAdvisory(NotFound):
    """There is no such advisory, or none about a plugin that the caller may see."""

    type = "no-such-advisory"
    title = "No such advisory"
    advice = "/api/advisories lists those that you may read."


class NotYourAdvisory(NotAllowed):
    """Staff filed it: who it is about does not change it."""

    type = "not-your-advisory"
    advice = "Write to the operator if it is wrong; you can file an advisory of your own beside it."


class AdvisoryWithdrawn(Conflict):
    """What was taken back is not changed any more."""

    type = "advisory-withdrawn"
    advice = "File a new advisory."


class AdvisoryStale(Refusal):
    """The advisory changed since the caller read it."""

    status = 412
    type = "advisory-changed"
    title = "The advisory has changed meanwhile"
    advice = "Read it again and send the change with its new ETag."


class NoReleaseAffected(Invalid):
    """No release lies in the affected range."""

    type = "no-release-affected"
    advice = "The plugin's versions are listed under /api/plugins/{pluginId}/versions."


class TooManyAdvisories(Conflict):
    """The plugin has as many advisories as are taken."""

    type = "too-many-advisories"
    advice = "Change one that stands, or report the plugin to the operator."
