"""Names that would pass for another's: what they look like, and which names they are held against.

Ids are ASCII, so the look-alikes are those of lower-case letters, digits and hyphens. The comparison by
skeleton is that of Unicode Technical Standard 39, section 4, with a table of its own. Distances are those of
optimal string alignment: insert, leave out, replace, or swap two neighbours.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

#: How many of the most installed public plugins a new name is held against, and from how many installs on.
POPULAR = 1000
POPULAR_INSTALLS = 50
#: The lengths, without separators, from which on names that are one or two slips apart are confused.
ONE_SLIP_FROM, TWO_SLIPS_FROM = 5, 10

_SEPARATORS = str.maketrans("", "", "-._")
#: In this order; `name_skeleton` in migration 0016 does the same, and a test holds the two together.
_PAIRS = (("rn", "m"), ("vv", "w"))
_SINGLE = str.maketrans("0i152", "ollsz")


class Likeness(StrEnum):
    """In what way a name resembles another."""

    RESERVED = "reserved"
    SEPARATORS = "separators"
    LOOK_ALIKE = "look_alike"
    SPELLING = "spelling"


#: The same in words.
SAID = {
    Likeness.RESERVED: "is kept for the marketplace, or looks like",
    Likeness.SEPARATORS: "differs only in hyphens and dots from",
    Likeness.LOOK_ALIKE: "looks like",
    Likeness.SPELLING: "is a slip of the finger away from",
}


@dataclass(frozen=True, slots=True)
class Resemblance:
    """A name that exists, and in what way the wanted one resembles it."""

    name: str
    likeness: Likeness


def squeezed(name: str) -> str:
    """The name without what separates its parts."""
    return name.translate(_SEPARATORS)


def skeleton(name: str) -> str:
    """What is left of a name for an eye that reads quickly: names with one skeleton look the same."""
    bare = squeezed(name)
    for pair, letter in _PAIRS:
        bare = bare.replace(pair, letter)
    return bare.translate(_SINGLE)


def closest(name: str, others: Iterable[str], *, popular: bool) -> Resemblance | None:
    """The first of other names that this one would be taken for; the name itself is none of them.

    Args:
        name: a namespace or a plugin's id, and `others` of the same sort.
        popular: whether slips of the finger count as well.
    """
    bare, bones = squeezed(name), skeleton(name)
    for other in others:
        if other == name:
            continue
        if squeezed(other) == bare:
            return Resemblance(other, Likeness.SEPARATORS)
        if skeleton(other) == bones:
            return Resemblance(other, Likeness.LOOK_ALIKE)
        if popular and _slips(bare, squeezed(other)):
            return Resemblance(other, Likeness.SPELLING)
    return None


def _slips(name: str, other: str) -> bool:
    shorter = min(len(name), len(other))
    limit = (shorter >= ONE_SLIP_FROM) + (shorter >= TWO_SLIPS_FROM)
    return limit > 0 and distance(name, other, limit) <= limit


def distance(name: str, other: str, limit: int) -> int:
    """How many slips lie between two names; anything above `limit` is given as `limit + 1`."""
    far = limit + 1
    if abs(len(name) - len(other)) > limit:
        return far
    before: dict[int, int] = {}
    row = {column: column for column in range(far)}
    for line, letter in enumerate(name, 1):
        two_before, before, row = before, row, {}
        # Further from the diagonal than the limit nothing can lie within it.
        for column in range(max(0, line - limit), min(len(other), line + limit) + 1):
            steps = [before.get(column, far) + 1, row.get(column - 1, far) + 1]
            if column:
                same = other[column - 1] == letter
                steps.append(before.get(column - 1, far) + (not same))
            if column > 1 and line > 1 and name[line - 2 : line] == other[column - 2 : column][::-1]:
                steps.append(two_before.get(column - 2, far) + 1)
            row[column] = min(*steps, far)
        if min(row.values()) > limit and min(before.values()) > limit:
            return far
    return row.get(len(other), far)
