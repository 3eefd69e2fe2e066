"""Jobs: what providers told is settled, money goes back, and sales hear of disputes."""

from aei_marketplace.billing.events.invoices import CreditNoteIssued
from aei_marketplace.billing.events.providers import ProviderTold
from aei_marketplace.billing.service import looking_up, provider_events, refunding
from aei_marketplace.ground.deps import Deps


async def settle_told(deps: Deps, event: ProviderTold, trace_id: str) -> None:
    """A provider has told something."""
    await provider_events.settle(deps, event.provider, event.event_id, trace_id)


async def return_money(deps: Deps, event: CreditNoteIssued, trace_id: str) -> None:
    """An invoice is credited: what a provider collected, it returns."""
    await refunding.return_for(deps, event.credit_note_id, trace_id)


async def return_forgotten(deps: Deps) -> None:
    """Ask again for refunds without an answer: the process may have ended between the call and its record."""
    await refunding.return_forgotten(deps)


async def look_up_silent(deps: Deps) -> None:
    """Ask what became of attempts to collect that no webhook has told of."""
    await looking_up.look_up_silent(deps)


async def ignore_forgotten(deps: Deps) -> None:
    """Give up on events whose subject never became known."""
    async with deps.works.system("billing.ignore_forgotten") as work:
        await provider_events.ignore_forgotten(work)
