"""The order of the plugins in a collection."""

from collections.abc import Sequence

from aei_marketplace.collections.errors import CollectionConflict


def moved(plugin_ids: Sequence[str], plugin_id: str, by: int) -> tuple[str, ...]:
    """The order after one plugin went so many places down (up when negative); at an end it stays.

    Raises:
        CollectionConflict: it is not in the collection.
    """
    here = _index(plugin_ids, plugin_id)
    there = min(max(here + by, 0), len(plugin_ids) - 1)
    rest = without(plugin_ids, plugin_id)
    return (*rest[:there], plugin_id, *rest[there:])


def without(plugin_ids: Sequence[str], plugin_id: str) -> tuple[str, ...]:
    """The order without one plugin.

    Raises:
        CollectionConflict: it is not in the collection.
    """
    here = _index(plugin_ids, plugin_id)
    return (*plugin_ids[:here], *plugin_ids[here + 1 :])


def _index(plugin_ids: Sequence[str], plugin_id: str) -> int:
    if plugin_id not in plugin_ids:
        raise CollectionConflict(f"{plugin_id[:120]} is not in the collection.")
    return plugin_ids.index(plugin_id)
