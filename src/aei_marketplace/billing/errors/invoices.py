"""Refusals of invoices, credit notes and the marking of payments."""

from aei_marketplace.ground.errors import Conflict, Invalid, NotFound


class DraftUnfit(Invalid):
    """What is to be invoiced breaks a rule."""

    type = "invoice-unfit"
    title = "This cannot be invoiced"
    advice = "Nothing was issued; no number was used."


class LineInvoicedAlready(Conflict):
    """A sale stands on an invoice already."""

    type = "line-invoiced-already"
    title = "It has been invoiced"
    advice = "Nothing was issued; the first invoice stands."


class NoSuchInvoice(NotFound):
    """There is no such invoice, or it is another tenant's."""

    type = "no-such-invoice"
    title = "No such invoice"
    advice = "GET /api/billing/invoices lists yours."


class NoSuchCreditNote(NotFound):
    """There is no such credit note, or it is another tenant's."""

    type = "no-such-credit-note"
    title = "No such credit note"
    advice = "GET /api/billing/credit-notes lists yours."


class InvoiceSettled(Conflict):
    """The invoice is paid or credited whole, and takes no payment."""

    type = "invoice-settled"
    title = "Nothing is left to pay"
    advice = "To return money, issue a credit note."


class PaymentUnfit(Invalid):
    """What is said to be paid does not fit the invoice."""

    type = "payment-unfit"
    title = "The payment does not fit the invoice"


class CreditUnfit(Conflict):
    """More would be credited than is left of the line."""

    type = "credit-unfit"
    title = "That much cannot be credited"
    advice = "Credit at most what is left; GET the invoice to see it."


class RefundSettled(Conflict):
    """The money went back already, or there is none to return."""

    type = "refund-settled"
    title = "Nothing is left to return"
