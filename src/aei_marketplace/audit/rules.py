"""The Merkle tree of RFC 6962, section 2.1, built by appending.

A tree of n leaves is a row of perfect subtrees, one for each set bit of n, largest first: its peaks.
Appending a leaf merges equal peaks from the right; the root folds the peaks from the right.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

EMPTY_ROOT = hashlib.sha256(b"").digest()


@dataclass(frozen=True, slots=True)
class Node:
    """The hash of a perfect subtree: 2**level leaves, the position-th of that size from the left."""

    level: int
    position: int
    hash: bytes


@dataclass
class Tree:
    """A growing tree, known by its size and its peaks (largest first)."""

    size: int = 0
    peaks: list[Node] = field(default_factory=list)

    def append(self, leaf_hash: bytes) -> list[Node]:
        """Add a leaf; gives the subtrees (level 1 and above) that it completes."""
        node = Node(0, self.size, leaf_hash)
        completed: list[Node] = []
        while self.peaks and self.peaks[-1].level == node.level:
            left = self.peaks.pop()
            node = Node(node.level + 1, left.position // 2, node_hash(left.hash, node.hash))
            completed.append(node)
        self.peaks.append(node)
        self.size += 1
        return completed

    def extend(self, leaf_hashes: Iterable[bytes]) -> list[Node]:
        """Add leaves in order; gives all subtrees that they complete."""
        return [node for leaf in leaf_hashes for node in self.append(leaf)]

    def root(self) -> bytes:
        """The tree's root hash: 32 bytes."""
        return fold([peak.hash for peak in self.peaks])


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def fold(hashes: Sequence[bytes]) -> bytes:
    """The root over peaks, largest first."""
    if not hashes:
        return EMPTY_ROOT
    root = hashes[-1]
    for peak in reversed(hashes[:-1]):
        root = node_hash(peak, root)
    return root


def peak_places(size: int) -> list[tuple[int, int]]:
    """Level and position of each peak of a tree of `size` leaves, largest first."""
    return [
        (level, (size >> level) - 1) for level in range(size.bit_length() - 1, -1, -1) if size >> level & 1
    ]
