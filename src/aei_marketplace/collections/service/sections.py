"""The sections of the first page, as one reader sees them."""

from aei_marketplace.catalog import service as catalog
from aei_marketplace.collections.rules.content import Collection
from aei_marketplace.collections.rules.showing import Section, shown_now
from aei_marketplace.collections.service.shelf import Shelf
from aei_marketplace.ground.work import Work


async def sections_for(work: Work, shelf: Shelf) -> tuple[Section, ...]:
    """What the first page shows the actor now, in its order; sections without a plugin are left out."""
    standing = await shelf.standing()
    chosen = shown_now(standing.collections, standing.flags, work.actor.tenant, work.now)
    wanted = {plugin_id for collection in chosen for plugin_id in collection.content.plugin_ids}
    if not wanted:
        return ()
    briefs = await catalog.find_briefs(work, wanted)
    offered = frozenset(plugin_id for plugin_id, brief in briefs.items() if brief.offered)
    sections = (_section(collection, offered) for collection in chosen)
    return tuple(section for section in sections if section.plugin_ids)


def _section(collection: Collection, offered: frozenset[str]) -> Section:
    content = collection.content
    return Section(
        id=collection.id,
        slug=collection.slug,
        kind=collection.kind,
        title=content.title,
        description=content.description,
        plugin_ids=tuple(plugin_id for plugin_id in content.plugin_ids if plugin_id in offered),
    )
