"""Credit notes: taking back an invoice, wholly or in part, and owing the buyer what was paid for it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from aei_marketplace.billing.errors.invoices import CreditUnfit, NoSuchCreditNote
from aei_marketplace.billing.events.invoices import CreditNoteIssued
from aei_marketplace.billing.rules.credits import CreditLine, CreditNote
from aei_marketplace.billing.rules.invoices import Invoice
from aei_marketplace.billing.rules.standings import Credited, Standing, credit_of
from aei_marketplace.billing.service.invoices import (
    credited_of,
    invoices_of_actor,
    read_invoice,
    standing_of,
)
from aei_marketplace.billing.store import credits as store
from aei_marketplace.billing.store import invoices as invoice_store
from aei_marketplace.billing.store import payments as payment_store
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.clock import new_id
from aei_marketplace.ground.paging import Page, PageWanted, as_id
from aei_marketplace.ground.typed import clean_typed
from aei_marketplace.ground.work import Work

LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class Returned:
    """Money that a provider has returned already, and how it names that."""

    reference: str
    done: bool


async def credit(
    work: Work, invoice_id: UUID, line_key: str, amount: int, reason: str, *, taken: bool = False
) -> CreditNote:
    """Credit a part of one line, or all of it.

    Args:
        amount: minor units with the tax.
        reason: as the buyer reads it.
        taken: a bank has taken the money back, and nobody returns it.

    Raises:
        NotAllowed: the actor may not.
        NoSuchInvoice: there is none.
        CreditUnfit, AmountUnfit: it is no amount, or more than is left of the line.
    """
    return await credit_lines(work, invoice_id, {line_key: amount}, reason, taken=taken)


async def credit_lines(
    work: Work,
    invoice_id: UUID,
    amounts: Mapping[str, int],
    reason: str,
    *,
    taken: bool = False,
    returned: Returned | None = None,
) -> CreditNote:
    """Credit parts of several lines with one note.

    Args:
        amounts: minor units with the tax, by the line's key.
        returned: the provider has returned the money already, without being asked.

    Raises:
        NotAllowed, NoSuchInvoice, CreditUnfit, AmountUnfit: as `credit`.
    """
    work.actor.require("revenue.administer")
    standing = await standing_of(work, invoice_id, for_update=True)
    invoice = await read_invoice(work, invoice_id)
    parts = _parts(invoice, await credited_of(work, invoice_id), amounts)
    words = clean_typed(reason, LONGEST_REASON, "/reason")
    note_id = await _write(work, invoice, parts, words, standing, taken=taken)
    if standing.state == "paid" and not taken:
        await _owe(work, invoice, standing, note_id, sum(part.total for part in parts.values()), returned)
    await _settle_credited(work, invoice_id)
    return await read_note(work, note_id)


async def credit_whole(work: Work, invoice_id: UUID, reason: str) -> CreditNote:
    """Credit all that is left of an invoice.

    Raises:
        NotAllowed, NoSuchInvoice: as `credit`.
        CreditUnfit: nothing is left.
    """
    work.actor.require("revenue.administer")
    await standing_of(work, invoice_id, for_update=True)
    left = await lines_left(work, invoice_id)
    return await credit_lines(
        work, invoice_id, {key: amount for key, amount in left.items() if amount}, reason
    )


async def lines_left(work: Work, invoice_id: UUID) -> dict[str, int]:
    """What is left to credit of each line of an invoice, with the tax, by its key, in the invoice's order."""
    credited = await credited_of(work, invoice_id)
    invoice = await read_invoice(work, invoice_id)
    return {line.key: line.total_minor - credited.get(line.key, Credited()).total for line in invoice.lines}


async def find_note(work: Work, note_id: UUID) -> CreditNote:
    """One credit note, for whoever spends for its buyer or administers revenue.

    Raises:
        NotAllowed: the actor may not.
        NoSuchCreditNote: there is none, or it is another tenant's.
    """
    invoices_of_actor(work)
    return await read_note(work, note_id)


async def read_note(work: Work, note_id: UUID) -> CreditNote:
    """A credit note that the actor may see.

    Raises:
        NoSuchCreditNote: there is none.
    """
    row = await store.find_note(work, note_id)
    if row is None:
        raise NoSuchCreditNote("There is no such credit note.")
    return (await _notes(work, [row]))[0]


