"""The newest of what everybody may see; what is private is left out for every reader alike."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select, union

from aei_marketplace.catalog.models import plugins, releases
from aei_marketplace.catalog.rules.feeds import LONGEST, Feed, FeedEntry
from aei_marketplace.catalog.rules.states import OFFERED, ReleaseState
from aei_marketplace.catalog.store.releases import by_ids
from aei_marketplace.ground.work import Work

_P, _R = plugins.c, releases.c
_PUBLIC = (_P.visibility == "public", _P.listed_at.is_not(None))
_GONE = (ReleaseState.BLOCKED, ReleaseState.REMOVED)


async def entries(work: Work, feed: Feed) -> list[FeedEntry]:
    """The entries of a feed, the newest first."""
    rows = (await work.run(_OF[feed]().where(*_PUBLIC).limit(LONGEST))).all()
    found: dict[UUID, Any] = {
        release.release_id: release for release in await by_ids(work, [r.id for r in rows])
    }
    return [FeedEntry(row.at, found[row.id]) for row in rows]


def _new() -> Select[Any]:
    """Plugins; of one that became public later, `listed_at` is that moment (`plugins.make_public`)."""
    wanted: Select[Any] = select(_R.id, _P.listed_at.label("at")).join(releases, _R.id == _P.latest_shown)
    return wanted.where(_R.state.in_(OFFERED)).order_by(_P.listed_at.desc(), _P.id)


def _updated() -> Select[Any]:
    """Releases; those of a plugin that was private are news since everybody sees it."""
    moment = func.greatest(_R.listed_at, _P.listed_at)
    # By either moment, each of which has an index: whatever is among the newest is among these.
    plugins_lately = _new().where(*_PUBLIC).limit(LONGEST).subquery()
    listed_lately = _releases(_R.listed_at, OFFERED).where(*_PUBLIC).order_by(_R.listed_at.desc())
    shown = releases.alias()
    possible = union(
        select(listed_lately.limit(LONGEST).subquery().c.id),
        select(_R.id)
        .join(shown, shown.c.plugin_id == _R.plugin_id)
        .where(shown.c.id.in_(select(plugins_lately.c.id))),
    )
    return _releases(moment, OFFERED).where(_R.id.in_(possible)).order_by(moment.desc(), _R.id)


def _removed() -> Select[Any]:
    """Releases that were taken out of use."""
    return _releases(_R.state_changed_at, _GONE).order_by(_R.state_changed_at.desc(), _R.id)


def _releases(moment: ColumnElement[datetime], states: Collection[ReleaseState]) -> Select[Any]:
    wanted: Select[Any] = select(_R.id, moment.label("at")).join(plugins, _R.plugin_id == _P.id)
    return wanted.where(_R.listed_at.is_not(None), _R.state.in_(states))


_OF = {Feed.NEW: _new, Feed.UPDATED: _updated, Feed.REMOVED: _removed}
