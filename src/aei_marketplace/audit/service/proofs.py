"""Proofs that anybody can check without us: an entry is in the log, the log only ever grew."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from aei_marketplace.audit.errors import NoCheckpointYet, NoSuchEntry, NotYetProvable, SizesUnfit
from aei_marketplace.audit.rules.checkpoints import LONGEST_UNSIGNED_S
from aei_marketplace.audit.store import proofs as store
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.work import Work, Works
from aei_protocol.merkle import Plan, consistency_places, inclusion_places, prove


@dataclass(frozen=True, slots=True)
class SignedHead:
    """A checkpoint as it is handed out.

    Attributes:
        note: the signed note, which alone is proof; the rest is there to be read.
        verifying_key: what the note claims to be signed with. Compare it with the one that you know.
    """

    size: int
    root: bytes
    note: str
    verifying_key: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Inclusion:
    """The proof that an entry is in the log.

    Attributes:
        content: the entry's bytes, whose leaf hash is `leaf_hash`; None once it was archived.
        archive: the name of the file that has the bytes then.
        hashes: the audit path of RFC 6962, from the leaf to the root.
    """

    entry_id: UUID
    sequence: int
    leaf_hash: bytes
    content: bytes | None
    archive: str | None
    hashes: list[bytes]
    head: SignedHead


@dataclass(frozen=True, slots=True)
class Growth:
    """The proof that a larger log begins with a smaller one.

    Attributes:
        head: the checkpoint over the larger one, where there is one of that size.
    """

    old: int
    new: int
    hashes: list[bytes]
    head: SignedHead | None


async def newest_head(works: Works, actor: Actor, trace_id: str) -> SignedHead:
    """The newest checkpoint.

    Raises:
        NotAllowed: the actor may not read the log.
        NoCheckpointYet: nothing has been signed.
    """
    async with works.begin(actor, trace_id) as work:
        _require_reader(work)
        return await _newest(work)


async def prove_entry(works: Works, actor: Actor, trace_id: str, entry_id: UUID) -> Inclusion:
    """Prove that an entry is in the log, against the newest checkpoint.

    Raises:
        NotAllowed: the actor may not read the log.
        NoSuchEntry: there is none, or it is another tenant's.
        NoCheckpointYet, NotYetProvable: it is not under a checkpoint yet.
    """
    async with works.begin(actor, trace_id) as work:
        _require_reader(work)
        leaf = await store.find_leaf(work, entry_id)
        if not leaf.known:
            raise NoSuchEntry(f"There is no audit entry {entry_id} that you may read.")
        head = _head(leaf)
        if leaf.sequence is None or leaf.sequence >= head.size:
            raise NotYetProvable(
                f"The newest checkpoint has {head.size} entries; this one comes after it.",
                retry_after=LONGEST_UNSIGNED_S,
            )
        hashes = await _prove(work, inclusion_places(leaf.sequence, head.size))
        return Inclusion(
            entry_id,
            leaf.sequence,
            bytes(leaf.leaf_hash),
            None if leaf.content is None else bytes(leaf.content),
            leaf.file_name,
            hashes,
            head,
        )


async def prove_growth(works: Works, actor: Actor, trace_id: str, old: int, new: int | None) -> Growth:
    """Prove that the log of `new` entries begins with that of `old`.

    Args:
        old, new: tree sizes; `new` is the newest checkpoint's when None.

    Raises:
        NotAllowed: the actor may not read the log.
        NoCheckpointYet: nothing has been signed.
        SizesUnfit: they are not 0 <= old <= new <= the newest checkpoint's size.
    """
    async with works.begin(actor, trace_id) as work:
        _require_reader(work)
        newest = await _newest(work)
        wanted = newest.size if new is None else new
        if not 0 <= old <= wanted <= newest.size:
            raise SizesUnfit(f"sizes go from 0 to {newest.size}, and `from` is not above `to`")
        row = await store.checkpoint_of(work, wanted)
        hashes = await _prove(work, consistency_places(old, wanted)) if old else []
        return Growth(old, wanted, hashes, _head(row) if row else None)


def _require_reader(work: Work) -> None:
    work.actor.require("audit.read_all" if work.actor.staff else "audit.read")


async def _newest(work: Work) -> SignedHead:
    return _head(await store.newest_checkpoint(work))


async def _prove(work: Work, plan: Plan) -> list[bytes]:
    return prove(plan, await store.hashes(work, (place for places in plan for place in places)))


def _head(row: Row[Any] | None) -> SignedHead:
    if row is None or row.note is None:
        raise NoCheckpointYet("No checkpoint has been signed so far.")
    return SignedHead(row.size, bytes(row.root), row.note, row.verifying_key, row.at)
