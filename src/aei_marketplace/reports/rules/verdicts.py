"""What staff can decide about a reported plugin, and what that does to its releases."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from aei_marketplace.catalog.rules.states import Change, ReleaseState
from aei_marketplace.catalog.rules.views import ReleaseView
from aei_marketplace.decisions.rules.kinds import CaseKind
from aei_marketplace.reports.rules.filing import Outcome


class Verdict(StrEnum):
    """How a reported plugin is judged; every verdict but `dismiss` upholds the reports."""

    DISMISS = "dismiss"
    YANK = "yank"
    QUARANTINE = "quarantine"
    BLOCK = "block"
    REMOVE = "remove"

    @property
    def outcome(self) -> Outcome:
        """What it says about the reports."""
        return Outcome.DISMISSED if self is Verdict.DISMISS else Outcome.UPHELD


KIND = CaseKind(
    name="plugin_report",
    action="plugin.moderate",
    verdicts=frozenset(Verdict),
    favourable=frozenset({Verdict.DISMISS}),
    due_in=timedelta(hours=72),
    appeal_action="plugin.publish",
    appeal_within=timedelta(days=14),
    four_eyes=True,
)

S = ReleaseState
#: What is used by somebody, or could be.
RUNNING = frozenset({S.LISTED, S.DEPRECATED, S.YANKED})
#: States that a case moves releases from and to; `removed` is for good.
_MOVABLE = RUNNING | {S.QUARANTINED, S.BLOCKED}
_STATE = {
    Verdict.YANK: S.YANKED,
    Verdict.QUARANTINE: S.QUARANTINED,
    Verdict.BLOCK: S.BLOCKED,
    Verdict.REMOVE: S.REMOVED,
}


@dataclass(frozen=True, slots=True)
class Stop:
    """What a case did to a release.

    Attributes:
        before: where the release stood before the case touched it.
        moved_at: when the case moved it last.
        remove_after: when it is removed for good, if nobody appeals.
    """

    release_id: UUID
    before: Change
    moved_at: datetime
    remove_after: datetime | None = None


def targets(
    releases: Iterable[ReleaseView], reported: Collection[str | None], stopped: Collection[UUID]
) -> list[ReleaseView]:
    """The releases that an upholding verdict is about: those reported, and those stopped already.

    Args:
        releases: all of the plugin.
        reported: the versions that reports name; None among them stands for every release.
        stopped: releases that the case has moved before.
    """
    return [
        release
        for release in releases
        if release.state in _MOVABLE
        if release.release_id in stopped
        or release.version in reported
        or (None in reported and release.state in RUNNING)
    ]


def wanted_state(verdict: Verdict, *, final: bool) -> ReleaseState:
    """Where an upholding verdict moves releases; a removal that can be appealed is a quarantine first."""
    wanted = _STATE[verdict]
    return S.QUARANTINED if wanted is S.REMOVED and not final else wanted


def way(present: ReleaseState, wanted: ReleaseState) -> tuple[ReleaseState, ...]:
    """The states that lead from one to another: what is blocked comes back through quarantine."""
    if present is wanted or present not in _MOVABLE:
        return ()
    through = present is S.BLOCKED and wanted not in (S.QUARANTINED, S.REMOVED)
    return (S.QUARANTINED, wanted) if through else (wanted,)
