"""What can be found in a log that somebody changed."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Kind(StrEnum):
    """One way of tampering; the values are stable names for programs."""

    EDITED = "edited"
    COLUMNS_CHANGED = "columns_changed"
    LEAF_CHANGED = "leaf_changed"
    NODE_CHANGED = "node_changed"
    DELETED = "deleted"
    REORDERED = "reordered"
    INSERTED = "inserted"
    TRUNCATED = "truncated"
    REWRITTEN = "rewritten"
    WIPED = "wiped"
    PERSONAL_CHANGED = "personal_changed"
    CHECKPOINT_FORGED = "checkpoint_forged"
    CHECKPOINT_BY_ANOTHER_KEY = "checkpoint_by_another_key"
    CHECKPOINT_STALE = "checkpoint_stale"
    CHECKPOINT_CHANGED = "checkpoint_changed"
    CHECKPOINT_REMOVED = "checkpoint_removed"
    CHECKPOINT_REMOVED_OUTSIDE = "checkpoint_removed_outside"
    CHECKPOINT_CONFLICT = "checkpoint_conflict"
    ARCHIVE_MISSING = "archive_missing"
    ARCHIVE_CHANGED = "archive_changed"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it was written.

    Attributes:
        detail: a sentence for people.
        sequence: the place in the tree, where it is about one.
        entry: the entry, where it is about one that is known.
    """

    kind: Kind
    detail: str
    sequence: int | None = None
    entry: UUID | None = None
