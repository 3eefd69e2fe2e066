"""Scans one package in a process of its own: `python -m aei_scanner`.

The process reads strangers' bytes with parsers written by strangers. So it has no network, sees no file but
the libraries, and ends when its time or memory does. Whoever starts it learns of a report, or of nothing.
"""
