"""The newest of what everybody may see; what is private is left out for every reader alike."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from aei_marketplace.catalog.models import plugins, releases
from aei_marketplace.catalog.rules.feeds import LONGEST, Feed, FeedEntry
from aei_marketplace.catalog.rules.states import OFFERED, ReleaseState
from aei_marketplace.catalog.store.releases import by_ids
from aei_marketplace.ground.work import Work

_P, _R = plugins.c, releases.c
_PUBLIC = (_P.visibility == "public", _P.listed_at.is_not(None))
_GONE = (ReleaseState.BLOCKED, ReleaseState.REMOVED)


def _newest(of: Feed) -> Select[Any]:
    if of is Feed.NEW:
        wanted = select(_R.id, _P.listed_at.label("at")).join(releases, _R.id == _P.latest_shown)
        return wanted.where(_R.state.in_(OFFERED)).order_by(_P.listed_at.desc(), _P.id)
    moment = _R.listed_at if of is Feed.UPDATED else _R.state_changed_at
    wanted = select(_R.id, moment.label("at")).join(plugins, _R.plugin_id == _P.id)
    states = OFFERED if of is Feed.UPDATED else _GONE
    return wanted.where(_R.listed_at.is_not(None), _R.state.in_(states)).order_by(moment.desc(), _R.id)


async def entries(work: Work, feed: Feed) -> list[FeedEntry]:
    """The entries of a feed, the newest first."""
    rows = (await work.run(_newest(feed).where(*_PUBLIC).limit(LONGEST))).all()
    found: dict[UUID, Any] = {
        release.release_id: release for release in await by_ids(work, [r.id for r in rows])
    }
    return [FeedEntry(row.at, found[row.id]) for row in rows]
