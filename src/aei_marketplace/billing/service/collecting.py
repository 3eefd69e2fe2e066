"""Having a provider collect an invoice: reserved, committed, asked with its key, committed."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from aei_marketplace.billing.errors.mandates import ChargeUnderWay
from aei_marketplace.billing.errors.providers import PaidByTransfer
from aei_marketplace.billing.rules.invoices import Invoice
from aei_marketplace.billing.rules.standings import check_open
from aei_marketplace.billing.service.invoices import read_invoice, standing_of
from aei_marketplace.billing.store import payments as store
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.clock import new_id
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.ports.billing import Bill, Collection, PaymentFailed, ProviderRefused
from aei_marketplace.ground.work import Work

JOB = "billing.collecting"
#: A page of the provider that ends sooner is not handed out any more.
LEAST_TIME = timedelta(minutes=5)
#: A provider forgets keys after a day: what was reserved longer ago is not asked for again under its key.
KEY_LIFE = timedelta(hours=20)


@dataclass(frozen=True, slots=True)
class _Attempt:
    """What is under way: the page that is still open, or the bill to ask for."""

    url: str | None
    bill: Bill


async def start_payment(deps: Deps, actor: Actor, trace_id: str, invoice_id: UUID, return_url: str) -> str:
    """The provider's page on which the actor's tenant pays an invoice.

    Whoever asks twice, or again after a crash, gets the same page: one attempt at a time.

    Args:
        return_url: where the browser goes afterwards.

    Raises:
        NotAllowed: the actor may not spend.
        NoSuchInvoice: there is none.
        InvoiceSettled: nothing is left to pay.
        PaidByTransfer: the marketplace has no provider that collects.
        ChargeUnderWay: the method that the tenant keeps is being charged for it, or the bank has not
            answered yet to what was paid on an earlier page.
        ProviderRefused, Unavailable: the provider will not, or does not answer.
    """
    if not deps.billing.online:
        raise PaidByTransfer("Invoices are paid by bank transfer here.")
    async with deps.works.begin(actor, trace_id) as work:
        over = await _page_over(work, deps.billing.name, invoice_id)
    if over is not None:
        await _make_way(deps, trace_id, over)
    async with deps.works.begin(actor, trace_id) as work:
        attempt = await _reserve(work, deps.billing.name, invoice_id, return_url)
    if attempt.url is not None:
        return attempt.url
    payment_id = attempt.bill.payment_id
    try:
        collection = await deps.billing.charge(attempt.bill, f"payment/{payment_id}")
    except ProviderRefused as refusal:
        async with deps.works.system(JOB, trace_id) as work:
            await _fail(work, payment_id, refusal.detail)
        raise
    async with deps.works.system(JOB, trace_id) as work:
        await _open(work, deps.billing.name, payment_id, collection)
    return collection.url


async def open_page(work: Work, invoice_id: UUID) -> str | None:
    """The provider's page that is open for an invoice; None where there is none, or it ends shortly."""
    waiting = await store.find_waiting(work, invoice_id)
    standing = await standing_of(work, invoice_id)
    if waiting is None or waiting.url is None or not _is_good(work, waiting, standing.left):
        return None
    url: str = waiting.url
    return url


async def is_being_charged(work: Work, invoice_id: UUID) -> bool:
    """Whether the method that the buyer keeps is being charged for an invoice."""
    waiting = await store.find_waiting(work, invoice_id)
    return waiting is not None and waiting.mandate_id is not None


async def end_page(work: Work, payment_id: UUID, why: str) -> None:
    """Write down that a page has ended, and nothing was paid on it.

    Args:
        work: of a named job.
    """
    work.actor.require("revenue.administer")
    payment = await store.find_payment(work, payment_id)
    if payment is not None and payment.state == "open":
        values = {"state": "expired", "problem": why[:500], "settled_at": work.now}
        await store.set_payment(work, payment_id, values)


