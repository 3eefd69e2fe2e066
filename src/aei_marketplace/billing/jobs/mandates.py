"""Jobs: renewals are charged to the methods that buyers keep, and methods are forgotten."""

from aei_marketplace.accounts.events import TenantClosed
from aei_marketplace.billing.events.mandates import MandateWithdrawn
from aei_marketplace.billing.service import mandates, renewal_charges
from aei_marketplace.ground.deps import Deps


async def charge_renewals(deps: Deps) -> None:
    """Charge what is due."""
    await renewal_charges.charge_renewals(deps)


async def forget_method(deps: Deps, event: MandateWithdrawn, trace_id: str) -> None:
    """A mandate is withdrawn: the provider keeps its method no more."""
    await mandates.forget_method(deps, event.mandate_id, trace_id)


async def withdraw_closed(deps: Deps, event: TenantClosed, trace_id: str) -> None:
    """A tenant is closed: its method is charged no more, and forgotten."""
    async with deps.works.system(mandates.JOB, trace_id) as work:
        await mandates.withdraw_closed(work, deps.billing.name, event.tenant_id)
