"""Kill lists of other marketplaces, as they were imported last, and what they name."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Row, delete, func, select, text

from aei_marketplace.catalog.models import imported_kill_lists, imported_kills, release_states
from aei_marketplace.catalog.rules.kill_lists import Remembered, digest_of
from aei_marketplace.catalog.rules.states import ReleaseState
from aei_marketplace.ground.work import Work
from aei_protocol.kill_list import KillList

_LISTS, _KILLS = imported_kill_lists.c, imported_kills.c
_HOLD = text("select pg_advisory_xact_lock(hashtextextended('catalog/imported_kill_lists', 0))")
_ADD = text("""
  insert into imported_kills (origin, position, package_sha256, component_sha256, plugin, version, reason)
  select :origin, e.position, e.sha256, e.component_sha256, e.plugin, e.version, e.reason
  from rows from (jsonb_to_recordset(cast(:entries as jsonb))
    as (sha256 text, component_sha256 text, plugin text, version text, reason text)) with ordinality
    as e (sha256, component_sha256, plugin, version, reason, position)
""")


async def hold(work: Work) -> None:
    """Have this work alone import until it ends."""
    await work.run(_HOLD)


async def remembered(work: Work) -> list[Remembered]:
    """All lists, by origin."""
    counted = select(func.count()).where(_KILLS.origin == _LISTS.origin).scalar_subquery()
    rows = await work.run(select(*_LISTS, counted.label("entries")).order_by(_LISTS.origin))
    return [Remembered(**row._mapping) for row in rows]


async def replace(work: Work, listed: KillList, verifying_key: str) -> None:
    """Put a list into the place of the one of the same origin."""
    await forget(work, listed.origin)
    values = {
        "origin": listed.origin,
        "serial": listed.serial,
        "made_at": listed.at,
        "digest": digest_of(listed),
        "verifying_key": verifying_key,
        "imported_at": work.now,
    }
    await work.run(imported_kill_lists.insert().values(**values))
    entries = [{name: _kept(value) for name, value in asdict(each).items()} for each in listed.entries]
    await work.run(_ADD, {"origin": listed.origin, "entries": msgspec.json.encode(entries).decode()})


async def forget(work: Work, origin: str) -> bool:
    """Drop the list of an origin with all that it names; False when there was none."""
    gone = delete(imported_kill_lists).where(_LISTS.origin == origin)
    return (await work.run(gone)).rowcount == 1


async def naming(
    work: Work, package_sha256: str, component_sha256: str, release_id: UUID | None = None
) -> Row[Any] | None:
    """Origin and reason of an entry about this content; None when no list has one.

    Args:
        release_id: of the release that holds it. Staff who let it go after it was blocked for such a list
            have decided about that list.
    """
    let_go = select(release_states.c.release_id).where(
        release_states.c.release_id == release_id,
        release_states.c.state == ReleaseState.BLOCKED,
        release_states.c.at >= _LISTS.imported_at,
    )
    same = (_KILLS.package_sha256 == package_sha256) | (_KILLS.component_sha256 == component_sha256)
    wanted = select(_KILLS.origin, _KILLS.reason).join(imported_kill_lists, _LISTS.origin == _KILLS.origin)
    ordered = wanted.where(same, ~let_go.exists()).order_by(_KILLS.origin, _KILLS.position)
    return (await work.run(ordered.limit(1))).first()


def _kept(words: str) -> str:
    """A text as the database takes it: without NUL and half characters, which JSON can say."""
    return words.replace("\0", "").encode("utf-8", "replace").decode()
