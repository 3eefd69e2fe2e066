"""The Merkle tree of RFC 6962, section 2.1: growing it, proving from it, checking proofs.

A tree of n leaves is a row of perfect subtrees, one for each set bit of n, largest first: its peaks.
Appending a leaf merges equal peaks from the right; the root folds the peaks from the right. A perfect
subtree never changes again, so a log stores its hash once, under its `Place`, and every proof is put
together from such hashes: `inclusion_places` and `consistency_places` name the ones that are needed,
`prove` folds them.

Hashes are 32 bytes. Leaves are counted from 0, `size` is how many there are.
"""

import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()

#: A perfect subtree: (level, position). It has 2**level leaves and is the position-th of that size from
#: the left. Level 0 are the leaves themselves.
Place: TypeAlias = tuple[int, int]
#: The places behind each hash of a proof, in the proof's order; each hash folds its places, largest first.
Plan: TypeAlias = list[list[Place]]


class ProofWrong(ValueError):
    """A proof does not show what it is said to show."""


@dataclass(frozen=True, slots=True)
class Node:
    """The hash of the perfect subtree at (`level`, `position`)."""

    level: int
    position: int
    hash: bytes


@dataclass
class Tree:
    """A growing tree, known by its size and its peaks (largest first)."""

    size: int = 0
    peaks: list[Node] = field(default_factory=list)

    def append(self, leaf: bytes) -> list[Node]:
        """Add a leaf's hash; gives the subtrees (level 1 and above) that it completes."""
        node = Node(0, self.size, leaf)
        completed: list[Node] = []
        while self.peaks and self.peaks[-1].level == node.level:
            left = self.peaks.pop()
            node = Node(node.level + 1, left.position // 2, node_hash(left.hash, node.hash))
            completed.append(node)
        self.peaks.append(node)
        self.size += 1
        return completed

    def extend(self, leaves: Iterable[bytes]) -> list[Node]:
        """Add leaves' hashes in order; gives all subtrees that they complete."""
        return [node for leaf in leaves for node in self.append(leaf)]

    def root(self) -> bytes:
        """The tree's root hash."""
        return fold([peak.hash for peak in self.peaks])


def leaf_hash(content: bytes) -> bytes:
    """The hash of a leaf with this content."""
    return hashlib.sha256(b"\x00" + content).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def fold(hashes: Sequence[bytes]) -> bytes:
    """The root over perfect subtrees that stand side by side, largest first."""
    if not hashes:
        return EMPTY_ROOT
    root = hashes[-1]
    for left in reversed(hashes[:-1]):
        root = node_hash(left, root)
    return root


def peak_places(size: int) -> list[Place]:
    """Where the peaks of a tree of `size` leaves are, largest first."""
    return _places(0, size)


def inclusion_places(index: int, size: int) -> Plan:
    """What the proof that leaf `index` is in the tree of `size` leaves is made of: PATH(m, D[n]).

    Raises:
        ValueError: the tree has no such leaf.
    """
    if not 0 <= index < size:
        raise ValueError(f"a tree of {size} leaves has no leaf {index}")
    plan: Plan = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            plan.append(_places(middle, end))
            end = middle
        else:
            plan.append(_places(start, middle))
            start = middle
    return plan[::-1]


def consistency_places(old: int, new: int) -> Plan:
    """What the proof that the tree of `new` leaves begins with that of `old` is made of: PROOF(m, D[n]).

    The proof is empty where the sizes are equal or `old` is 0.

    Raises:
        ValueError: `old` is not within 0 and `new`.
    """
    if not 0 <= old <= new:
        raise ValueError(f"a tree of {new} leaves does not begin with one of {old}")
    plan: Plan = []
    start, end, known = 0, new, True  # known: whoever checks has the hash of the old tree's part already
    while old not in (start, end):
        middle = start + _split(end - start)
        if old <= middle:
            plan.append(_places(middle, end))
            end = middle
        else:
            plan.append(_places(start, middle))
            start, known = middle, False
    if not known:
        plan.append(_places(start, end))
    return plan[::-1]


def prove(plan: Plan, hashes: Mapping[Place, bytes]) -> list[bytes]:
    """Make a proof.

    Args:
        plan: from `inclusion_places` or `consistency_places`.
        hashes: at least those at the places that the plan names.
    """
    return [fold([hashes[place] for place in places]) for places in plan]


def check_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Check that the leaf with hash `leaf` is number `index` of the tree with this size and root.

    Follows RFC 9162, section 2.1.3.2.

    Raises:
        ProofWrong: it is not shown.
    """
    if not 0 <= index < size:
        raise ProofWrong(f"a tree of {size} leaves has no leaf {index}")
    _check_hashes(leaf, root, *proof)
    place, last, found = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise ProofWrong("the proof is too long")
        if place & 1 or place == last:
            found = node_hash(sibling, found)
            zeros = _trailing_zeros(place)  # a last node without a sibling rises to where it has one
            place, last = place >> zeros, last >> zeros
        else:
            found = node_hash(found, sibling)
        place, last = place >> 1, last >> 1
    if last:
        raise ProofWrong("the proof is too short")
    _check_same(found, root, "the proof leads to another root: the leaf is not at this place of this tree")


def check_consistency(old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Check that the tree of `new` leaves begins with the whole tree of `old` leaves.

    Follows RFC 9162, section 2.1.4.2.

    Raises:
        ProofWrong: it is not shown.
    """
    if not 0 <= old <= new:
        raise ProofWrong(f"a tree of {new} leaves does not begin with one of {old}")
    _check_hashes(old_root, new_root, *proof)
    if old == 0:
        _check_same(old_root, EMPTY_ROOT, "the root of an empty tree is the hash of nothing")
    if old in (0, new):
        if proof:
            raise ProofWrong("the proof is too long")
        if old == new:
            _check_same(old_root, new_root, "two trees of one size have different roots")
        return
    _check_growth(old, old_root, new, new_root, proof)


def _check_growth(old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]) -> None:
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if not path:
        raise ProofWrong("the proof is too short")
    zeros = _trailing_zeros(old)
    place, last = (old - 1) >> zeros, (new - 1) >> zeros
    found_old = found_new = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise ProofWrong("the proof is too long")
        if place & 1 or place == last:
            found_old, found_new = node_hash(sibling, found_old), node_hash(sibling, found_new)
            zeros = _trailing_zeros(place)
            place, last = place >> zeros, last >> zeros
        else:
            found_new = node_hash(found_new, sibling)
        place, last = place >> 1, last >> 1
    if last:
        raise ProofWrong("the proof is too short")
    _check_same(found_old, old_root, "the new tree does not begin with the old one")
    _check_same(found_new, new_root, "the proof leads to another root than the new tree's")


def _check_hashes(*hashes: bytes) -> None:
    if any(len(value) != HASH_BYTES for value in hashes):
        raise ProofWrong(f"every hash has {HASH_BYTES} bytes")


def _check_same(found: bytes, claimed: bytes, message: str) -> None:
    if not hmac.compare_digest(found, claimed):
        raise ProofWrong(message)


def _split(count: int) -> int:
    """The largest power of two below `count` (at least 2)."""
    return 1 << (count - 1).bit_length() - 1


def _places(start: int, end: int) -> list[Place]:
    """The perfect subtrees that a subtree of the tree, leaves `start` to before `end`, consists of."""
    places = []
    for level in range((end - start).bit_length() - 1, -1, -1):
        if end - start >> level:
            places.append((level, start >> level))
            start += 1 << level
    return places


def _trailing_zeros(number: int) -> int:
    """How many zero bits end a number that is not 0."""
    return (number & -number).bit_length() - 1