async def _page_over(work: Work, provider: str, invoice_id: UUID) -> Any:
    """The page that another one is to follow, because it has ended or asks for another amount."""
    work.actor.require("spend.administer")
    waiting = await store.find_waiting(work, invoice_id)
    if waiting is None or waiting.mandate_id is not None or waiting.provider != provider:
        return None
    standing = await standing_of(work, invoice_id)
    return waiting if waiting.state == "open" and not _is_good(work, waiting, standing.left) else None


async def _make_way(deps: Deps, trace_id: str, page: Any) -> None:
    """End a page at the provider: what was paid on it may be under way for days, and is not paid again."""
    outcome = await deps.billing.end_page(page.collection, page.id)
    if not isinstance(outcome, PaymentFailed):
        raise ChargeUnderWay("What was paid on the provider's page is under way.")
    async with deps.works.system(JOB, trace_id) as work:
        await end_page(work, page.id, outcome.reason)


async def _reserve(work: Work, provider: str, invoice_id: UUID, return_url: str) -> _Attempt:
    work.actor.require("spend.administer")
    # Held before the standing is read, as a webhook does: what it settles meanwhile is seen here.
    waiting = await store.find_waiting(work, invoice_id, for_update=True)
    standing = await standing_of(work, invoice_id)
    check_open(standing)
    if waiting is not None and waiting.mandate_id is not None:
        raise ChargeUnderWay("The method that your tenant keeps is being charged for this invoice.")
    invoice = await read_invoice(work, invoice_id)
    if waiting is not None and not _is_good(work, waiting, standing.left):
        await store.set_payment(work, waiting.id, {"state": "expired", "settled_at": work.now})
        waiting = None
    payment_id = waiting.id if waiting is not None else await _add(work, provider, invoice, standing.left)
    bill = Bill(
        payment_id,
        invoice.number,
        standing.left,
        invoice.currency,
        invoice.billed_to.name,
        invoice.billed_to.email,
        await store.find_customer(work, provider, invoice.buyer),
        return_url,
    )
    return _Attempt(waiting.url if waiting is not None else None, bill)


def _is_good(work: Work, payment: Any, left: int) -> bool:
    if payment.amount != left:
        return False
    if payment.state == "open":
        return bool(payment.url_until - work.now > LEAST_TIME)
    return bool(work.now - payment.created_at < KEY_LIFE)


async def _add(work: Work, provider: str, invoice: Invoice, amount: int) -> UUID:
    row = payment_row(work, provider, invoice, amount)
    if not await store.add_payment(work, row):
        quicker = await store.find_waiting(work, invoice.id)
        assert quicker is not None, "what stood in the way is committed"
        if quicker.mandate_id is not None:
            raise ChargeUnderWay("The method that your tenant keeps is being charged for this invoice.")
        found: UUID = quicker.id
        return found
    context = {"provider": provider, "amount_minor": amount, "currency": invoice.currency}
    work.record(Fact("invoice.collect", "invoice", str(invoice.id), context=context))
    payment_id: UUID = row["id"]
    return payment_id


def payment_row(work: Work, provider: str, invoice: Invoice, amount: int) -> dict[str, Any]:
    """An attempt to collect an invoice, under a name of its own."""
    return {
        "id": new_id(),
        "tenant_id": invoice.buyer,
        "invoice_id": invoice.id,
        "provider": provider,
        "amount": amount,
        "currency": invoice.currency,
        "state": "reserved",
        "created_at": work.now,
    }


async def _open(work: Work, provider: str, payment_id: UUID, collection: Collection) -> None:
    work.actor.require("revenue.administer")
    payment = await store.find_payment(work, payment_id)
    assert payment is not None, "it was reserved"
    await store.add_customer(work, provider, payment.tenant_id, collection.customer)
    values = {"collection": collection.reference, "url": collection.url, "url_until": collection.until}
    # A webhook may have been quicker than the answer.
    state = "open" if payment.state == "reserved" else payment.state
    await store.set_payment(work, payment_id, {**values, "state": state})


async def _fail(work: Work, payment_id: UUID, problem: str) -> None:
    work.actor.require("revenue.administer")
    await store.set_payment(
        work, payment_id, {"state": "failed", "problem": problem[:500], "settled_at": work.now}
    )
