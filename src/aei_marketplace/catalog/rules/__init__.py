"""Decisions of the catalogue: names, versions, compatibility, states, what a listing shows."""
