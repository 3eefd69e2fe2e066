"""Refusals about advisories on packages."""

from aei_marketplace.ground.errors import Conflict, Invalid, NotFound, Unavailable


class AdvisoriesRefused(Invalid):
    """An export of advisories is malformed, cut off, or beyond a limit."""

    type = "advisories-refused"
    title = "The advisories were refused"
    advice = "Nothing was changed. Get the export anew, and compare its size with the original."


class AdvisoriesOlder(Conflict):
    """An export would take advisories away that are here."""

    type = "advisories-older"
    title = "The advisories are older than those that are here"
    advice = "Nothing was changed. Get a current export, or give --force if this is what you want."


class MirrorUnavailable(Unavailable):
    """A mirror of advisories does not answer as one."""

    type = "advisory-mirror-unavailable"
    title = "The advisories could not be fetched"
    advice = "Nothing was changed. Try again later, or import a file."


class PackageAdvisoryNotFound(NotFound):
    """There is no advisory of this id."""

    type = "package-advisory-not-found"
    title = "No such advisory"
    advice = "Check the id; an alias such as a CVE number is found by searching."
