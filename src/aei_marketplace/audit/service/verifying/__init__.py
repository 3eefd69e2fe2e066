"""Verifying the whole log: the tree is recomputed from the entries and compared with all that was signed."""

from aei_marketplace.audit.service.verifying.log import Verdict, verify_log

__all__ = ["Verdict", "verify_log"]
