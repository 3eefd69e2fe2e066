"""Verifying the public log of releases: recomputed from its leaves, compared with all that was signed."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from aei_inspection.notes import VerifyingKey
from aei_marketplace.catalog.rules.release_log_verification import Finding, Leaf, Recomputation
from aei_marketplace.catalog.store import release_log as store
from aei_marketplace.ground.work import Works

_JOB = "catalog.release_log.verify"
_PAGE = 5_000


class KeptNote(Protocol):
    """A note outside the database; None where something else stands in its place."""

    @property
    def place(self) -> str: ...
    @property
    def note(self) -> bytes | None: ...


@dataclass(frozen=True, slots=True)
class ReleaseLogVerdict:
    """What a verification found.

    Attributes:
        size: how many leaves the log has.
        proven: so many of them stand under a signature.
    """

    size: int
    proven: int
    findings: tuple[Finding, ...]


async def verify_release_log(works: Works, kept: Iterable[KeptNote], key: VerifyingKey) -> ReleaseLogVerdict:
    """Recompute the log and hold it against the checkpoints inside and outside the database.

    Args:
        kept: the notes outside; what they tell of was in the log before they were written.
    """
    recomputed = Recomputation()
    for note in kept:
        recomputed.read_note(note.place, note.note, key)
    async with works.system(_JOB) as work:
        for row in await store.all_checkpoints(work):
            recomputed.read_note(f"the database's checkpoint of {row.size}", row.note, key)
    while await _next_page(works, recomputed):
        pass
    recomputed.finish()
    return ReleaseLogVerdict(recomputed.tree.size, recomputed.proven, tuple(recomputed.findings))


async def _next_page(works: Works, recomputed: Recomputation) -> bool:
    async with works.system(_JOB) as work:
        rows = await store.whole_leaves_from(work, recomputed.tree.size, _PAGE)
        completed = recomputed.add(Leaf(row.leaf_index, row.content, row.leaf_hash) for row in rows)
        stored = await store.nodes_among(work, [(node.level, node.position) for node in completed])
    recomputed.compare_nodes(completed, stored)
    return bool(rows) and recomputed.whole
