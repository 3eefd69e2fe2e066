"""Reminding creators of evidence that is due."""

from aei_marketplace.disputes import store
from aei_marketplace.disputes.events import EvidenceDue
from aei_marketplace.disputes.rules.cases import REMINDED_BEFORE, Side
from aei_marketplace.ground.work import Work

_AT_ONCE = 100


async def remind(work: Work) -> int:
    """Have creators told who have shown nothing a day before it is due; how many.

    Args:
        work: of a named job.
    """
    work.actor.require("revenue.administer")
    rows = await store.unanswered(work, work.now + REMINDED_BEFORE, _AT_ONCE)
    for row in rows:
        await store.change(work, row.id, row.version, {"reminded_at": work.now})
        await store.add_step(work, row.id, "reminded", Side.MARKETPLACE, None)
        work.emit(EvidenceDue(row.id))
    return len(rows)
