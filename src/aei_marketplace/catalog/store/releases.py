"""Releases: one, several, by plugin; what they are compatible with."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Integer,
    Row,
    Select,
    Text,
    Uuid,
    any_,
    bindparam,
    func,
    insert,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY, distinct_on
from sqlalchemy.dialects.postgresql import insert as insert_or_skip

from aei_marketplace.catalog.models import (
    plugins,
    publishers,
    release_compatibility,
    releases,
)
from aei_marketplace.catalog.rules.compatibility import Interval
from aei_marketplace.catalog.rules.icons import Icon, IconKind, icon_path
from aei_marketplace.catalog.rules.listing import Candidate, Sieve
from aei_marketplace.catalog.rules.states import OFFERED, Change, ReleaseState
from aei_marketplace.catalog.rules.versions import Channel, precedence_key, prerelease_core
from aei_marketplace.catalog.rules.views import ReleaseTexts, ReleaseView
from aei_marketplace.catalog.store import states
from aei_marketplace.catalog.store.advisories import of_each_release
from aei_marketplace.ground.work import Work
from aei_protocol.manifest import Manifest

_VIEW = (
    select(
        releases.c.id.label("release_id"),
        releases.c.plugin_id,
        releases.c.version,
        releases.c.channel,
        releases.c.state,
        releases.c.state_reason,
        releases.c.state_changed_at,
        releases.c.replacement,
        plugins.c.visibility,
        plugins.c.owner_tenant,
        releases.c.manifest,
        releases.c.package_sha256,
        releases.c.size_bytes,
        releases.c.component_sha256,
        releases.c.component_size,
        publishers.c.id.label("publisher_id"),
        releases.c.publisher_id.label("released_by"),
        publishers.c.name.label("publisher_name"),
        publishers.c.verified_at.is_not(None).label("publisher_verified"),
        releases.c.published_at,
        releases.c.listed_at,
        releases.c.log_index,
        releases.c.signature.is_not(None).label("signed"),
        releases.c.signer,
        of_each_release().label("advisories"),
        releases.c.icon_kind.label("icon"),
        releases.c.certified_until,
        releases.c.certification,
    )
    .join(plugins, plugins.c.id == releases.c.plugin_id)
    .join(publishers, publishers.c.id == plugins.c.publisher_id)
)
_LATEST = {Channel.STABLE: plugins.c.latest_stable, Channel.PREVIEW: plugins.c.latest_preview}
# What is asked for most is composed once: that took longer than to answer it.
_OF_PLUGINS = plugins.c.id == any_(bindparam("plugin_ids", type_=ARRAY(Text)))
_LATEST_OF = {channel: _VIEW.where(_OF_PLUGINS, releases.c.id == id) for channel, id in _LATEST.items()}
_BY_IDS = _VIEW.where(releases.c.id == any_(bindparam("ids", type_=ARRAY(Uuid))))
_EXACT = _VIEW.where(
    releases.c.plugin_id == bindparam("plugin_id"), releases.c.version == bindparam("version")
)
_FROM_THE_TOP = (
    _VIEW.where(releases.c.plugin_id == bindparam("plugin_id"))
    .order_by(releases.c.precedence.desc())
    .limit(bindparam("most", type_=Integer))
)
_COUNT = select(func.count()).select_from(releases).where(releases.c.plugin_id == bindparam("plugin_id"))
_TEXTS = select(releases.c.readme, releases.c.changelog).where(
    releases.c.plugin_id == bindparam("plugin_id"), releases.c.version == bindparam("version")
)


async def find(work: Work, plugin_id: str, version: str) -> ReleaseView | None:
    """One release by name and version."""
    row = (await work.run(_EXACT, {"plugin_id": plugin_id, "version": version})).first()
    return None if row is None else _view(row)


async def find_same_precedence(work: Work, plugin_id: str, precedence: str) -> ReleaseView | None:
    """The release that stands at this place of the order."""
    wanted = _VIEW.where(releases.c.plugin_id == plugin_id, releases.c.precedence == precedence)
    return await _first(work, wanted)


async def by_ids(work: Work, ids: Iterable[UUID]) -> list[ReleaseView]:
    """Several releases by id; those that the actor may not see are left out."""
    rows = (await work.run(_BY_IDS, {"ids": list(ids)})).all()
    return [_view(row) for row in rows]


async def latest(work: Work, plugin_ids: Iterable[str], channel: Channel) -> list[ReleaseView]:
    """The latest offered release of each of these plugins on a channel."""
    rows = await work.run(_LATEST_OF[channel], {"plugin_ids": list(plugin_ids)})
    return [_view(row) for row in rows.all()]


async def processing(work: Work, published_before: datetime) -> list[ReleaseView]:
    """Releases that wait to be prepared since before a moment, the oldest first, at most 100."""
    waiting = releases.c.state == ReleaseState.PROCESSING
    wanted = _VIEW.where(waiting, releases.c.published_at < published_before)
    rows = (await work.run(wanted.order_by(releases.c.published_at).limit(100))).all()
    return [_view(row) for row in rows]


async def newest_of(work: Work, plugin_ids: Iterable[str]) -> list[ReleaseView]:
    """The release of each of these plugins that was published last, in whatever state."""
    wanted = _VIEW.where(releases.c.plugin_id.in_(list(plugin_ids))).ext(distinct_on(releases.c.plugin_id))
    ordered = wanted.order_by(releases.c.plugin_id, releases.c.published_at.desc())
    return [_view(row) for row in (await work.run(ordered)).all()]


async def not_offered(
    work: Work, owner: UUID, states: Iterable[ReleaseState], limit: int
) -> list[ReleaseView]:
    """A publisher's releases in one of these states, those that came there last first."""
    wanted = _VIEW.where(plugins.c.owner_tenant == owner, releases.c.state.in_(list(states)))
    rows = await work.run(wanted.order_by(releases.c.state_changed_at.desc()).limit(limit))
    return [_view(row) for row in rows.all()]


