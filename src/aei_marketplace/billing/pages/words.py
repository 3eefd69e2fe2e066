"""Where the pages of invoices lie, and how states read."""

from datetime import datetime

from aei_marketplace.billing.rules.standings import Standing
from aei_marketplace.billing.service.invoices import InvoiceSummary

#: Buyers read their invoices here, staff administer all of them there.
OWN, ALL = "/admin/spend/invoices", "/admin/invoices"
OWN_NOTES, DETAILS = "/admin/spend/credit-notes", "/admin/spend/details"
TAX, RECONCILIATION = f"{ALL}/tax", f"{ALL}/reconciliation"
#: What a list can be limited to, in words.
FILTERS = (
    ("", "All"),
    ("open", "To be paid"),
    ("overdue", "Overdue"),
    ("paid", "Paid"),
    ("credited", "Credited"),
)
#: What a provider's books and ours can disagree about, in words.
DIFFERENCES = {
    "missing_here": "Not known here",
    "missing_there": "Not known to the provider",
    "amount_differs": "The amounts differ",
    "ledger_missing": "Not in the ledger",
    "ledger_differs": "Otherwise in the ledger",
    "unsettled": "Told, and not settled",
}
REFUND_STATES = {
    "owed": ("Owed", "warn"),
    "asked": ("On its way", "note"),
    "returned": ("Returned", "ok"),
    "failed": ("Could not be returned", "danger"),
}


def badge_of(invoice: Standing | InvoiceSummary, now: datetime) -> tuple[str, str]:
    """How an invoice stands, in a word, and what that means."""
    if invoice.state == "paid":
        return "Paid", "ok"
    if invoice.state == "credited":
        return "Credited", ""
    return ("Overdue", "danger") if invoice.overdue(now) else ("To be paid", "warn")
