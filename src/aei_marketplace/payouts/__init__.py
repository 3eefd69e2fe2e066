"""Closing months: statements, payouts, tax profiles."""
