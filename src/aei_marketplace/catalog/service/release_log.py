"""The public log of releases: told of by every change, sequenced and signed by the job process.

What a change writes waits in the same transaction as the change. The sequencer puts it into the tree;
then the tree's head is signed, and the checkpoint is kept outside the database before it stands inside.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from aei_inspection.notes import Checkpoint, NoteMalformed, NoteUnproven, SigningKey, open_checkpoint
from aei_marketplace.catalog.errors import NotInLog, NotInLogYet, NotThatLarge, ReleaseLogCorrupt
from aei_marketplace.catalog.rules.release_log import is_told, leaf_of
from aei_marketplace.catalog.rules.views import ReleaseView
from aei_marketplace.catalog.service.reading import find_release
from aei_marketplace.catalog.store import release_log as store
from aei_marketplace.ground.ports import CheckpointShelf
from aei_marketplace.ground.work import Work, Works
from aei_protocol.merkle import Plan, Tree, consistency_places, inclusion_places, leaf_hash, prove
from aei_protocol.release_log import Reason

BATCH = 5_000
_JOB = "catalog.release_log"


@dataclass(frozen=True, slots=True)
class LogHead:
    """A checkpoint: a signed note over a tree's size and root, and the key that checks it."""

    size: int
    note: str
    verifying_key: str


@dataclass(frozen=True, slots=True)
class ProvenLeaf:
    """A leaf, its place, and the hashes that prove it to be there."""

    index: int
    content: bytes
    proof: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class ReleaseProof:
    """What the log says of a release, proven against one checkpoint.

    Attributes:
        leaves: in order, the publication first; of very many the first and the most recent.
    """

    plugin_id: str
    version: str
    head: LogHead
    leaves: tuple[ProvenLeaf, ...]


async def tell(work: Work, release: ReleaseView, reason: Reason) -> None:
    """Have the log tell of a release as it is now, if it is one that the log tells of."""
    if is_told(release):
        await store.add_pending(work, release.release_id, leaf_of(release, work.now, reason).content())


async def sequence_releases(works: Works, batch: int = BATCH) -> int:
    """Put waiting leaves into the tree, in one transaction; how many there were.

    Raises:
        ReleaseLogCorrupt: a leaf's bytes do not have the hash that was stored with them.
    """
    async with works.system(_JOB) as work:
        if not await store.become_sequencer(work):
            return 0
        rows = await store.take_pending(work, batch)
        if rows:
            await _append(work, rows)
    return len(rows)


async def sign_log(works: Works, key: SigningKey, shelf: CheckpointShelf) -> LogHead:
    """Sign the tree's head, unless that has been done; the newest checkpoint.

    Raises:
        ReleaseLogCorrupt: the tree is not one that goes on from the checkpoint kept outside the database.
    """
    kept = _read_kept(await shelf.latest(), key)
    async with works.system(_JOB) as work:
        tree = await _tree(work, await store.size(work))
        await _check_goes_on(work, kept, tree)
    note = key.sign(Checkpoint(key.name, tree.size, tree.root()).text())
    if kept is None or kept.size < tree.size:
        await shelf.keep(note)
    async with works.system(_JOB) as work:
        await store.add_checkpoint(work, tree.size, note, key.verifying.text())
    return LogHead(tree.size, note, key.verifying.text())


async def log_head(work: Work) -> LogHead:
    """The newest checkpoint.

    Raises:
        NotInLogYet: the job process has not signed any yet.
    """
    row = await store.latest_checkpoint(work)
    if row is None:
        raise NotInLogYet("The log of releases has no checkpoint yet.")
    return LogHead(row.size, row.note, row.verifying_key)


@dataclass(frozen=True, slots=True)
class LogSigned:
    """How far the log is signed: so many entries, since then."""

    size: int
    at: datetime


async def log_signed(work: Work) -> LogSigned | None:
    """The newest checkpoint in short; None before the first."""
    row = await store.latest_checkpoint(work)
    return None if row is None else LogSigned(row.size, row.at)


