"""What hashes that do not fit come to: which entry was edited, exchanged, or is gone."""

from dataclasses import dataclass

import asyncpg

from aei_marketplace.audit.rules.verification.findings import Finding, Kind
from aei_marketplace.audit.rules.verification.places import explain_pairs, which_is_wrong
from aei_marketplace.audit.rules.verification.reading import Mismatch, Reading
from aei_marketplace.audit.service.verifying.comparing import WrongHashes
from aei_marketplace.audit.store import sequencing

#: So many findings of one sort are listed one by one.
MOST_LISTED = 100


@dataclass
class Explanation:
    """Explains what a comparison found wrong, the cause once instead of all that follows from it.

    Attributes:
        reading: its findings are added to.
        wrong: what is explained is taken out.
    """

    connection: asyncpg.Connection
    reading: Reading
    wrong: WrongHashes

    async def run(self) -> None:
        """Explain everything."""
        await self._explain_mismatches()
        await self._explain_places()

    async def _explain_mismatches(self) -> None:
        """Entries that differ from their leaves: exchanged, edited, or the leaf was changed."""
        by_leaf = {found.leaf: found for found in self.reading.mismatches}
        for found in self.reading.mismatches[:MOST_LISTED]:
            other = by_leaf.get(found.content_hash)
            if other is not None:
                detail = f"at place {found.sequence} stands the entry that belongs to place {other.sequence}"
                self._find(Kind.REORDERED, detail, found)
                continue
            kind = await self._which_is_wrong(found)
            words = {
                Kind.LEAF_CHANGED: "its hash in the tree was changed; the entry itself is as it was",
                Kind.EDITED: "its bytes are not those that were hashed",
            }
            self._find(kind, f"entry {found.sequence} ({found.entry}): {words[kind]}", found)
            if kind is Kind.LEAF_CHANGED:
                self._explained(found.sequence // 2)

    async def _which_is_wrong(self, found: Mismatch) -> Kind:
        neighbour, parent = (0, found.sequence ^ 1), (1, found.sequence >> 1)
        stored = await sequencing.hashes(self.connection, [neighbour, parent])
        odd = found.sequence & 1 == 1
        return which_is_wrong(found.content_hash, found.leaf, stored[neighbour], stored[parent], odd)

    def _find(self, kind: Kind, detail: str, found: Mismatch) -> None:
        self.reading.findings.append(Finding(kind, detail, found.sequence, found.entry))

    def _explained(self, pair: int) -> None:
        """Leave out what follows from a pair that is explained: itself and all nodes above it."""
        self.wrong.pairs = [p for p in self.wrong.pairs if p != pair]
        self.wrong.nodes = [(level, p) for level, p in self.wrong.nodes if p != pair >> (level - 1)]
        self.reading.unfit = [size for size in self.reading.unfit if size <= 2 * pair]

    async def _explain_places(self) -> None:
        for place in sorted(self.reading.missing):
            self._explained(place // 2)
        if self.wrong.pairs:
            await self._explain_pairs()
        for level, position in self.wrong.nodes[:MOST_LISTED]:
            detail = (
                f"the stored hash over entries {position << level} and following, level {level}, was changed"
            )
            self.reading.findings.append(Finding(Kind.NODE_CHANGED, detail, position << level))

    async def _explain_pairs(self) -> None:
        wrong = sorted(self.wrong.pairs)[:MOST_LISTED]
        places = {(0, leaf) for pair in wrong for leaf in range(2 * pair, 2 * pair + 4)}
        places |= {(1, parent) for pair in wrong for parent in (pair, pair + 1)}
        found = await sequencing.hashes(self.connection, sorted(places))
        leaves = {place: value for (level, place), value in found.items() if level == 0 and value}
        parents = {place: value for (level, place), value in found.items() if level == 1}
        for explanation in explain_pairs(wrong, leaves, parents):
            self.reading.findings.append(explanation.finding)
            if explanation.onwards:
                self._explained_from(explanation.pairs[0])
                return
            for pair in explanation.pairs:
                self._explained(pair)
        for pair in [pair for pair in wrong if pair in self.wrong.pairs]:
            self._judge_pair(pair)
            self._explained(pair)

    def _explained_from(self, pair: int) -> None:
        self.wrong.pairs, self.wrong.nodes = [], []
        self.reading.unfit = [size for size in self.reading.unfit if size <= 2 * pair]

    def _judge_pair(self, pair: int) -> None:
        left, right = 2 * pair, 2 * pair + 1
        if any(size > right for size in self.reading.fits):
            detail = (
                f"the stored hash over entries {left} and {right} was changed; the entries are as they were"
            )
            self.reading.findings.append(Finding(Kind.NODE_CHANGED, detail, left))
        else:
            detail = f"entry {left} or {right} was edited, and its hashes with it"
            self.reading.findings.append(Finding(Kind.EDITED, detail, left))
