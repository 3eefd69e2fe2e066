"""Why a release does not change its state, or is not handed out."""

from aei_marketplace.ground.errors import Conflict, Refusal


class StateChangeRefused(Conflict):
    """The release cannot go from its present state to the one asked for."""

    type = "state-change-refused"


class ReleaseChanged(Refusal):
    """The release is not what the caller last saw."""

    status = 412
    type = "release-changed"
    title = "It has changed meanwhile"
    advice = "Read the release again and decide anew."


class PackageStopped(Conflict):
    """The registry has stopped the release; its package is not given out."""

    type = "package-stopped"
    title = "The package is not given out"


class PackageRemoved(Refusal):
    """The release was removed for good."""

    status = 410
    type = "package-removed"
    title = "The package was removed"
    advice = "Choose another version."
