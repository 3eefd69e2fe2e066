"""What can be done with offers, purchases, invoices and what providers tell."""
