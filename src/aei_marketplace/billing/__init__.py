"""Offers, purchases, entitlements, spend, taxes, invoices and the providers that collect."""
