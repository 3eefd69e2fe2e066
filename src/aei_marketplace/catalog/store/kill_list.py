"""The kill list: what stands on it, and the list that was signed last."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Text, and_, any_, func, literal, literal_column, or_, select, text
from sqlalchemy.dialects.postgresql import ARRAY, insert

from aei_marketplace.catalog.models import kill_lists, plugins, release_states, releases
from aei_marketplace.catalog.rules.states import ReleaseState
from aei_marketplace.catalog.rules.views import ReleaseView
from aei_marketplace.ground.work import Work
from aei_protocol.kill_list import Killed

_HOLD = text("select pg_advisory_xact_lock(hashtextextended('catalog/kill_list', 0))")
_STILL = (ReleaseState.BLOCKED, ReleaseState.REMOVED)
#: Written out, so that the planner sees that the index of the blocked ones applies.
_WAS_BLOCKED = release_states.c.state == literal_column("'blocked'")


async def hold(work: Work) -> None:
    """Have this work alone sign until it ends."""
    await work.run(_HOLD)


async def blocked(work: Work) -> list[Row[Any]]:
    """Public releases that are blocked, or were before they were removed, each with its last blocking."""
    last = (
        select(release_states.c.release_id, func.max(release_states.c.position).label("position"))
        .where(_WAS_BLOCKED)
        .group_by(release_states.c.release_id)
        .subquery()
    )
    same = and_(
        release_states.c.release_id == last.c.release_id, release_states.c.position == last.c.position
    )
    wanted = (
        select(
            releases.c.package_sha256,
            releases.c.component_sha256,
            releases.c.plugin_id,
            releases.c.version,
            release_states.c.reason,
            release_states.c.at,
        )
        .join(last, same)
        .join(releases, releases.c.id == release_states.c.release_id)
        .join(plugins, plugins.c.id == releases.c.plugin_id)
        .where(
            releases.c.state.in_(_STILL),
            releases.c.listed_at.is_not(None),
            plugins.c.visibility == "public",
        )
        .order_by(releases.c.package_sha256, releases.c.plugin_id)
    )
    return list((await work.run(wanted)).all())


async def named(work: Work, entries: Iterable[Killed], since: datetime) -> list[tuple[str, str, str]]:
    """Plugin, version and reason of each release that a list names and that is not stopped for good.

    Args:
        since: when the list was imported; what staff have let go after it was blocked since is left out.
    """
    reasons = {digest: e.reason for e in entries for digest in (e.sha256, e.component_sha256)}
    columns = (
        releases.c.plugin_id,
        releases.c.version,
        releases.c.package_sha256,
        releases.c.component_sha256,
    )
    # One array and not a parameter each: a list may name more than a statement takes.
    digests = any_(literal(list(reasons), ARRAY(Text)))
    meant = or_(releases.c.package_sha256 == digests, releases.c.component_sha256 == digests)
    let_go = select(release_states.c.release_id).where(
        release_states.c.release_id == releases.c.id, _WAS_BLOCKED, release_states.c.at >= since
    )
    wanted = select(*columns).where(meant, releases.c.state.not_in(_STILL), ~let_go.exists())
    rows = await work.run(wanted.order_by(releases.c.plugin_id, releases.c.precedence))
    return [
        (r.plugin_id, r.version, reasons.get(r.package_sha256) or reasons[r.component_sha256]) for r in rows
    ]


async def holds_content_of(work: Work, release: ReleaseView) -> bool:
    """Whether another release with this one's component stands on the list, a private one too."""
    was_blocked = select(release_states.c.release_id).where(
        release_states.c.release_id == releases.c.id, _WAS_BLOCKED
    )
    wanted = select(releases.c.id).where(
        releases.c.component_sha256 == release.component_sha256,
        releases.c.id != release.release_id,
        releases.c.state.in_(_STILL),
        was_blocked.exists(),
    )
    return (await work.run(wanted.limit(1))).first() is not None


async def signed(work: Work) -> Row[Any] | None:
    """The list that was signed last."""
    return (await work.run(select(kill_lists))).first()


async def save(work: Work, serial: int, note: str, verifying_key: str) -> None:
    """Put a list into the place of the one before."""
    values = {
        "only_one": True,
        "serial": serial,
        "note": note,
        "verifying_key": verifying_key,
        "signed_at": work.now,
    }
    written = insert(kill_lists).values(**values)
    await work.run(written.on_conflict_do_update(index_elements=["only_one"], set_=values))
