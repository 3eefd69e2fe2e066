"""What tests of invoices stand on: a seller, a rate, buyers with details, and drafts."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID, uuid4

from aei_marketplace.billing.rules.invoices import DraftLine, InvoiceDraft
from aei_marketplace.billing.rules.parties import Party
from aei_marketplace.billing.rules.tax import ELSEWHERE, TaxRate
from aei_marketplace.billing.service import parties, taxes
from aei_marketplace.ground.clock import utc_now
from aei_marketplace.ground.work import Work, Works
from tests.builders import Tenant

SELLER = Party(
    "Marketplace GmbH", "Hauptstraße 1\n10115 Berlin", "DE", "DE136695976", "billing@seller.example"
)


async def ready_to_sell(works: Works, *buyers: Tenant, rate_bps: int = 0, country: str = ELSEWHERE) -> None:
    """Have the operator state who sells and one rate, and these tenants whom to bill."""
    async with works.system("tests") as work:
        await parties.put_seller(work, SELLER)
        await taxes.set_rate(work, TaxRate("digital", country, work.now.date(), rate_bps))
    for buyer in buyers:
        async with works.begin(buyer.admin) as work:
            await parties.put_details(work, billed(buyer))


def billed(buyer: Tenant, country: str = "US", tax_id: str | None = None, email: str | None = None) -> Party:
    """Billing details of a tenant."""
    return Party(f"{buyer.slug.title()} Ltd", "1 Long Street\nTown", country, tax_id, email)


def line(
    net_minor: int = 1999,
    *,
    key: str | None = None,
    plugin_id: str = "acme.tool",
    creator: UUID | None = None,
) -> DraftLine:
    """One purchase, as it is invoiced."""
    sale = uuid4()
    return DraftLine(
        key or f"sale/{sale}",
        "one_time",
        plugin_id,
        "1.0.0",
        creator or uuid4(),
        "Tool, once and for all",
        1,
        net_minor * 10_000,
        net_minor,
        utc_now(),
        sale,
    )


def draft(work: Work, buyer: UUID, *lines: DraftLine, currency: str = "USD", days: int = 14) -> InvoiceDraft:
    """What a buyer is to pay within some days."""
    kept: Sequence[DraftLine] = lines or (line(),)
    return InvoiceDraft(buyer, currency, tuple(kept), work.now + timedelta(days=days), "purchase")
