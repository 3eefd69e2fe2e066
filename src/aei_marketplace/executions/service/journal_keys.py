"""Which master keys the kept journals need."""

from collections.abc import Sequence

from aei_marketplace.executions.errors import JournalUnreadable
from aei_marketplace.executions.rules.journals import Sealed, opened_with
from aei_marketplace.executions.store import records
from aei_marketplace.ground.master_keys import fingerprint
from aei_marketplace.ground.work import Works

_AT_ONCE = 200


async def count_journals(works: Works, keys: Sequence[bytes]) -> tuple[dict[str, int], int]:
    """How many journals are under each master key, by fingerprint, and how many open with none.

    They are not sealed again when the key is rotated: their digests cannot be made anew, and they are
    forgotten after 30 days.

    Args:
        keys: every master key, the present one first.
    """
    counts, shut, after = {fingerprint(key): 0 for key in keys}, 0, None
    while True:
        async with works.system("keys") as work:
            rows = await records.find_journals(work, after, _AT_ONCE)
        for row in rows:
            sealed = Sealed(row.nonce, row.sealed)
            try:
                key, _ = opened_with(keys, row.tenant_id, row.execution_id, sealed)
                counts[fingerprint(key)] += 1
            except JournalUnreadable:
                shut += 1
        if len(rows) < _AT_ONCE:
            return counts, shut
        after = rows[-1].execution_id
