"""Admission: the one rule that decides whether a tenant may install or execute a release."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Literal

from aei_marketplace.catalog.rules.compatibility import is_compatible


class Answer(StrEnum):
    """What the rule says."""

    YES = "yes"
    WARN = "warn"
    NO = "no"


@dataclass(frozen=True, slots=True)
class Reason:
    """One ground of a verdict; `code` is stable for programs."""

    answer: Answer
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer, which is the gravest of its reasons."""

    answer: Answer
    reasons: tuple[Reason, ...]

    def why(self) -> str:
        """The grounds that decided, in one sentence each."""
        return " ".join(r.message for r in self.reasons if r.answer is self.answer)

    def passing_over(self, version: str, why: str) -> "Verdict":
        """The same of a release that is taken in the place of a newer one, which it names with the reason."""
        message = f"{version} is newer, and does not fit: {why}"
        reasons = (*self.reasons, Reason(Answer.WARN, PASSED_OVER, message))
        return Verdict(Answer.NO if self.answer is Answer.NO else Answer.WARN, reasons)

    @property
    def installs(self) -> bool:
        """Whether nothing stands against it, but for what a purchase changes."""
        return self.answer is not Answer.NO or self.wants_payment

    @property
    def wants_payment(self) -> bool:
        """Whether nothing stands against it but that it is not bought or paid."""
        grounds = {r.code for r in self.reasons if r.answer is Answer.NO}
        return grounds == {PAYMENT_REQUIRED}

    @property
    def wants_exact_pin(self) -> bool:
        """Whether nothing stands against it but that it was yanked: who needs this very version has it."""
        return {r.code for r in self.reasons if r.answer is Answer.NO} == {YANKED}


@dataclass(frozen=True, slots=True)
class Facts:
    """What the rule looks at.

    Attributes:
        purpose: whether the release is to be installed or executed.
        state: the release's state; None when the tenant may not see it.
        state_reason: why it has this state.
        exact: the caller named this very version.
        aei_version: the AEI that this marketplace serves.
        aei_range: the AEI versions that the release supports.
        owed: why the tenant may not have it before it is bought or paid; empty when it may.
        too_young: it has not been listed for as long as the tenant's policy wants.
        held_back: its rollout has not come to the tenant yet.
        excluded: why the tenant's lists exclude it, in sentences.
        advisories: the ids of the standing advisories that concern it.
        refuses_affected: the tenant installs nothing that an advisory concerns.
        certified: it has a badge that holds.
        refuses_uncertified: the tenant installs nothing that has none.
    """

    purpose: Literal["install", "execute"]
    state: str | None
    state_reason: str | None
    exact: bool
    aei_version: str
    aei_range: str
    owed: str = ""
    too_young: bool = False
    held_back: bool = False
    excluded: tuple[str, ...] = ()
    advisories: tuple[str, ...] = ()
    refuses_affected: bool = False
    certified: bool = True
    refuses_uncertified: bool = False


#: Said of what nobody has certified, wherever it is installed; by itself it gives nobody anything to decide.
UNCERTIFIED = "uncertified"
NOT_CERTIFIED = "Not certified: nobody but its publisher has checked this release."
#: Said of a release that is taken because a newer one does not fit; this too is nothing to decide.
PASSED_OVER = "passed_over"
#: The ground that goes away where the very version is named.
YANKED = "yanked"
#: The ground that goes away with a purchase.
PAYMENT_REQUIRED = "payment_required"
_OFFERED = {"listed", "deprecated"}
_STOPPED = {
    "processing": "is still being processed",
    "held": "is held for review",
    "quarantined": "is quarantined by the registry",
    "blocked": "is on the kill list",
    "removed": "was removed",
}
_GRAVITY = (Answer.YES, Answer.WARN, Answer.NO)


def admit(facts: Facts) -> Verdict:
    """Decide, and give every ground there is."""
    reasons = tuple(
        reason
        for judge in (
            *(_visibility, _state, _compatibility, _lists),
            *(_advisories, _age, _rollout, _entitlement, _certification),
        )
        for reason in judge(facts)
    )
    gravest = max((r.answer for r in reasons), key=_GRAVITY.index, default=Answer.YES)
    return Verdict(gravest, reasons)


def _visibility(facts: Facts) -> Iterator[Reason]:
    if facts.state is None:
        yield Reason(
            Answer.NO, "not_visible", "The release is private and no longer shared with your tenant."
        )


def _state(facts: Facts) -> Iterator[Reason]:
    because = f": {facts.state_reason}" if facts.state_reason else ""
    if facts.state in _STOPPED:
        yield Reason(Answer.NO, facts.state, f"The release {_STOPPED[facts.state]}{because}.")
    elif facts.state == "yanked":
        # What runs goes on, and who names the very version knows what they do: that is what yanking means.
        answer = Answer.WARN if facts.exact or facts.purpose == "execute" else Answer.NO
        yield Reason(answer, YANKED, f"The release was yanked{because}.")
    elif facts.state == "deprecated":
        yield Reason(Answer.WARN, "deprecated", f"The release is deprecated{because}.")
    elif facts.state is not None and facts.state not in _OFFERED:
        yield Reason(Answer.NO, "unknown_state", f"The release is {facts.state}, which nothing may run in.")


def _compatibility(facts: Facts) -> Iterator[Reason]:
    if not _supports(facts.aei_version, facts.aei_range):
        message = f"The release supports AEI {facts.aei_range}, and this is AEI {facts.aei_version}."
        yield Reason(Answer.NO, "incompatible", message)


def _lists(facts: Facts) -> Iterator[Reason]:
    for ground in facts.excluded:
        yield Reason(Answer.NO, "excluded", ground)


def _certification(facts: Facts) -> Iterator[Reason]:
    if not facts.certified and facts.purpose == "install":
        wanted = " Your tenant's policy wants certified releases." if facts.refuses_uncertified else ""
        answer = Answer.NO if facts.refuses_uncertified else Answer.WARN
        yield Reason(answer, UNCERTIFIED, NOT_CERTIFIED + wanted)


def _advisories(facts: Facts) -> Iterator[Reason]:
    if facts.advisories:
        # What is installed goes on: stopping it is for the registry, or for whoever switches it off.
        refused = facts.refuses_affected and facts.purpose == "install"
        message = f"The release is affected by {', '.join(facts.advisories)}."
        if refused:
            message += " Your tenant's policy refuses such releases."
        yield Reason(Answer.NO if refused else Answer.WARN, "affected", message)


def _age(facts: Facts) -> Iterator[Reason]:
    if facts.too_young:
        # Who names the very version has looked at it: that is what the policy wants.
        answer = Answer.WARN if facts.exact else Answer.NO
        message = (
            "The release is younger than your tenant's minimum age for releases; name its version to have it."
        )
        yield Reason(answer, "too_young", message)


def _rollout(facts: Facts) -> Iterator[Reason]:
    # Who names the very version has it: a rollout spares those who did not choose.
    if facts.held_back and not facts.exact:
        message = "The release is not rolled out to your tenant yet; name its version to have it."
        yield Reason(Answer.NO, "held_back", message)


def _entitlement(facts: Facts) -> Iterator[Reason]:
    if facts.owed:
        yield Reason(Answer.NO, PAYMENT_REQUIRED, facts.owed)


@lru_cache(maxsize=4096)
def _supports(version: str, aei_range: str) -> bool:
    try:
        return is_compatible(version, aei_range)
    except ValueError:
        return False  # an older gate let a range in that is refused now
