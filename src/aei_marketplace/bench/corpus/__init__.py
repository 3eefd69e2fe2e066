"""Plugins by which the checks of a certification are measured: one bad for each trick, and honest ones that
hold what honest ones hold. All are made here, by the same builders; none is real, and none is ever run."""

from aei_marketplace.bench.corpus.bad import BAD
from aei_marketplace.bench.corpus.honest import HONEST

__all__ = ["BAD", "HONEST"]
