"""Charging renewals to the methods that buyers keep: reserved, committed, asked with a key, committed.

What becomes of a charge is told by the provider's webhook, as with a payment on its page; here only what was
declined at once is written down.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog

from aei_marketplace.accounts import service as accounts
from aei_marketplace.billing.events.mandates import RenewalDeclined
from aei_marketplace.billing.rules.invoices import Invoice
from aei_marketplace.billing.rules.mandates import Mandate, is_agreed, is_wanted, next_attempt, price_of
from aei_marketplace.billing.service.collecting import KEY_LIFE, payment_row
from aei_marketplace.billing.service.invoices import read_invoice, standing_of
from aei_marketplace.billing.store import mandates as store
from aei_marketplace.billing.store import payments
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.errors import Unavailable
from aei_marketplace.ground.ports.billing import KeptBill, PaymentDeclined, ProviderRefused
from aei_marketplace.ground.work import Work

JOB = "billing.charge_renewals"
_BATCH = 200
#: For so long the process that has reserved a charge may still be at it.
FORGOTTEN_AFTER = timedelta(minutes=10)
#: Who paid in a page's last minutes may be told of so much later.
_AFTER_PAGE = timedelta(hours=1)
_UNANSWERED = "the provider did not answer, so nobody knows whether the card was charged"

log = structlog.get_logger()


async def charge_renewals(deps: Deps) -> int:
    """Charge the open renewals that are due to the methods of their buyers; how many were asked for."""
    if not deps.billing.online:
        return 0
    asked, after = 0, None
    while True:
        async with deps.works.system(JOB) as work:
            due = await store.open_renewals(work, deps.billing.name, after, _BATCH)
        if not due:
            return asked
        asked, after = asked + sum([await _charge(deps, each) for each in due]), due[-1]


async def fail(work: Work, payment: Any, reason: str, *, final: bool) -> bool:
    """Write down that a charge was declined, and tell the buyer; False when it is known or over.

    Args:
        work: of a named job, which holds the payment.
        payment: a row of `payments` that belongs to a mandate.
    """
    work.actor.require("revenue.administer")
    if payment.state not in ("reserved", "open"):
        return False
    await _end(work, payment, "failed", reason, final=final)
    return True


async def give_up(work: Work, payment_id: UUID) -> None:
    """Write down that nobody will learn what became of a charge, and tell the buyer.

    Args:
        work: of a named job.
    """
    work.actor.require("revenue.administer")
    payment = await payments.find_payment(work, payment_id)
    if payment is not None and payment.state == "open":
        await _end(work, payment, "expired", _UNANSWERED, final=True)


async def _charge(deps: Deps, invoice_id: UUID) -> bool:
    """One renewal. Asked again after a crash, it is asked with the same key and the same words."""
    async with deps.works.system(JOB) as work:
        bill = await _reserve(work, deps.billing.name, invoice_id)
    if bill is None:
        return False
    try:
        reference = await deps.billing.charge_kept(bill, f"payment/{bill.payment_id}")
    except ProviderRefused as refusal:
        final = not isinstance(refusal, PaymentDeclined) or refusal.final
        async with deps.works.system(JOB) as work:
            await fail(work, await _held(work, bill), refusal.detail, final=final)
    except Unavailable as unavailable:
        log.warning("billing.renewal_unanswered", invoice=str(invoice_id), problem=unavailable.detail)
    else:
        async with deps.works.system(JOB) as work:
            await _open(work, await _held(work, bill), reference)
    return True


async def _reserve(work: Work, provider: str, invoice_id: UUID) -> KeptBill | None:
    """What to ask the provider for; None when nothing is due, or somebody is at it."""
    work.actor.require("revenue.administer")
    # The payment is held before the standing, as by webhooks and by buyers who pay on a page.
    waiting = await payments.find_waiting(work, invoice_id, for_update=True)
    standing = await standing_of(work, invoice_id, for_update=True)
    if waiting is not None and waiting.mandate_id is not None:
        return await _again(work, provider, waiting, standing.left)
    if not standing.left or (waiting is not None and _may_be_paid(work, provider, waiting)):
        return None
    invoice = await read_invoice(work, invoice_id)
    mandate = await _due_under(work, provider, invoice)
    if mandate is None:
        return None
    if waiting is not None:
        await payments.set_payment(work, waiting.id, {"state": "expired", "settled_at": work.now})
    row = payment_row(work, provider, invoice, standing.left) | {"mandate_id": mandate.id}
    if not await payments.add_payment(work, row):
        return None
    context = {"provider": provider, "amount_minor": standing.left, "mandate": str(mandate.id)}
    work.record(Fact("invoice.collect", "invoice", str(invoice_id), context=context))
    return _bill(row["id"], invoice, standing.left, mandate)


async def _again(work: Work, provider: str, waiting: Any, left: int) -> KeptBill | None:
    """A charge that was reserved and never answered is asked for once more, while its key is known."""
    age = work.now - waiting.created_at
    if waiting.state != "reserved" or age < FORGOTTEN_AFTER:
        return None
    mandate = await store.find(work, waiting.mandate_id)
    stands = mandate is not None and mandate.state == "kept" and mandate.provider == provider
    stands = stands and await _wanted(work, waiting.invoice_id, waiting.tenant_id) is not None
    if mandate is None or not stands or age > KEY_LIFE or waiting.amount != left:
        await _end(work, waiting, "expired", _UNANSWERED, final=True)
        return None
    return _bill(waiting.id, await read_invoice(work, waiting.invoice_id), waiting.amount, mandate)


async def _due_under(work: Work, provider: str, invoice: Invoice) -> Mandate | None:
    """The mandate under which an invoice is charged now."""
    standing = await store.find_standing(work, invoice.buyer, provider)
    mandate = next((each for each in standing if each.state == "kept"), None)
    renewal = await _wanted(work, invoice.id, invoice.buyer)
    if mandate is None or mandate.kept_at is None or renewal is None:
        return None
    # Not even another card is charged for what an earlier one may have paid.
    if await store.is_unanswered(work, invoice.id):
        return None
    agreed = await store.agreed_prices(work, [renewal.charge.purchase_id])
    if not is_agreed(price_of(renewal.charge), agreed.get(renewal.charge.purchase_id, ())):
        return None
    tried = await store.attempts(work, mandate.id, invoice.id)
    at = next_attempt(max(invoice.issued_at, mandate.kept_at), tried)
    return mandate if at is not None and at <= work.now else None


async def _wanted(work: Work, invoice_id: UUID, buyer: UUID) -> store.Renewal | None:
    """What an invoice is for; None once it is cancelled, or the buyer's tenant is closed."""
    renewal = await store.find_renewal(work, invoice_id)
    if renewal is None or not is_wanted(renewal.state) or await accounts.closed_among(work, [buyer]):
        return None
    return renewal


