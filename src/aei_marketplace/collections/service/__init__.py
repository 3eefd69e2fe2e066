"""What can be done with collections."""

from aei_marketplace.collections.rules.clicks import Clicks
from aei_marketplace.collections.rules.content import Collection, Content, Kind, State
from aei_marketplace.collections.rules.showing import Rotation, Section
from aei_marketplace.collections.service.clicks import ClickCounter, forget_old_counts, open_counter
from aei_marketplace.collections.service.curating import (
    CURATE,
    change_collection,
    create_collection,
    move_collection,
    switch_rotation,
    undo_change,
)
from aei_marketplace.collections.service.reading import (
    COUNTED_DAYS,
    ClickThrough,
    Readable,
    can_undo,
    count_by_day,
    describe,
    find_collection,
    list_collections,
    list_open,
    list_rotations,
    read_click_through,
    read_collection,
)
from aei_marketplace.collections.service.sections import sections_for
from aei_marketplace.collections.service.shelf import NEWS_TOPIC, Shelf, open_shelf

__all__ = [
    "COUNTED_DAYS",
    "CURATE",
    "NEWS_TOPIC",
    "ClickCounter",
    "ClickThrough",
    "Clicks",
    "Collection",
    "Content",
    "Kind",
    "Readable",
    "Rotation",
    "Section",
    "Shelf",
    "State",
    "can_undo",
    "change_collection",
    "count_by_day",
    "create_collection",
    "describe",
    "find_collection",
    "forget_old_counts",
    "list_collections",
    "list_open",
    "list_rotations",
    "move_collection",
    "open_counter",
    "open_shelf",
    "read_click_through",
    "read_collection",
    "sections_for",
    "switch_rotation",
    "undo_change",
]
