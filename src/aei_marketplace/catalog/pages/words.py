"""What the states of a release mean to its publisher, and what to do about each."""

from dataclasses import dataclass

from aei_marketplace.catalog.service import ReleaseState
from aei_marketplace.ground.actor import Actor

PUBLISHER = "/publisher"


@dataclass(frozen=True, slots=True)
class StateWords:
    """A state in words.

    Attributes:
        label, meaning: as the badge shows it.
        says: what it means.
        mends: what the publisher can do; empty when nothing needs to be done.
    """

    label: str
    meaning: str
    says: str
    mends: str = ""


_AGAIN = "Mend it, raise the version in the manifest and publish again: a release itself never changes."
STATE_WORDS = {
    ReleaseState.PROCESSING: StateWords(
        "Processing", "note", "Its component is being compiled. This takes seconds, seldom minutes."
    ),
    ReleaseState.HELD: StateWords("Held", "danger", "It passed the gate and cannot be listed.", _AGAIN),
    ReleaseState.LISTED: StateWords("Listed", "ok", "It is offered to everybody who may see the plugin."),
    ReleaseState.DEPRECATED: StateWords(
        "Deprecated", "warn", "It is still installed by who wants it, with your words beside it."
    ),
    ReleaseState.YANKED: StateWords(
        "Yanked", "warn", "It is offered to nobody new. Where it is installed, it goes on running."
    ),
    ReleaseState.QUARANTINED: StateWords(
        "Quarantined",
        "danger",
        "The registry stopped it: nothing installs or runs it.",
        "The case tells what was decided and how to appeal. A mended release has a version of its own.",
    ),
    ReleaseState.BLOCKED: StateWords(
        "Blocked",
        "danger",
        "It is on the kill list: it was stopped everywhere within seconds.",
        "Write to the operator; a mended release has a version of its own.",
    ),
    ReleaseState.REMOVED: StateWords("Removed", "danger", "It is gone for good."),
}


def seen_by(actor: Actor) -> bool:
    """Whether anything here can concern the actor: for the navigation."""
    return actor.tenant is not None and actor.may("plugin.publish")