async def notes_of(work: Work, invoice_id: UUID) -> list[CreditNote]:
    """The credit notes of an invoice, the oldest first."""
    return await _notes(work, await store.notes_of(work, invoice_id))


async def list_notes(work: Work, wanted: PageWanted) -> Page:
    """Credit notes, the newest first: the actor's tenant's own, or all of them for staff.

    Raises:
        NotAllowed: the actor may not.
        Invalid: the cursor is of another list.
    """
    tenant = invoices_of_actor(work)
    rows = await store.list_notes(work, tenant, wanted.position(as_id), wanted.limit)
    page = wanted.page(rows, await store.count_notes(work, tenant), lambda row: str(row.id))
    return replace(page, items=await _notes(work, page.items))


def _parts(
    invoice: Invoice, credited: Mapping[str, Credited], amounts: Mapping[str, int]
) -> dict[str, Credited]:
    lines = {line.key: line for line in invoice.lines}
    if not amounts:
        raise CreditUnfit("Nothing is left to credit.")
    if strange := sorted(set(amounts) - set(lines)):
        raise CreditUnfit(f"The invoice {invoice.number} has no line {strange[0][:60]}.")
    return {
        key: credit_of(lines[key], credited.get(key, Credited()), amount) for key, amount in amounts.items()
    }


async def _write(
    work: Work,
    invoice: Invoice,
    parts: Mapping[str, Credited],
    reason: str,
    standing: Standing,
    *,
    taken: bool,
) -> UUID:
    note_id = new_id()
    net, tax = sum(part.net for part in parts.values()), sum(part.tax for part in parts.values())
    values = {
        "id": note_id,
        "tenant_id": invoice.buyer,
        "invoice_id": invoice.id,
        "currency": invoice.currency,
        "issued_at": work.now,
        "reason": reason,
        "unpaid": standing.state != "paid",
        "taken": taken,
        "lines": len(parts),
        "net": net,
        "tax": tax,
    }
    await store.add_note(work, values)
    rows = [
        {"credit_note_id": note_id, "key": key, "tenant_id": invoice.buyer, "net": part.net, "tax": part.tax}
        for key, part in parts.items()
    ]
    await store.add_lines(work, rows)
    context = {"credit_note": str(note_id), "amount_minor": net + tax}
    context |= {"currency": invoice.currency, "number": invoice.number}
    work.record(
        Fact("invoice.credit", "invoice", str(invoice.id), context=context, personal={"reason": reason})
    )
    work.emit(CreditNoteIssued(note_id, invoice.id, invoice.buyer))
    return note_id


async def _owe(
    work: Work, invoice: Invoice, standing: Standing, note_id: UUID, amount: int, returned: Returned | None
) -> None:
    """Reserve what goes back to the buyer; a job has the provider return it, where one collected it."""
    payment = await payment_store.payment_of(work, invoice.id)
    state = "owed" if returned is None else "returned" if returned.done else "asked"
    values = {
        "id": new_id(),
        "tenant_id": invoice.buyer,
        "credit_note_id": note_id,
        "invoice_id": invoice.id,
        "provider": standing.provider,
        "payment": payment and payment.payment,
        "amount": amount,
        "currency": invoice.currency,
        "state": state,
        "reference": returned and returned.reference,
        "created_at": work.now,
        "asked_at": returned and work.now,
        "settled_at": work.now if state == "returned" else None,
    }
    await payment_store.add_refund(work, values)


async def _settle_credited(work: Work, invoice_id: UUID) -> None:
    """An open invoice that is credited whole takes no payment any more."""
    standing = await standing_of(work, invoice_id)
    if standing.state == "open" and standing.left == 0:
        await invoice_store.set_standing(work, invoice_id, {"state": "credited"})


async def _notes(work: Work, rows: Sequence[Any]) -> list[CreditNote]:
    lines: dict[UUID, list[CreditLine]] = defaultdict(list)
    for each in await store.lines_of(work, [row.id for row in rows]):
        lines[each.credit_note_id].append(CreditLine(each.key, each.text, each.rate_bps, each.net, each.tax))
    return [
        CreditNote(
            row.id,
            row.number,
            row.invoice_id,
            row.invoice_number,
            row.tenant_id,
            row.currency,
            row.issued_at,
            row.reason,
            row.unpaid,
            row.taken,
            tuple(lines[row.id]),
        )
        for row in rows
    ]
