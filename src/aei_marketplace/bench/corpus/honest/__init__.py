"""Honest plugins that hold what honest ones hold: addresses in comments and docstrings, words of other trades,
keys made up for tests, pictures as text, code that was taken over. None may fail a check that denies."""

from aei_marketplace.bench.corpus.honest import addresses, code, words
from aei_marketplace.bench.corpus.making import Sample, previous

_SAMPLES = {**code.SAMPLES, **addresses.SAMPLES, **words.SAMPLES}

HONEST: tuple[Sample, ...] = (
    *(Sample(name, made) for name, made in _SAMPLES.items()),
    Sample("update within its domain", addresses.UPDATE, previous=previous(permissions=addresses.ASKING)),
)
