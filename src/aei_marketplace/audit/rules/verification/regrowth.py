"""Growing the tree once more from its leaves, chunk by chunk, as fast as hashing goes."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from aei_protocol.merkle import Node, Tree, fold, peak_places

CHUNK_LEVEL = 13
CHUNK = 1 << CHUNK_LEVEL


@dataclass(frozen=True, slots=True)
class Chunk:
    """Consecutive leaves with everything above them.

    Attributes:
        start: the first leaf's number.
        levels: hashes of the perfect subtrees, level by level; level 0 are the leaves.
        before: the peaks of the tree that ends where this chunk starts.
    """

    start: int
    levels: Sequence[Sequence[bytes]]
    before: Sequence[bytes]

    def root_at(self, size: int) -> bytes:
        """The root of the tree of `size` leaves, which end in this chunk."""
        peaks = (self.levels[level][position] for level, position in peak_places(size - self.start))
        return fold([*self.before, *peaks])


@dataclass
class Regrowth:
    """A tree that is grown anew.

    Attributes:
        size: how many leaves so far.
        upper: the nodes above the chunks, at their places in the whole tree.
    """

    size: int = 0
    upper: list[Node] = field(default_factory=list)
    _chunks: Tree = field(default_factory=Tree)

    def grow(self, leaves: list[bytes]) -> Chunk:
        """Add leaves: exactly `CHUNK`, but for the last time."""
        levels = _levels(leaves)
        chunk = Chunk(self.size, levels, [peak.hash for peak in self._chunks.peaks])
        self.size += len(leaves)
        if len(leaves) == CHUNK:
            self.upper += [
                Node(node.level + CHUNK_LEVEL, node.position, node.hash)
                for node in self._chunks.append(levels[CHUNK_LEVEL][0])
            ]
        return chunk


def _levels(leaves: list[bytes]) -> list[list[bytes]]:
    sha256, levels = hashlib.sha256, [leaves]
    while len(levels[-1]) > 1:
        row = levels[-1]
        pairs = zip(row[::2], row[1::2], strict=False)  # a last one without a sibling is a peak
        levels.append([sha256(b"\x01" + left + right).digest() for left, right in pairs])
    return levels
