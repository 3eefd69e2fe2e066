"""The search index: a throw-away SQLite file of one process, derived from PostgreSQL, which alone is true.

Plugins stand in it in the order of their installations, so that the first matches that full-text search meets
are the most installed ones, and looking can stop early.
"""
