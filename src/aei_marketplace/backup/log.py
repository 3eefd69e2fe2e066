"""The audit log inside a backup: its tree's head, and whether what was restored still is that log."""

import asyncpg

from aei_marketplace.audit.rules.verification.findings import Kind
from aei_marketplace.audit.service.verifying import Verdict
from aei_marketplace.backup.archive import LogFacts
from aei_marketplace.backup.errors import BackupDamaged
from aei_protocol.merkle import Tree

_LEAVES = "select leaf_hash from audit_leaves order by sequence"
_AT_ONCE = 2_000
#: A head is written beside the database first, and its file is copied before the snapshot: the newest may be
#: missing on either side. The job process completes it, and `audit verify` still names it.
_EXPECTED = {Kind.CHECKPOINT_REMOVED, Kind.CHECKPOINT_REMOVED_OUTSIDE}
_SHOWN = 3


async def read_log(connection: asyncpg.Connection) -> LogFacts:
    """Size and root of the tree over all leaves, computed from them.

    Args:
        connection: in a transaction, which a cursor needs.
    """
    tree = Tree()
    async for row in connection.cursor(_LEAVES, prefetch=_AT_ONCE):
        tree.append(row["leaf_hash"])
    return LogFacts(tree.size, tree.root().hex())


async def compare_log(connection: asyncpg.Connection, expected: LogFacts) -> None:
    """Compare the restored tree with the backup's manifest.

    Raises:
        BackupDamaged: it has another size or root.
    """
    async with connection.transaction(readonly=True):
        found = await read_log(connection)
    if found != expected:
        raise BackupDamaged("The audit log of the backup does not have the root that its manifest says.")


def require_as_written(verdict: Verdict) -> None:
    """Require that entries, tree and signed heads agree.

    Raises:
        BackupDamaged: with the first findings.
    """
    wrong = [finding.detail for finding in verdict.findings if finding.kind not in _EXPECTED]
    if wrong:
        more = f" and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
        raise BackupDamaged(
            f"The audit log was altered before the backup was taken: {'; '.join(wrong[:_SHOWN])}{more}. "
            "Restore an earlier backup, and keep this one as evidence."
        )
