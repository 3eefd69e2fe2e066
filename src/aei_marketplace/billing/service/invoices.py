"""Reading invoices and how they stand; row-level security leaves out what the actor may not see."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from aei_marketplace.billing.errors.invoices import NoSuchInvoice
from aei_marketplace.billing.rules.invoices import Invoice, InvoiceLine
from aei_marketplace.billing.rules.parties import Party
from aei_marketplace.billing.rules.standings import Credited, Standing
from aei_marketplace.billing.store import credits as credit_store
from aei_marketplace.billing.store import invoices as store
from aei_marketplace.ground.paging import Page, PageWanted, as_id
from aei_marketplace.ground.work import Work
from aei_marketplace.ledger.rules.allocation import allocate
from aei_marketplace.sales.rules.facts import Sale

#: What a list can be limited to.
STATES = ("open", "overdue", "paid", "credited")


@dataclass(frozen=True, slots=True)
class ShownInvoice:
    """An invoice, how it stands, and what is credited of its lines, by their keys."""

    invoice: Invoice
    standing: Standing
    credited: dict[str, Credited]


@dataclass(frozen=True, slots=True)
class InvoiceSummary:
    """An invoice as a list shows it.

    Attributes:
        state: `open`, `paid` or `credited`.
        total, credited: minor units, with the tax.
    """

    id: UUID
    number: str
    buyer: UUID
    billed_to: str
    currency: str
    issued_at: datetime
    due_at: datetime
    total: int
    tax: int
    state: str
    credited: int
    paid_at: datetime | None
    reference: str | None

    def overdue(self, now: datetime) -> bool:
        """Whether it should have been paid by now."""
        return self.state == "open" and self.due_at <= now


async def find_invoice(work: Work, invoice_id: UUID) -> ShownInvoice:
    """One invoice, for whoever spends for its buyer or administers revenue.

    Raises:
        NotAllowed: the actor may not.
        NoSuchInvoice: there is none, or it is another tenant's.
    """
    invoices_of_actor(work)
    invoice = await read_invoice(work, invoice_id)
    standing, credited = await standing_of(work, invoice_id), await credited_of(work, invoice_id)
    return ShownInvoice(invoice, standing, credited)


async def read_invoice(work: Work, invoice_id: UUID) -> Invoice:
    """An invoice that the actor may see: a buyer's own, or any for staff and named jobs.

    Raises:
        NoSuchInvoice: there is none.
    """
    row = await store.find_invoice(work, invoice_id)
    if row is None:
        raise NoSuchInvoice("There is no such invoice.")
    return _invoice(row, await lines_of(work, invoice_id))


async def lines_of(work: Work, invoice_id: UUID) -> tuple[InvoiceLine, ...]:
    """An invoice's lines in their order; none when there is no such invoice."""
    return tuple(_line(row) for row in await store.lines_of(work, [invoice_id]))


async def standing_of(work: Work, invoice_id: UUID, *, for_update: bool = False) -> Standing:
    """How an invoice stands, held until the commit for whoever changes it.

    Raises:
        NoSuchInvoice: there is none.
    """
    row = await store.find_standing(work, invoice_id, for_update=for_update)
    if row is None:
        raise NoSuchInvoice("There is no such invoice.")
    return _standing(row)


async def list_invoices(work: Work, wanted: PageWanted, state: str | None = None) -> Page:
    """Invoices, the newest first: the actor's tenant's own, or all of them for staff.

    Args:
        state: one of `STATES`; all when absent.

    Raises:
        NotAllowed: the actor may not.
        Invalid: the cursor is of another list.
    """
    tenant = invoices_of_actor(work)
    rows = await store.list_invoices(work, tenant, state, wanted.position(as_id), wanted.limit)
    page = wanted.page(rows, await store.count_invoices(work, tenant, state), lambda row: str(row.id))
    return replace(page, items=[_summary(row) for row in page.items])


async def credited_of(work: Work, invoice_id: UUID) -> dict[str, Credited]:
    """What is credited of each line of an invoice, by its key; lines without any are left out."""
    sums = await credit_store.credited_of(work, [invoice_id])
    return {key: Credited(net, tax) for key, (net, tax) in sums.items()}