async def blocked(work: Work) -> list[ReleaseView]:
    """The blocked releases that the actor may see, those blocked last first."""
    wanted = _VIEW.where(releases.c.state == ReleaseState.BLOCKED)
    return [_view(row) for row in (await work.run(wanted.order_by(releases.c.state_changed_at.desc()))).all()]


async def listed_once(work: Work, plugin_id: str) -> list[ReleaseView]:
    """A plugin's releases that were listed at some time, in that order."""
    wanted = _VIEW.where(releases.c.plugin_id == plugin_id, releases.c.listed_at.is_not(None))
    return [_view(row) for row in (await work.run(wanted.order_by(releases.c.listed_at))).all()]


async def offered(work: Work) -> list[UUID]:
    """The ids of all offered releases that have a package, the oldest first."""
    wanted = select(releases.c.id).where(releases.c.state.in_(OFFERED), releases.c.component_size > 0)
    return list((await work.run(wanted.order_by(releases.c.published_at))).scalars())


async def in_states_of(
    work: Work, plugin_ids: Iterable[str], states: Iterable[ReleaseState], limit: int
) -> list[ReleaseView]:
    """The releases of each of these plugins in such states, the highest first, at most so many each."""
    return await _highest(work, plugin_ids, limit, releases.c.state.in_(list(states)))


async def passing(work: Work, plugin_ids: Iterable[str], sieve: Sieve, limit: int) -> list[ReleaseView]:
    """The offered releases of each of these plugins that pass, the highest first, at most so many each."""
    supported = release_compatibility.c
    key, core = precedence_key(sieve.aei_version), prerelease_core(sieve.aei_version)
    ranges = [supported.release_id == releases.c.id, supported.lower <= key, supported.upper > key]
    if core is not None:
        ranges.append(supported.prerelease_cores.any(core))
    conditions = [
        releases.c.state.in_(list(OFFERED)),
        releases.c.listed_at <= sieve.listed_until,
        select(supported.release_id).where(*ranges).exists(),
    ]
    if sieve.channel is Channel.STABLE:
        conditions.append(releases.c.channel == Channel.STABLE)
    if sieve.certified:
        conditions.append(releases.c.certified_until.is_not(None))
    return await _highest(work, plugin_ids, limit, *conditions)


