"""One verification from its beginning to its verdict, in one snapshot of the database."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import asyncpg

from aei_inspection.notes import VerifyingKey
from aei_marketplace.audit.rules.verification.ends import judge_signed
from aei_marketplace.audit.rules.verification.findings import Finding
from aei_marketplace.audit.rules.verification.reading import Reading
from aei_marketplace.audit.rules.verification.signed import Claim, Signed, compare
from aei_marketplace.audit.service.archiving import Archives
from aei_marketplace.audit.service.verifying.archives import verify_archives
from aei_marketplace.audit.service.verifying.comparing import Comparison
from aei_marketplace.audit.service.verifying.ends import compare_end, look_at_unsequenced
from aei_marketplace.audit.service.verifying.explaining import Explanation
from aei_marketplace.audit.store import verifying as store


class Kept(Protocol):
    """A checkpoint outside the database, as `CheckpointFolder.all` gives it."""

    @property
    def place(self) -> str: ...
    @property
    def note(self) -> bytes | None: ...


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a verification found.

    Attributes:
        size: entries in the tree.
        proven: the largest size whose signed root the tree has: entries below it are as they were signed.
        waiting: entries that have no place yet.
        erased: personal values that were erased.
        archived: entries that lie in an archive.
    """

    size: int
    proven: int
    waiting: int
    erased: int
    archived: int
    checkpoints: int
    checkpoints_outside: int
    findings: tuple[Finding, ...]

    @property
    def unprotected(self) -> int:
        """Entries since the newest checkpoint, which its signature does not cover yet."""
        return self.size - self.proven + self.waiting


def _silent(_done: int, _total: int) -> None:
    """Nobody watches."""


async def verify_log(
    connection: asyncpg.Connection,
    outside: Callable[[], Iterable[Kept]],
    archives: Archives,
    keys: Sequence[VerifyingKey],
    progress: Callable[[int, int], None] = _silent,
) -> Verdict:
    """Verify the log as it is now, while it goes on growing.

    Args:
        connection: asyncpg, role `aei_system`, no transaction open.
        outside: reads the checkpoints outside the database, oldest first.
        archives: where archives lie.
        keys: every key that the log was ever signed with.
        progress: is told entries done and in all.

    Raises:
        OSError: the checkpoints outside cannot be read.
    """
    async with store.snapshot(connection):
        inside = [
            Claim(f"audit_checkpoints, size {row['size']}", row["note"], row["size"], row["root"])
            for row in await store.checkpoints(connection)
        ]
        signed = compare(inside, [Claim(kept.place, kept.note) for kept in outside()], keys)
        await store.let_sign(connection)
        return await _verify(connection, archives, signed, progress)


async def _verify(
    connection: asyncpg.Connection,
    archives: Archives,
    signed: Signed,
    progress: Callable[[int, int], None],
) -> Verdict:
    total = await store.size(connection)
    listed = await store.archives(connection)
    reading = Reading(signed.roots, max((archived.after for archived in listed), default=0))
    reading.findings += await verify_archives(connection, archives, listed)
    comparison = Comparison(connection, reading, progress)
    await comparison.run(total)
    await Explanation(connection, reading, comparison.wrong).run()
    reading.findings += await compare_end(connection, total)
    waiting, unsequenced = await look_at_unsequenced(connection)
    reading.findings += unsequenced
    return Verdict(
        size=total,
        proven=max(reading.fits, default=0),
        waiting=waiting,
        erased=comparison.erased,
        archived=reading.archived,
        checkpoints=signed.inside,
        checkpoints_outside=signed.outside,
        findings=(*signed.findings, *judge_signed(reading, total)),
    )
