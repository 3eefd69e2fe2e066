"""Decisions about reports: what may be said how often, whose word counts, what a verdict does."""
