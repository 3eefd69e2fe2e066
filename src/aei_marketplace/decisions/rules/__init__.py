"""Decisions about decisions: the kinds of cases, and how a case moves."""
