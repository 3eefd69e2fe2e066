"""What the states of releases, domains and names mean to their publisher, and what to do about each."""

from dataclasses import dataclass
from datetime import datetime

from aei_marketplace.catalog.rules.names import Verdict
from aei_marketplace.catalog.rules.verification import ProofState
from aei_marketplace.catalog.service import ReleaseState
from aei_marketplace.decisions.service import Case, CaseState
from aei_marketplace.ground.actor import Actor

PUBLISHER = "/publisher"
NAMESPACES = PUBLISHER + "/namespaces"
DOMAINS = PUBLISHER + "/domains"


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
        "Processing", "note", "It is compiled and scanned now. This takes seconds, seldom minutes."
    ),
    ReleaseState.HELD: StateWords(
        "Held",
        "danger",
        "It passed the gate and is not listed.",
        f"A scan that came to no end is tried again by itself. What was found is for you: {_AGAIN}",
    ),
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


@dataclass(frozen=True, slots=True)
class ProofWords:
    """How a domain's proof stands, in words.

    Attributes:
        label, meaning: as the badge shows it.
        says: what it means and what to do.
    """

    label: str
    meaning: str
    says: str


PROOF_WORDS = {
    ProofState.WAITING: ProofWords(
        "Waiting", "note", "Put the text there. It is looked for every few minutes, for a week."
    ),
    ProofState.VERIFIED: ProofWords(
        "Verified", "ok", "Leave the text where it is: it is looked for every day, and counts for a week."
    ),
    ProofState.LAPSED: ProofWords(
        "Lapsed", "warn", "It was not seen for a week and proves nothing. Forget it and begin again."
    ),
    ProofState.FAILED: ProofWords(
        "Not found", "danger", "It was looked for during a week. Forget it and begin again."
    ),
}


@dataclass(frozen=True, slots=True)
class ClaimWords:
    """How a name that was asked for stands.

    Attributes:
        label, meaning: as the badge shows it.
        appealable: whether the publisher can still have staff look again.
    """

    label: str
    meaning: str
    appealable: bool = False


def claim_words(case: Case, now: datetime) -> ClaimWords:
    """How the case of a name stands, in words."""
    if case.open:
        return ClaimWords("Your appeal waits" if case.round == 2 else "Waits for staff", "note")
    if case.state is CaseState.WITHDRAWN:
        return ClaimWords("Withdrawn", "")
    if case.verdict == Verdict.GRANT:
        return ClaimWords("Granted", "ok")
    return ClaimWords("Refused", "danger", appealable=case.appealable_at(now))


def seen_by(actor: Actor) -> bool:
    """Whether anything here can concern the actor: for the navigation."""
    return actor.tenant is not None and actor.may("plugin.publish")
