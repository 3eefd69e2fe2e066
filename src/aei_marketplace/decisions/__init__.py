"""Decisions: one queue for everything that a person decides, with claims and one appeal."""
