"""Invoices: numbers without gaps, tax, immutability, who sees them, and marking them as paid."""

import asyncio
from datetime import timedelta

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from aei_marketplace.billing.errors.details import DetailsMissing, SellerMissing, TaxRateMissing
from aei_marketplace.billing.errors.invoices import (
    InvoiceSettled,
    LineInvoicedAlready,
    NoSuchInvoice,
    PaymentUnfit,
)
from aei_marketplace.billing.rules.standings import Payment
from aei_marketplace.billing.service import invoicing, parties
from aei_marketplace.ground.errors import NotAllowed
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
