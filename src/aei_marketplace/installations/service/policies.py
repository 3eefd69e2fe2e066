"""A tenant's policies: read, and changed with one entry in the log."""

from typing import Any

from aei_marketplace.accounts import service as accounts
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.work import Work
from aei_marketplace.installations.rules.policies import changed_policies, shown_policies


async def read_policies(work: Work, deps: Deps) -> dict[str, Any]:
    """The tenant's policies, the operator's caps and what follows from both.

    Raises:
        NotAllowed: the actor does not administer policies.
    """
    present = await accounts.find_policies(work)
    return shown_policies(present, deps.operator_cap, deps.operator_allowance)


async def change_policies(work: Work, deps: Deps, change: Any) -> dict[str, Any]:
    """Change the tenant's policies; the next execution runs under the new ones.

    Args:
        change: JSON merge patch.

    Raises:
        NotAllowed: the actor does not administer policies.
        PolicyUnfit: the change says something that is not understood.
    """
    present = await accounts.find_policies(work, hold=True)
    after = changed_policies(present, change)
    if after != present:
        await accounts.save_policies(work, after)
    return shown_policies(after, deps.operator_cap, deps.operator_allowance)
