"""What a publisher hears of its plugins' failures: never what others sent, got or are called."""

from aei_marketplace.executions.rules.failures import LOOKED_BACK, Failure
from aei_marketplace.executions.store import failures as store
from aei_marketplace.ground.clock import first_id
from aei_marketplace.ground.work import Work

#: How many ways to fail are listed at most.
MOST_FAILURES = 200


async def list_failures(work: Work) -> list[Failure]:
    """How the plugins of the actor's tenant failed lately, the latest first; other tenants withheld.

    Raises:
        NotAllowed: the actor does not publish.
    """
    work.actor.require_somewhere("plugin.publish")
    work.actor.in_tenant()
    rows = await store.list_own(work, first_id(work.now - LOOKED_BACK), MOST_FAILURES)
    return [Failure(**row._mapping) for row in rows]
