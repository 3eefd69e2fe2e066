"""Signing the tree's head, by one process, and keeping what was signed outside the database too."""

from dataclasses import dataclass, field

import asyncpg

from aei_inspection.notes import (
    Checkpoint,
    NoteMalformed,
    NoteUnproven,
    SigningKey,
    VerifyingKey,
    open_checkpoint,
)
from aei_marketplace.audit.errors import CheckpointRefused
from aei_marketplace.audit.rules.checkpoints import require_growth, require_same
from aei_marketplace.audit.store import checkpoints as store
from aei_marketplace.audit.store import sequencing
from aei_marketplace.ground.clock import Clock
from aei_marketplace.ground.ports import CheckpointShelf
from aei_protocol.merkle import Tree, consistency_places, prove


@dataclass
class Signer:
    """Signs the tree of one log, and never two that contradict each other.

    Attributes:
        trusted: every key whose checkpoints are this log's, the present one among them.
        last: what was signed last, as far as this process knows.
    """

    key: SigningKey
    trusted: tuple[VerifyingKey, ...]
    shelf: CheckpointShelf
    clock: Clock
    last: Checkpoint | None = field(default=None, init=False)

    async def sign(self, connection: asyncpg.Connection) -> Checkpoint | None:
        """Sign the tree as it stands; None when there is nothing new, or another process is at it.

        Args:
            connection: asyncpg, role `aei_system`, no transaction open.

        Raises:
            CheckpointRefused: the tree does not continue what was signed before.
            OSError: the note cannot be kept outside the database.
        """
        async with connection.transaction():
            if not await sequencing.become_sequencer(connection):
                return None
            signed = await self._newest_signed(connection)
            tree = await sequencing.load_tree(connection)
            if tree.size == (signed.size if signed else 0):
                return None
            if signed is not None:
                await self._require_growth(connection, signed, tree)
            self.last = await self._keep(connection, tree)
            return self.last

    async def _keep(self, connection: asyncpg.Connection, tree: Tree) -> Checkpoint:
        checkpoint, now = Checkpoint(self.key.name, tree.size, tree.root()), self.clock()
        note = self.key.sign(checkpoint.text())
        await store.add(connection, checkpoint, note, self.key.verifying.text(), now)
        # On the disk before this transaction commits: what a crash between the two leaves, the next start
        # completes. And under the sequencer's lock, so that two processes never contradict each other.
        await self.shelf.keep(note)
        return checkpoint

    async def _newest_signed(self, connection: asyncpg.Connection) -> Checkpoint | None:
        note = await self.shelf.latest()
        outside = self._open(note, "outside the database")
        inside = self._open(await store.newest(connection), "in the database")
        require_same(outside, inside)
        require_same(outside, self.last)
        if outside is not None and note is not None and (inside is None or inside.size < outside.size):
            await store.add(connection, outside, note, self._key_of(note).text(), self.clock())
        return outside

    def _open(self, note: str | None, where: str) -> Checkpoint | None:
        if note is None:
            return None
        try:
            return open_checkpoint(note, self._key_of(note))
        except (NoteMalformed, NoteUnproven) as error:
            raise CheckpointRefused(f"the newest checkpoint {where}: {error}") from error

    def _key_of(self, note: str) -> VerifyingKey:
        """The trusted key that signed; the present one when none did."""
        for key in self.trusted:
            try:
                open_checkpoint(note, key)
            except (NoteMalformed, NoteUnproven):
                continue
            return key
        return self.key.verifying

    async def _require_growth(self, connection: asyncpg.Connection, signed: Checkpoint, tree: Tree) -> None:
        if tree.size < signed.size:
            raise CheckpointRefused(
                f"the tree has {tree.size} entries and {signed.size} were signed: entries are missing"
            )
        plan = consistency_places(signed.size, tree.size)
        found = await sequencing.hashes(connection, [place for places in plan for place in places])
        require_growth(signed, tree.size, tree.root(), prove(plan, found))
