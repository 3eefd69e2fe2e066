"""Which of a plugin's releases its listing describes and offers."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from aei_marketplace.catalog.rules.states import OFFERED, ReleaseState
from aei_marketplace.catalog.rules.versions import Channel


@dataclass(frozen=True, slots=True)
class Candidate:
    """What the choice needs to know of one release."""

    id: UUID
    precedence: str
    channel: Channel
    state: ReleaseState
    was_listed: bool


@dataclass(frozen=True, slots=True)
class Latest:
    """The releases that a listing points at.

    Attributes:
        stable: the highest offered one without pre-release.
        preview: the highest offered one of all: who follows the preview channel also gets the
            stable release that comes after the previews.
        shown: what the listing describes: the stable one, else the preview, else the highest that was
            ever listed, else the highest.
    """

    stable: UUID | None
    preview: UUID | None
    shown: UUID | None


@dataclass(frozen=True, slots=True)
class Sieve:
    """What a release has to be for a tenant to take it without naming it, as far as columns tell.

    Attributes:
        channel: as of `Latest`: `preview` takes stable releases too.
        aei_version: the AEI that it has to support.
        listed_until: it was first listed at this moment or before.
        certified: it needs a badge that holds.
    """

    channel: Channel
    aei_version: str
    listed_until: datetime
    certified: bool = False


def choose_latest(releases: Iterable[Candidate]) -> Latest:
    """Choose among all releases of one plugin."""
    ordered = sorted(releases, key=lambda r: r.precedence, reverse=True)
    offered = [r for r in ordered if r.state in OFFERED]
    stable = _first(r for r in offered if r.channel is Channel.STABLE)
    preview = _first(offered)
    shown = stable or preview or _first(r for r in ordered if r.was_listed) or _first(ordered)
    return Latest(stable, preview, shown)


def _first(candidates: Iterable[Candidate]) -> UUID | None:
    return next((c.id for c in candidates), None)
