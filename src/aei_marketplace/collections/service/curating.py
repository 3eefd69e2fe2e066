"""Making, changing, ordering collections and switching their rotations."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from uuid import UUID

from aei_marketplace.catalog import service as catalog
from aei_marketplace.collections.errors import (
    CollectionConflict,
    CollectionStale,
    NoSuchCollection,
    RotationStale,
    TooManyCollections,
)
from aei_marketplace.collections.rules.content import (
    MOST_COLLECTIONS,
    Collection,
    Content,
    Edit,
    Kind,
    State,
    changed_fields,
    check_content,
    check_known,
    check_move,
    check_rotation,
)
from aei_marketplace.collections.rules.showing import Rotation, check_percentage
from aei_marketplace.collections.rules.slugs import slug_for
from aei_marketplace.collections.store import collections as store
from aei_marketplace.collections.store import rotations
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.clock import new_id
from aei_marketplace.ground.work import Work

CURATE = "collection.curate"
#: Those that have a place on the page, or may get one.
_STANDING = frozenset({State.DRAFT, State.PUBLISHED})
_ACTIONS = {State.PUBLISHED: "collection.publish", State.ARCHIVED: "collection.archive"}


async def create_collection(work: Work, wanted: Content, kind: Kind, *, ahead: bool = False) -> Collection:
    """Make a collection: a draft behind all others.

    Args:
        wanted: its state is not looked at.
        ahead: whether it may name plugins that are published later.

    Raises:
        NotAllowed: the actor may not.
        CollectionUnfit: something of it cannot be kept.
        TooManyCollections: there are as many as there may be.
    """
    work.actor.require(CURATE)
    content = check_content(replace(wanted, state=State.DRAFT), kind)
    await store.hold(work)
    await _require_room(work)
    if not ahead:
        await _require_known(work, content.plugin_ids)
    collection = Collection(
        id=new_id(),
        slug=slug_for(content.title, await store.slugs(work)),
        kind=kind,
        content=content,
        position=await store.next_position(work),
        version=1,
        created_at=work.now,
        updated_at=work.now,
    )
    await store.save(work, collection)
    _record(work, "collection.create", collection)
    return collection


async def change_collection(
    work: Work, collection_id: UUID, edit: Edit, if_match: str | None = None
) -> Collection:
    """Change a collection; publishing and archiving are changes of its state.

    Args:
        edit: from the present content to the wanted one.

    Raises:
        NotAllowed: the actor may not.
        NoSuchCollection: there is none.
        CollectionStale: it has changed since the caller read it.
        CollectionUnfit: something of it cannot be kept.
        CollectionConflict: its state allows no such change.
        TooManyCollections: it would leave the archive, and there is no room.
    """
    present = await _held(work, collection_id, if_match)
    before = present.content
    content = check_content(edit(before), present.kind)
    check_move(before.state, content.state)
    await _require_known(work, content.plugin_ids, before.plugin_ids)
    return await _put(work, present, content)


async def undo_change(work: Work, collection_id: UUID, if_match: str | None = None) -> Collection:
    """Make a collection what it was before its last change; doing so twice changes nothing.

    Raises:
        NotAllowed, NoSuchCollection, CollectionStale, TooManyCollections: as for a change.
        CollectionConflict: it has never changed.
    """
    present = await _held(work, collection_id, if_match)
    before = await store.find_revision(work, collection_id)
    if before is None:
        raise CollectionConflict("The collection has not changed since it was made.")
    return await _put(work, present, before, undo=True)


async def move_collection(work: Work, collection_id: UUID, by: int) -> None:
    """Move a collection so many places down the page (up when negative); at an end it stays.

    A place depends on the others, so it belongs to no revision: moving back undoes it.

    Raises:
        NotAllowed: the actor may not.
        NoSuchCollection: there is none.
        CollectionConflict: it is archived.
    """
    present = await _held(work, collection_id)
    if present.content.state is State.ARCHIVED:
        raise CollectionConflict("An archived collection has no place on the page.")
    others = await store.find_all(work, _STANDING)
    here = [other.id for other in others].index(collection_id)
    others.insert(min(max(here + by, 0), len(others) - 1), others.pop(here))
    for position, other in enumerate(others, 1):
        if other.position != position:
            await store.set_position(work, other.id, position)
    await store.announce(work)
    position = [other.id for other in others].index(collection_id) + 1
    _record(work, "collection.change", replace(present, position=position), ["position"])


async def switch_rotation(work: Work, name: str, percentage: int, if_match: str | None = None) -> Rotation:
    """Have a rotation turn for so many of a hundred tenants: 0 is off, 100 is on.

    Raises:
        NotAllowed: the actor may not.
        CollectionUnfit: there is no such name or percentage.
        RotationStale: it has changed since the caller read it.
    """
    work.actor.require(CURATE)
    check_rotation(name)
    check_percentage(percentage)
    await store.hold(work)
    present = (await rotations.find_all(work)).get(name, Rotation(name))
    if if_match not in (None, "*", present.etag):
        raise RotationStale("Somebody has changed the rotation since you read it.")
    changed = replace(present, percentage=percentage, version=present.version + 1)
    await rotations.save(work, changed)
    await store.announce(work)
    work.record(Fact("rotation.change", "rotation", name, context={"percentage": percentage}))
    return changed


async def _held(work: Work, collection_id: UUID, if_match: str | None = None) -> Collection:
    work.actor.require(CURATE)
    await store.hold(work)
    present = await store.find(work, collection_id)
    if present is None:
        raise NoSuchCollection("There is no such collection.")
    if if_match not in (None, "*", present.etag):
        raise CollectionStale("Somebody has changed the collection since you read it.")
    return present


async def _put(work: Work, present: Collection, content: Content, *, undo: bool = False) -> Collection:
    fields = changed_fields(present.content, content)
    if not fields:
        return present
    if present.content.state is State.ARCHIVED and content.state is not State.ARCHIVED:
        await _require_room(work)
    changed = replace(present, content=content, version=present.version + 1, updated_at=work.now)
    await store.keep_revision(work, present.id, present.content)
    await store.save(work, changed)
    await store.announce(work)
    moved = present.content.state is not content.state
    action = _ACTIONS.get(content.state, "collection.change") if moved else "collection.change"
    _record(work, action, changed, fields, undo=undo)
    return changed


async def _require_room(work: Work) -> None:
    if await store.count(work, _STANDING) >= MOST_COLLECTIONS:
        raise TooManyCollections(f"There are {MOST_COLLECTIONS} collections already.")


async def _require_known(work: Work, wanted: Sequence[str], before: Sequence[str] = ()) -> None:
    """Those that stood there before stay, whatever has become of them: readers do not see them."""
    new = [plugin_id for plugin_id in wanted if plugin_id not in before]
    if new:
        check_known(wanted, {*before, *await catalog.find_briefs(work, new)})


def _record(
    work: Work, action: str, collection: Collection, fields: Iterable[str] = (), *, undo: bool = False
) -> None:
    context = {
        "slug": collection.slug,
        "version": collection.version,
        "state": str(collection.content.state),
        "position": collection.position,
        "plugins": list(collection.content.plugin_ids),
        "changed": list(fields),
        "undo": undo,
    }
    work.record(Fact(action, "collection", str(collection.id), context=context))
