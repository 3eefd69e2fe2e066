"""Queries of advisories about packages, and of the packages inside releases."""