def _may_be_paid(work: Work, provider: str, page: Any) -> bool:
    """Whether the buyer may be paying on the provider's page, or has done so and the bank takes its time."""
    if page.state == "open" and page.provider == provider:
        return True  # until the provider says that it is over: `looking_up`
    until = page.url_until if page.url_until is not None else page.created_at + KEY_LIFE
    return bool(work.now < until + _AFTER_PAGE)


def _bill(payment_id: UUID, invoice: Invoice, amount: int, mandate: Mandate) -> KeptBill:
    assert mandate.customer is not None, "a kept mandate has one"
    assert mandate.method is not None, "a kept mandate has one"
    return KeptBill(payment_id, invoice.number, amount, invoice.currency, mandate.customer, mandate.method)


async def _held(work: Work, bill: KeptBill) -> Any:
    payment = await payments.find_payment(work, bill.payment_id)
    assert payment is not None, "it was reserved"
    return payment


async def _open(work: Work, payment: Any, reference: str) -> None:
    work.actor.require("revenue.administer")
    # A webhook may have been quicker than the answer.
    state = "open" if payment.state == "reserved" else payment.state
    await payments.set_payment(work, payment.id, {"collection": reference, "state": state})


async def _end(work: Work, payment: Any, state: str, reason: str, *, final: bool) -> None:
    values = {"state": state, "problem": reason[:500], "final": final, "settled_at": work.now}
    await payments.set_payment(work, payment.id, values)
    mandate_id, invoice_id = payment.mandate_id, payment.invoice_id
    again_at = next_attempt(work.now, await store.attempts(work, mandate_id, invoice_id))
    work.emit(RenewalDeclined(invoice_id, mandate_id, reason, again_at, answered=state == "failed"))
    context = {"provider": payment.provider, "amount_minor": payment.amount, "mandate": str(mandate_id)}
    fact = Fact(
        "invoice.collect", "invoice", str(invoice_id), outcome="failed", reason=reason, context=context
    )
    work.record(fact)