async def sales_of(work: Work, invoice_id: UUID) -> tuple[Sale, ...]:
    """What was sold on a paid invoice, as `sales` records it; what was credited before was never sold.

    The provider's fee is divided among the sales by what was paid for each.

    Raises:
        NoSuchInvoice: there is none.
    """
    found = await sales_of_many(work, [invoice_id])
    if invoice_id not in found:
        raise NoSuchInvoice("There is no such invoice.")
    return found[invoice_id]


async def sales_of_many(work: Work, invoice_ids: Sequence[UUID]) -> dict[UUID, tuple[Sale, ...]]:
    """The same of several paid invoices, by invoice, in as many statements as of one."""
    lines: dict[UUID, list[InvoiceLine]] = {}
    for row in await store.lines_of(work, invoice_ids):
        lines.setdefault(row.invoice_id, []).append(_line(row))
    standings = {row.invoice_id: _standing(row) for row in await store.find_standings(work, invoice_ids)}
    early = await credit_store.credited_of(work, invoice_ids, unpaid=True)
    return {
        row.id: _sold(_invoice(row, tuple(lines[row.id])), standings[row.id], early)
        for row in await store.find_invoices(work, invoice_ids)
    }


def _sold(invoice: Invoice, standing: Standing, early: Mapping[str, tuple[int, int]]) -> tuple[Sale, ...]:
    paid = [(line, _left(line, *early.get(line.key, (0, 0)))) for line in invoice.lines]
    sold = [(line, net, tax) for line, (net, tax) in paid if net]
    fees = allocate(standing.processor_fee, [net + tax for _, net, tax in sold]) if sold else ()
    return tuple(
        _sale(invoice, standing, line, net, tax, fee)
        for (line, net, tax), fee in zip(sold, fees, strict=True)
    )


def _left(line: InvoiceLine, net: int, tax: int) -> tuple[int, int]:
    return line.net_minor - net, line.tax_minor - tax


def _sale(invoice: Invoice, standing: Standing, line: InvoiceLine, net: int, tax: int, fee: int) -> Sale:
    assert standing.paid_at is not None, "an invoice is sold once it is paid"
    return Sale(
        line.key,
        line.plugin_id,
        line.version,
        line.creator,
        invoice.buyer,
        line.kind,
        invoice.currency,
        net,
        tax,
        fee,
        standing.paid_at,
        line.earned_at,
        invoice.billed_to.country if tax else None,
    )


def invoices_of_actor(work: Work) -> UUID | None:
    """Whose invoices the actor may list: all for who administers revenue, the tenant's own for who spends.

    Raises:
        NotAllowed: none.
    """
    if work.actor.may("revenue.administer"):
        return None
    work.actor.require("spend.administer")
    return work.actor.in_tenant()


def _summary(row: Any) -> InvoiceSummary:
    return InvoiceSummary(
        row.id,
        row.number,
        row.tenant_id,
        row.billed_to,
        row.currency,
        row.issued_at,
        row.due_at,
        row.net + row.tax,
        row.tax,
        row.state,
        row.credited,
        row.paid_at,
        row.reference,
    )


def _invoice(row: Any, lines: tuple[InvoiceLine, ...]) -> Invoice:
    return Invoice(
        row.id,
        row.number,
        row.tenant_id,
        row.currency,
        row.issued_at,
        row.due_at,
        row.reason,
        Party(**row.seller),
        Party(**row.billed_to),
        row.reverse_charge,
        lines,
    )


def _standing(row: Any) -> Standing:
    return Standing(**{name: value for name, value in row._mapping.items() if name != "tenant_id"})


def _line(row: Any) -> InvoiceLine:
    values = dict(row._mapping)
    for name in ("invoice_id", "position", "tenant_id"):
        del values[name]
    return InvoiceLine(net_minor=values.pop("net"), tax_minor=values.pop("tax"), **values)


async def invoice_with(work: Work, line_key: str) -> UUID:
    """The invoice on which a line stands that the actor may see.

    Raises:
        NoSuchInvoice: there is none.
    """
    row = await store.find_line(work, line_key)
    if row is None:
        raise NoSuchInvoice("There is no such line of an invoice.")
    found: UUID = row.invoice_id
    return found