async def log_entries(work: Work, first: int, limit: int) -> list[tuple[int, bytes]]:
    """Leaves from a place on, in order, each with its place."""
    return [(row.leaf_index, row.content) for row in await store.leaves_from(work, first, limit)]


async def prove_release(work: Work, plugin_id: str, version: str) -> ReleaseProof:
    """What the log says of a release that the actor may see, with inclusion proofs.

    Raises:
        PluginNotFound, ReleaseNotFound: there is none that the actor may see.
        NotInLog: the log does not tell of such a release.
        NotInLogYet: no checkpoint covers it yet.
    """
    release = await find_release(work, plugin_id, version)
    if not is_told(release):
        raise NotInLog(_why_not_told(release))
    head = await log_head(work)
    rows = await store.leaves_of(work, release.release_id, head.size)
    if not rows:
        raise NotInLogYet(f"{plugin_id} {version} has no place in the log of releases yet.")
    proven = [await _prove_leaf(work, row, head.size) for row in rows]
    return ReleaseProof(plugin_id, version, head, tuple(proven))


async def prove_growth(work: Work, old: int, new: int | None) -> tuple[int, list[bytes]]:
    """That the tree of `new` leaves begins with the whole tree of `old`; gives `new` and the proof.

    Args:
        new: None for the newest checkpoint's size.

    Raises:
        NotThatLarge: the log has never been of such a size.
    """
    head = await log_head(work)
    size = head.size if new is None else new
    if not 0 <= old <= size <= head.size:
        raise NotThatLarge(f"The log has {head.size} entries; it has no tree of {old} within one of {size}.")
    return size, await _prove(work, consistency_places(old, size))


async def _append(work: Work, rows: Sequence[Row[Any]]) -> None:
    for row in rows:
        if leaf_hash(row.content) != row.leaf_hash:
            raise ReleaseLogCorrupt(f"leaf {row.position} that waits does not have the hash stored with it")
    tree = await _tree(work, await store.size(work))
    first = tree.size
    await store.add_nodes(work, tree.extend(row.leaf_hash for row in rows))
    await store.add_leaves(work, first, rows)


async def _tree(work: Work, size: int) -> Tree:
    try:
        return await store.tree_of(work, size)
    except KeyError as missing:
        raise ReleaseLogCorrupt(f"the tree of {size} leaves lacks the subtree {missing}") from missing


def _read_kept(note: str | None, key: SigningKey) -> Checkpoint | None:
    try:
        return None if note is None else open_checkpoint(note, key.verifying)
    except (NoteMalformed, NoteUnproven) as error:
        raise ReleaseLogCorrupt(f"the checkpoint outside the database is not this log's: {error}") from error


async def _check_goes_on(work: Work, kept: Checkpoint | None, tree: Tree) -> None:
    if kept is None:
        return
    if kept.size > tree.size:
        raise ReleaseLogCorrupt(
            f"the log has {tree.size} entries, and a checkpoint of {kept.size} was signed: entries are gone"
        )
    if (await _tree(work, kept.size)).root() != kept.root:
        raise ReleaseLogCorrupt(f"the first {kept.size} entries are not those that were signed")


def _why_not_told(release: ReleaseView) -> str:
    name = f"{release.plugin_id} {release.version}"
    if release.visibility == "public":
        return f"{name} was never listed; the log tells of releases from their listing on."
    return f"{release.plugin_id} is private; the public log tells nothing of private plugins."


async def _prove_leaf(work: Work, row: Row[Any], size: int) -> ProvenLeaf:
    proof = await _prove(work, inclusion_places(row.leaf_index, size))
    return ProvenLeaf(row.leaf_index, row.content, tuple(proof))


async def _prove(work: Work, plan: Plan) -> list[bytes]:
    return prove(plan, await store.hashes(work, [place for places in plan for place in places]))
