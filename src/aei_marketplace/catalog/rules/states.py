"""The states of a release and who may move it from one to another."""

from dataclasses import dataclass
from enum import StrEnum

from aei_marketplace.catalog.errors import StateChangeRefused
from aei_marketplace.ground.errors import Fault, Invalid

LONGEST_REASON = 2000


class ReleaseState(StrEnum):
    """Where a release stands in its life."""

    PROCESSING = "processing"
    HELD = "held"
    LISTED = "listed"
    DEPRECATED = "deprecated"
    YANKED = "yanked"
    QUARANTINED = "quarantined"
    BLOCKED = "blocked"
    REMOVED = "removed"


class Mover(StrEnum):
    """Who moves a release."""

    PUBLISHER = "publisher"
    STAFF = "staff"


S = ReleaseState

#: Offered: found by search and chosen when no version is named.
OFFERED = frozenset({S.LISTED, S.DEPRECATED})
#: Stopped by the registry: neither installed, nor run, nor downloaded.
STOPPED = frozenset({S.QUARANTINED, S.BLOCKED, S.REMOVED})
#: Its publisher's doubts about a release, shown with the reason wherever it is shown.
DOUBTED = frozenset({S.DEPRECATED, S.YANKED})

_PUBLISHER_MOVES: dict[ReleaseState, frozenset[ReleaseState]] = {
    S.LISTED: frozenset({S.DEPRECATED, S.YANKED}),
    S.DEPRECATED: frozenset({S.DEPRECATED, S.LISTED, S.YANKED}),
    S.YANKED: frozenset({S.YANKED, S.LISTED, S.DEPRECATED}),
}
_STAFF_MOVES: dict[ReleaseState, frozenset[ReleaseState]] = {
    S.PROCESSING: frozenset({S.BLOCKED, S.REMOVED}),
    S.HELD: frozenset({S.BLOCKED, S.REMOVED}),
    S.LISTED: _PUBLISHER_MOVES[S.LISTED] | STOPPED,
    S.DEPRECATED: _PUBLISHER_MOVES[S.DEPRECATED] | STOPPED,
    S.YANKED: _PUBLISHER_MOVES[S.YANKED] | STOPPED,
    S.QUARANTINED: frozenset({S.LISTED, S.DEPRECATED, S.YANKED, S.BLOCKED, S.REMOVED}),
    S.BLOCKED: frozenset({S.QUARANTINED, S.REMOVED}),
}
MOVES = {Mover.PUBLISHER: _PUBLISHER_MOVES, Mover.STAFF: _STAFF_MOVES}
#: What a publisher decides for itself, the gravest last; where staff decided it, it goes on and never back.
_DOWNWARDS = (S.LISTED, S.DEPRECATED, S.YANKED)

#: What the audit log calls arriving in a state.
AUDIT_ACTION = {
    S.LISTED: "release.list",
    S.HELD: "release.hold",
    S.DEPRECATED: "release.deprecate",
    S.YANKED: "release.yank",
    S.QUARANTINED: "release.quarantine",
    S.BLOCKED: "release.block",
    S.REMOVED: "release.remove",
}


@dataclass(frozen=True, slots=True)
class Change:
    """A change of state that is asked for.

    Attributes:
        reason: shown beside the release; None when nothing was said.
        replacement: the id of a plugin to use instead; None when none is named.
    """

    state: ReleaseState
    reason: str | None = None
    replacement: str | None = None


def action_needed(present: ReleaseState, wanted: ReleaseState) -> str:
    """The action that a change requires: the registry's own states are staff's to give and to take."""
    if ReleaseState.BLOCKED in (present, wanted):
        return "killlist.administer"
    return "plugin.moderate" if {present, wanted} & STOPPED else "plugin.publish"


def possible_changes(
    present: ReleaseState, mover: Mover, *, was_listed: bool, bound: ReleaseState | None = None
) -> frozenset[ReleaseState]:
    """The states that a release can be moved to.

    Args:
        was_listed: whether the release was ever listed; one that never was does not get there by
            being stopped and let go again.
        bound: `deprecated` or `yanked` where staff decided that; None where its publisher is free.
    """
    possible = MOVES[mover].get(present, frozenset())
    if not was_listed:
        possible &= {S.BLOCKED, S.REMOVED}
    if mover is Mover.PUBLISHER and bound is not None:
        possible &= set(_DOWNWARDS[_DOWNWARDS.index(bound) + 1 :])
    return possible


def check_change(
    present: ReleaseState,
    change: Change,
    mover: Mover,
    *,
    was_listed: bool,
    bound: ReleaseState | None = None,
) -> None:
    """Whether the state machine has this change.

    Args:
        was_listed, bound: as for `possible_changes`.

    Raises:
        StateChangeRefused: it has not; says what can be done instead.
        Invalid: the change lacks its reason, or says more than it can.
    """
    possible = possible_changes(present, mover, was_listed=was_listed, bound=bound)
    if change.state not in possible:
        raise _refused(present, change.state, mover, possible, bound)
    _check_words(present, change)


def bound_after(bound: ReleaseState | None, change: Change, mover: Mover) -> ReleaseState | None:
    """What binds a release's publisher after a change; staff who list a release let it go."""
    if mover is not Mover.STAFF or change.state not in _DOWNWARDS:
        return bound
    return None if change.state is S.LISTED else change.state


def _refused(
    present: ReleaseState,
    wanted: ReleaseState,
    mover: Mover,
    possible: frozenset[ReleaseState],
    bound: ReleaseState | None,
) -> StateChangeRefused:
    instead = f"From here it can become: {', '.join(sorted(possible)) or 'nothing else'}."
    if mover is Mover.PUBLISHER and bound is not None:
        return StateChangeRefused(
            f"Staff have {bound} the release, and cannot be overruled by its publisher.",
            advice=f"Appeal where they decided it, or ask them. {instead}",
        )
    detail = f"The release is {present}, and cannot become {wanted} by its {mover}'s word."
    return StateChangeRefused(detail, advice=instead)


def _check_words(present: ReleaseState, change: Change) -> None:
    faults = []
    # Letting go of what was stopped adds nothing to say.
    explained = STOPPED if present in STOPPED else STOPPED | DOUBTED
    if change.state in explained and not (change.reason or "").strip():
        faults.append(Fault("/reason", "say why; the publisher and the installing tenants read it"))
    if len(change.reason or "") > LONGEST_REASON:
        faults.append(Fault("/reason", f"at most {LONGEST_REASON} characters"))
    if change.replacement is not None and change.state not in DOUBTED:
        faults.append(Fault("/replacement", "only a deprecated or yanked release names a replacement"))
    if faults:
        raise Invalid("The change of state is not complete.", faults=faults)
