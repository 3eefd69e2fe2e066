"""Collections with their plugins, and what they were before."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import aggregate_order_by, insert

from aei_marketplace.collections.models import collection_plugins, collection_revisions, collections
from aei_marketplace.collections.rules.content import (
    Collection,
    Content,
    Kind,
    State,
    kept_form,
    read_kept_form,
)
from aei_marketplace.ground.work import Work

#: The database's channel of changes. The payload is the same each time: who hears it reads anew.
CHANNEL, PAYLOAD = "aei_collections", "now"
_HOLD = text("select pg_advisory_xact_lock(hashtextextended('collections', 0))")


async def hold(work: Work) -> None:
    """Have this work alone change collections until it ends: they are few, and share one page."""
    await work.run(_HOLD)


async def announce(work: Work) -> None:
    """Have every process hear of the change, once this work is committed."""
    await work.run(select(func.pg_notify(CHANNEL, PAYLOAD)))


async def find(work: Work, collection_id: UUID) -> Collection | None:
    """One collection that the actor may see."""
    row = (await work.run(_query().where(collections.c.id == collection_id))).first()
    return None if row is None else _as_collection(row)


async def find_all(work: Work, states: frozenset[State]) -> list[Collection]:
    """The collections in one of these states that the actor may see, in the page's order."""
    wanted = _query().where(collections.c.state.in_(states))
    return [_as_collection(row) for row in await work.run(_ordered(wanted))]


async def find_page(
    work: Work, states: frozenset[State], after: tuple[int, UUID] | None, limit: int
) -> tuple[list[Collection], int]:
    """A page of them, one more than `limit` if there are more, and how many there are in all."""
    chosen = collections.c.state.in_(states)
    total = select(func.count()).select_from(collections).where(chosen)
    wanted = _query().where(chosen)
    if after is not None:
        position, last = after
        later = (collections.c.position > position) | (
            (collections.c.position == position) & (collections.c.id > last)
        )
        wanted = wanted.where(later)
    rows = await work.run(_ordered(wanted).limit(limit + 1))
    return [_as_collection(row) for row in rows], int((await work.run(total)).scalar_one())


async def count(work: Work, states: frozenset[State]) -> int:
    """How many there are in these states."""
    query = select(func.count()).select_from(collections).where(collections.c.state.in_(states))
    return int((await work.run(query)).scalar_one())


async def slugs(work: Work) -> list[str]:
    """Every name in addresses that is taken."""
    return list((await work.run(select(collections.c.slug))).scalars())


async def next_position(work: Work) -> int:
    """The place behind all others."""
    return int((await work.run(select(func.coalesce(func.max(collections.c.position), 0) + 1))).scalar_one())


async def save(work: Work, collection: Collection) -> None:
    """Write a collection, new or in the place of what it was."""
    values = _values(collection)
    new = insert(collections).values(id=collection.id, **values)
    await work.run(new.on_conflict_do_update(index_elements=["id"], set_=values))
    await _save_plugins(work, collection)


async def set_position(work: Work, collection_id: UUID, position: int) -> None:
    """Give a collection another place on the page."""
    change = update(collections).where(collections.c.id == collection_id).values(position=position)
    await work.run(change)


async def keep_revision(work: Work, collection_id: UUID, content: Content) -> None:
    """Remember what undo brings back."""
    kept = kept_form(content)
    new = insert(collection_revisions).values(collection_id=collection_id, content=kept)
    await work.run(new.on_conflict_do_update(index_elements=["collection_id"], set_={"content": kept}))


async def find_revision(work: Work, collection_id: UUID) -> Content | None:
    """What the collection was before its last change; None when it never changed."""
    wanted = select(collection_revisions.c.content).where(
        collection_revisions.c.collection_id == collection_id
    )
    kept = (await work.run(wanted)).scalar_one_or_none()
    return None if kept is None else read_kept_form(kept)


async def _save_plugins(work: Work, collection: Collection) -> None:
    await work.run(delete(collection_plugins).where(collection_plugins.c.collection_id == collection.id))
    rows = [
        {"collection_id": collection.id, "place": place, "plugin_id": plugin_id}
        for place, plugin_id in enumerate(collection.content.plugin_ids, 1)
    ]
    if rows:
        await work.run(insert(collection_plugins), rows)


def _values(collection: Collection) -> dict[str, Any]:
    content = collection.content
    return {
        "slug": collection.slug,
        "kind": collection.kind,
        "title": content.title,
        "description": content.description,
        "state": content.state,
        "shown_from": content.shown_from,
        "shown_until": content.shown_until,
        "rotation": content.rotation,
        "slot": content.slot,
        "position": collection.position,
        "version": collection.version,
        "created_at": collection.created_at,
        "updated_at": collection.updated_at,
    }


def _query() -> Select[Any]:
    plugins = (
        select(func.array_agg(aggregate_order_by(collection_plugins.c.plugin_id, collection_plugins.c.place)))
        .where(collection_plugins.c.collection_id == collections.c.id)
        .scalar_subquery()
    )
    return select(collections, plugins.label("plugin_ids"))


def _ordered(query: Select[Any]) -> Select[Any]:
    return query.order_by(collections.c.position, collections.c.id)


def _as_collection(row: Row[Any]) -> Collection:
    content = Content(
        title=row.title,
        description=row.description,
        plugin_ids=tuple(row.plugin_ids or ()),
        state=State(row.state),
        shown_from=row.shown_from,
        shown_until=row.shown_until,
        rotation=row.rotation,
        slot=row.slot,
    )
    return Collection(
        id=row.id,
        slug=row.slug,
        kind=Kind(row.kind),
        content=content,
        position=row.position,
        version=row.version,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
