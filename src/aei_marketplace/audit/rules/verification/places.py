"""What happened at places where leaves do not have the parents that were stored with them.

Whoever changes leaves and leaves the nodes above them as they were has left a trace: the stored parents say
what the leaves were. Whoever recomputes the nodes too leaves none here, and is found by a checkpoint.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from aei_marketplace.audit.rules.verification.findings import Finding, Kind
from aei_protocol.merkle import node_hash

#: So many places are explained; a log with more is wrong throughout, and the first ones say how.
MOST_EXPLAINED = 40


def which_is_wrong(content: bytes, leaf: bytes, neighbour: bytes, parent: bytes, odd: bool) -> Kind:
    """Whether the entry or its leaf was changed, where they differ.

    Args:
        content: the hash of the entry's bytes.
        leaf: the stored leaf hash.
        neighbour, parent: of the leaf, as stored; empty where there is none.
        odd: whether the leaf is the right one of its pair.
    """
    fits = node_hash(neighbour, content) if odd else node_hash(content, neighbour)
    return Kind.LEAF_CHANGED if neighbour and fits == parent and content != leaf else Kind.EDITED


@dataclass(frozen=True, slots=True)
class Explanation:
    """What happened, and which pairs are wrong because of it.

    Attributes:
        onwards: all from the first of these pairs on are.
    """

    finding: Finding
    pairs: tuple[int, ...]
    onwards: bool = False


def explain_pairs(
    wrong: Sequence[int], leaves: Mapping[int, bytes], parents: Mapping[int, bytes]
) -> list[Explanation]:
    """Say what happened to pairs of leaves that do not have their stored parent, as far as that shows.

    Args:
        wrong: numbers of the pairs, ascending: pair p holds the leaves 2p and 2p + 1.
        leaves: hashes by number, of these pairs and the two leaves after each.
        parents: stored hashes by number of the pair, of these and the pair after each.
    """
    moved = _moved(wrong[0], leaves, parents)
    if moved:
        return [Explanation(moved, (wrong[0],), onwards=True)]
    explained, left = [], list(wrong[:MOST_EXPLAINED])
    for pair in wrong[:MOST_EXPLAINED]:
        if node_hash(leaves[2 * pair + 1], leaves[2 * pair]) == parents[pair]:
            explained.append(Explanation(_swapped(2 * pair, 2 * pair + 1), (pair,)))
            left.remove(pair)
    for one, other in combinations(tuple(left), 2):
        exchange = _exchange(one, other, leaves, parents)
        if exchange and one in left and other in left:
            explained.append(Explanation(_swapped(*exchange), (one, other)))
            left = [pair for pair in left if pair not in (one, other)]
    return explained


def _moved(pair: int, leaves: Mapping[int, bytes], parents: Mapping[int, bytes]) -> Finding | None:
    """A leaf put in or taken out moves all that follow."""
    left, right, third = 2 * pair, 2 * pair + 1, 2 * pair + 2
    if third not in leaves:
        return None
    for inserted, hidden in ((left, (right, third)), (right, (left, third))):
        if node_hash(*(leaves[place] for place in hidden)) == parents[pair]:
            detail = f"entry {inserted} was put between others, and all that follow moved by one"
            return Finding(Kind.INSERTED, detail, inserted)
    if node_hash(leaves[right], leaves[third]) == parents.get(pair + 1):
        detail = f"an entry at {left} or {right} was taken out, and all that follow moved by one"
        return Finding(Kind.DELETED, detail, left)
    return None


def _exchange(
    one: int, other: int, leaves: Mapping[int, bytes], parents: Mapping[int, bytes]
) -> tuple[int, int] | None:
    for first in (2 * one, 2 * one + 1):
        for second in (2 * other, 2 * other + 1):
            back = {**leaves, first: leaves[second], second: leaves[first]}
            if all(node_hash(back[2 * p], back[2 * p + 1]) == parents[p] for p in (one, other)):
                return first, second
    return None


def _swapped(one: int, other: int) -> Finding:
    return Finding(Kind.REORDERED, f"entries {one} and {other} have changed places", one)
