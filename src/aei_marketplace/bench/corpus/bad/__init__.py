"""Bad plugins, one for each trick, with the check that is to flag it."""

from aei_marketplace.bench.corpus.bad import habits, hiding, hosts, signs, structure, updates
from aei_marketplace.bench.corpus.making import Sample

BAD: tuple[Sample, ...] = (
    *structure.SAMPLES,
    *hosts.SAMPLES,
    *signs.SAMPLES,
    *hiding.SAMPLES,
    *habits.SAMPLES,
    *updates.SAMPLES,
)
