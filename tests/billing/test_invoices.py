"""Invoices: numbers without gaps, tax, immutability, who sees them, and marking them as paid."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from aei_marketplace.billing.errors.details import DetailsMissing, SellerMissing, TaxRateMissing
from aei_marketplace.billing.errors.invoices import (
    CreditUnfit,
    InvoiceSettled,
    LineInvoicedAlready,
    NoSuchInvoice,
    PaymentUnfit,
    RefundSettled,
)
from aei_marketplace.billing.rules.credits import CreditNote
from aei_marketplace.billing.rules.standings import Payment
from aei_marketplace.billing.service import crediting, invoicing, parties, refunding
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.errors import NotAllowed
from aei_marketplace.ground.money import AmountUnfit
from aei_marketplace.ground.work import Works
from tests.billing.invoicing import SELLER, billed, draft, line, ready_to_sell
from tests.builders import make_staff, make_tenant
from tests.clocks import Time


async def test_an_invoice_says_who_sells_who_pays_and_the_tax(works: Works) -> None:
    acme = await make_tenant(works, "acme")
    await ready_to_sell(works, acme, rate_bps=1900)
    async with works.begin(acme.admin) as work:
        invoice = await invoicing.issue(work, draft(work, acme.id, line(333), line(333), line(334)))
        assert invoice == await invoicing.read_invoice(work, invoice.id)
        standing = await invoicing.standing_of(work, invoice.id)
    assert invoice.number == f"INV-{work.now.year}-000001"
    assert (invoice.seller, invoice.billed_to) == (SELLER, billed(acme))
    assert (invoice.net, invoice.tax, invoice.total) == (1000, 190, 1190)
    assert [each.tax_minor for each in invoice.lines] == [63, 63, 64]
    assert (standing.state, standing.left) == ("open", 1190)


async def test_numbers_have_no_gap_whatever_rolls_back_or_comes_at_once(works: Works) -> None:
    acme = await make_tenant(works, "acme")
    await ready_to_sell(works, acme)

    async def issue(number: int) -> str | None:
        try:
            async with works.begin(acme.admin) as work:
                invoice = await invoicing.issue(work, draft(work, acme.id))
                if number % 3 == 0:
                    raise RuntimeError("it rolls back")
        except RuntimeError:
            return None
        return invoice.number

    numbers = sorted(filter(None, await asyncio.gather(*(issue(number) for number in range(12)))))
    assert [int(number.rsplit("-", 1)[1]) for number in numbers] == list(range(1, 9))


async def test_a_sale_is_invoiced_once(works: Works) -> None:
    acme = await make_tenant(works, "acme")
    await ready_to_sell(works, acme)
    sale = line()
    async with works.begin(acme.admin) as work:
        await invoicing.issue(work, draft(work, acme.id, sale))
    with pytest.raises(LineInvoicedAlready):
        async with works.begin(acme.admin) as work:
            await invoicing.issue(work, draft(work, acme.id, line(), sale))


async def test_nothing_is_invoiced_before_the_parties_and_the_tax_are_known(works: Works) -> None:
    acme = await make_tenant(works, "acme")

    async def issue() -> None:
        async with works.begin(acme.admin) as work:
            await invoicing.issue(work, draft(work, acme.id))

    with pytest.raises(SellerMissing):
        await issue()
    async with works.system("tests") as work:
        await parties.put_seller(work, SELLER)
    with pytest.raises(DetailsMissing):
        await issue()
    async with works.begin(acme.admin) as work:
        await parties.put_details(work, billed(acme))
    with pytest.raises(TaxRateMissing):
        await issue()
    with pytest.raises(NotAllowed):
        async with works.begin(acme.agent) as work:
            await invoicing.issue(work, draft(work, acme.id))


async def test_a_business_elsewhere_in_the_union_owes_the_tax_itself(works: Works) -> None:
    acme, globex = await make_tenant(works, "acme"), await make_tenant(works, "globex")
    await ready_to_sell(works, acme, globex, rate_bps=2100)
    async with works.begin(acme.admin) as work:
        await parties.put_details(work, billed(acme, "NL", "NL004495445B01"))
        charged = await invoicing.issue(work, draft(work, acme.id))
    async with works.begin(globex.admin) as work:
        await parties.put_details(work, billed(globex, "NL"))
        taxed = await invoicing.issue(work, draft(work, globex.id))
    assert (charged.reverse_charge, charged.tax) == (True, 0)
    assert (taxed.reverse_charge, taxed.tax) == (False, 420)


async def test_staff_mark_an_invoice_as_paid_once_and_only_by_what_is_owed(works: Works, time: Time) -> None:
    acme = await make_tenant(works, "acme")
    finance, _ = await make_staff(works, "Finance")
    await ready_to_sell(works, acme)
    async with works.begin(acme.admin) as work:
        invoice = await invoicing.issue(work, draft(work, acme.id))
        today = work.now.date()

    async def mark(**changes: object) -> None:
        values = {"on": today, "reference": "statement 7", "amount": 1999} | changes
        async with works.begin(finance) as work:
            await invoicing.mark_as_paid(work, invoice.id, Payment(**values))

    for wrong in (
        {"amount": 1998},
        {"amount": 2000},
        {"amount": True},
        {"on": today + timedelta(days=2)},
        {"on": today - timedelta(days=1)},
        {"reference": " "},
    ):
        with pytest.raises(PaymentUnfit):
            await mark(**wrong)
    answers = await asyncio.gather(mark(), mark(), return_exceptions=True)
    assert sorted(type(answer) for answer in answers if answer) == [InvoiceSettled]
    async with works.begin(acme.admin) as work:
        standing = await invoicing.standing_of(work, invoice.id)
    assert (standing.state, standing.provider, standing.reference) == ("paid", "manual", "statement 7")
    assert standing.left == 0
    with pytest.raises(NotAllowed):
        async with works.begin(acme.admin) as work:
            await invoicing.mark_as_paid(work, invoice.id, Payment(today, "mine", 1999))


_CHANGES = (
    "update invoices set net = 1",
    "delete from invoices",
    "update invoice_lines set tax = 0",
    "delete from invoice_lines",
    "truncate invoices cascade",
    "delete from invoice_standings",
    "update invoice_series set last = 7",
    "insert into invoice_series values ('INV', 1999, 3)",
    "update credit_notes set net = 1",
    "delete from credit_note_lines",
)


async def test_the_database_refuses_to_change_what_was_issued(works: Works) -> None:
    acme, globex = await make_tenant(works, "acme"), await make_tenant(works, "globex")
    finance, _ = await make_staff(works, "Finance")
    await ready_to_sell(works, acme)
    async with works.begin(acme.admin) as work:
        invoice = await invoicing.issue(work, draft(work, acme.id))
    async with works.begin(finance) as work:
        note = await invoicing.credit(work, invoice.id, invoice.lines[0].key, 99, "too much")
    for statement in _CHANGES:
        for actor in (globex.admin, acme.admin, finance):
            assert await _changed(works, actor, statement) == 0, statement
    async with works.begin(acme.admin) as work:
        assert await invoicing.read_invoice(work, invoice.id) == invoice
        assert await crediting.read_note(work, note.id) == note


async def _changed(works: Works, actor: Actor, statement: str) -> int:
    """How many rows a statement of a request changes; none when the database refuses it."""
    try:
        async with works.begin(actor) as work:
            return max(0, (await work.run(text(statement))).rowcount)
    except DBAPIError:
        return 0


async def test_the_database_refuses_an_invoice_whose_lines_do_not_come_to_its_sums(works: Works) -> None:
    acme = await make_tenant(works, "acme")
    await ready_to_sell(works, acme)
    async with works.begin(acme.admin) as work:
        invoice = await invoicing.issue(work, draft(work, acme.id))
    copied = (
        "insert into invoices (id, tenant_id, currency, issued_at, due_at, reason, seller, billed_to,"
        " reverse_charge, lines, net, tax) select gen_random_uuid(), tenant_id, currency, issued_at, due_at,"
        " reason, seller, billed_to, reverse_charge, lines, net, tax from invoices"
    )
    added = (
        "insert into invoice_lines select invoice_id, 1, tenant_id, 'another', kind, plugin_id, version,"
        " creator, text, quantity, unit_micros, net, category, rate_bps, tax, earned_at, purchase_id"
        " from invoice_lines"
    )
    for statement in (copied, added):
        with pytest.raises(DBAPIError, match=r"do not come to its sums|takes no further lines"):
            async with works.begin(acme.admin) as work:
                await work.run(text(statement))
    async with works.begin(acme.admin) as work:
        again = await invoicing.issue(work, draft(work, acme.id))
    assert int(again.number[-6:]) == int(invoice.number[-6:]) + 1


_TENANT_TABLES = (
    "invoices", "invoice_lines", "invoice_standings", "credit_notes", "credit_note_lines", "billing_details",
    "payments", "refunds", "provider_customers", "provider_events", "provider_disputes",
)  # fmt: skip


async def test_a_tenant_sees_nothing_of_what_another_one_bought(works: Works) -> None:
    acme, globex = await make_tenant(works, "acme"), await make_tenant(works, "globex")
    finance, _ = await make_staff(works, "Finance")
    await ready_to_sell(works, acme)
    async with works.begin(acme.admin) as work:
        invoice = await invoicing.issue(work, draft(work, acme.id))
        today = work.now.date()
    async with works.begin(finance) as work:
        await invoicing.mark_as_paid(work, invoice.id, Payment(today, "statement 7", 1999))
        await invoicing.credit(work, invoice.id, invoice.lines[0].key, 99, "too much")
    async with works.begin(globex.admin) as work:
        for table in _TENANT_TABLES:
            assert (await work.run(text(f"select count(*) from {table}"))).scalar_one() == 0, table
        for read in (invoicing.read_invoice, invoicing.standing_of):
            with pytest.raises(NoSuchInvoice):
                await read(work, invoice.id)
    with pytest.raises(DBAPIError, match="row-level security"):
        async with works.begin(globex.admin) as work:
            await work.run(text(_FORGED_DETAILS), {"tenant": acme.id, "by": globex.admin.id})


_FORGED_DETAILS = (
    "insert into billing_details values (:tenant, 'Not Acme', 'Elsewhere', 'US', null, null, 1, now(), :by)"
)


async def test_a_credit_note_takes_back_no_more_than_is_left_in_pieces_and_at_once(works: Works) -> None:
    acme = await make_tenant(works, "acme")
    finance, _ = await make_staff(works, "Finance")
    await ready_to_sell(works, acme, rate_bps=1900)
    async with works.begin(acme.admin) as work:
        invoice = await invoicing.issue(work, draft(work, acme.id, line(1001), line(500)))
        today = work.now.date()
    key, paid = invoice.lines[0].key, invoice.lines[0].total_minor
    async with works.begin(finance) as work:
        await invoicing.mark_as_paid(work, invoice.id, Payment(today, "statement 7", invoice.total))

    async def credit(amount: int) -> CreditNote:
        async with works.begin(finance) as work:
            return await invoicing.credit(work, invoice.id, key, amount, "not as described")

    first = await credit(paid // 2)
    answers = await asyncio.gather(credit(paid // 2), credit(paid // 2), return_exceptions=True)
    notes = [first, *(answer for answer in answers if isinstance(answer, CreditNote))]
    assert [type(answer) for answer in answers if isinstance(answer, Exception)] == [CreditUnfit]
    notes.append(await credit(paid - 2 * (paid // 2))) if paid % 2 else None
    assert (sum(n.net for n in notes), sum(n.tax for n in notes)) == (1001, invoice.lines[0].tax_minor)
    assert [n.number[-6:] for n in notes] == [f"{at:06}" for at in range(1, len(notes) + 1)]
    for amount in (1, 0, -5, True):
        with pytest.raises((CreditUnfit, AmountUnfit)):
            await credit(amount)
    async with works.begin(acme.admin) as work:
        refunds = await refunding.refunds_of(work, invoice.id)
        assert [n.id for n in await crediting.notes_of(work, invoice.id)] == [n.id for n in notes]
    assert {refund.state for refund in refunds} == {"owed"}
    async with works.begin(finance) as work:
        back = await refunding.mark_as_returned(work, refunds[0].id, "transfer 8")
    assert (back.state, back.reference) == ("returned", "transfer 8")
    with pytest.raises(RefundSettled):
        async with works.begin(finance) as work:
            await refunding.mark_as_returned(work, refunds[0].id, "transfer 9")


async def test_what_is_credited_before_payment_is_not_owed_and_not_sold(works: Works) -> None:
    acme = await make_tenant(works, "acme")
    finance, _ = await make_staff(works, "Finance")
    await ready_to_sell(works, acme, rate_bps=1900)
    async with works.begin(acme.admin) as work:
        part = await invoicing.issue(work, draft(work, acme.id, line(1000), line(500)))
        whole = await invoicing.issue(work, draft(work, acme.id, line(1000)))
        today = work.now.date()
    async with works.begin(finance) as work:
        await invoicing.credit(work, part.id, part.lines[0].key, 595, "half of it")
        await invoicing.mark_as_paid(work, part.id, Payment(today, "statement 7", part.total - 595))
        sold = await invoicing.sales_of(work, part.id)
        await crediting.credit_whole(work, whole.id, "not wanted")
        standing = await invoicing.standing_of(work, whole.id)
        assert await refunding.refunds_of(work, part.id) == []
    assert [(sale.gross, sale.tax, sale.tax_country) for sale in sold] == [(500, 95, "US"), (500, 95, "US")]
    assert standing.state == "credited"
    with pytest.raises(InvoiceSettled):
        async with works.begin(finance) as work:
            await invoicing.mark_as_paid(work, whole.id, Payment(today, "statement 8", whole.total))