async def list_page(
    work: Work, plugin_id: str, after: str | None, limit: int
) -> tuple[list[ReleaseView], int]:
    """A plugin's releases below a version, highest first, one more than `limit`; and how many there are."""
    wanted = _FROM_THE_TOP
    if after is not None:
        mine = releases.c.plugin_id == plugin_id
        last = select(releases.c.precedence).where(mine, releases.c.version == after)
        wanted = wanted.where(releases.c.precedence < last.scalar_subquery())
    rows = (await work.run(wanted, {"plugin_id": plugin_id, "most": limit + 1})).all()
    whole = after is None and len(rows) <= limit
    total = len(rows) if whole else (await work.run(_COUNT, {"plugin_id": plugin_id})).scalar_one()
    return [_view(row) for row in rows], total


async def texts(work: Work, plugin_id: str, version: str) -> ReleaseTexts:
    """README and change log of a release."""
    row = (await work.run(_TEXTS, {"plugin_id": plugin_id, "version": version})).one()
    return ReleaseTexts(row.readme, row.changelog)


async def icon(work: Work, package_sha256: str) -> Icon | None:
    """The icon of the release with this package; None when it has none or the actor may not see it."""
    wanted = select(releases.c.icon_kind, releases.c.icon).where(
        releases.c.package_sha256 == package_sha256,
        releases.c.icon.is_not(None),
        releases.c.state != ReleaseState.REMOVED,
    )
    row = (await work.run(wanted)).first()
    return None if row is None else Icon(IconKind(row.icon_kind), row.icon)


async def candidates(work: Work, plugin_id: str) -> list[Candidate]:
    """What the choice of the latest release needs of each."""
    columns = (
        releases.c.id,
        releases.c.precedence,
        releases.c.channel,
        releases.c.state,
        releases.c.listed_at,
    )
    rows = (await work.run(select(*columns).where(releases.c.plugin_id == plugin_id))).all()
    return [
        Candidate(r.id, r.precedence, Channel(r.channel), ReleaseState(r.state), r.listed_at is not None)
        for r in rows
    ]


async def add(work: Work, values: dict[str, Any], intervals: Sequence[Interval]) -> bool:
    """Write a new release down; False when its version is taken."""
    done = await work.run(insert_or_skip(releases).values(**values).on_conflict_do_nothing())
    if done.rowcount != 1:
        return False
    rows = [
        {
            "release_id": values["id"],
            "position": position,
            "lower": interval.lower,
            "upper": interval.upper,
            "prerelease_cores": list(interval.prerelease_cores),
        }
        for position, interval in enumerate(intervals)
    ]
    if rows:
        await work.run(insert(release_compatibility), rows)
    await states.remember(work, values["id"], Change(ReleaseState(values["state"])))
    return True


async def _highest(
    work: Work, plugin_ids: Iterable[str], limit: int, *conditions: ColumnElement[bool]
) -> list[ReleaseView]:
    place = func.row_number().over(partition_by=releases.c.plugin_id, order_by=releases.c.precedence.desc())
    ranked = (
        select(releases.c.id, place.label("place"))
        .where(releases.c.plugin_id.in_(list(plugin_ids)), *conditions)
        .subquery()
    )
    wanted = _VIEW.join(ranked, ranked.c.id == releases.c.id).where(ranked.c.place <= limit)
    return [_view(row) for row in (await work.run(wanted.order_by(ranked.c.place))).all()]


async def _first(work: Work, wanted: Select[Any]) -> ReleaseView | None:
    row = (await work.run(wanted)).first()
    return None if row is None else _view(row)


def _view(row: Row[Any]) -> ReleaseView:
    manifest, state = Manifest(row.manifest), ReleaseState(row.state)
    fields = {
        **row._mapping,
        "manifest": manifest,
        "kind": manifest.kind,
        "channel": Channel(row.channel),
        "state": state,
        "advisories": tuple(row.advisories or ()),
        "icon": icon_path(row.package_sha256, state, there=row.icon is not None),
    }
    return ReleaseView(**fields)
