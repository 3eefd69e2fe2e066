"""What filters and orders need of every plugin, held in memory.

To look up a thousand plugins in the index takes many times what it takes to find the thousand that match, so
what decides about most of them is kept apart from their texts: 73 bytes for each.
"""

from array import array
from collections.abc import Sequence, Set
from itertools import compress
from operator import itemgetter
from typing import TypeVar

from aei_marketplace.catalog.rules.outlines import Outline
from aei_marketplace.catalog.rules.ranking import popularity, shortness, standing

_Number = TypeVar("_Number", int, float)


class Facts:
    """Numbers of plugins by their place; written by one thread, read by any.

    A reader may see what its view of the index does not have yet: who may see what, the database decides.

    Attributes:
        traits: 0 where no plugin is.
        popularity: of the installs; to take logarithms in each search took longer than all the rest.
        shortness: of the name.
        updated_at: in seconds since 1970.
        standing: what certificate, rating and shortness give to its score.
        named, described, shape: the outline of the texts.
    """

    def __init__(self) -> None:
        self.traits = array("I", [0])  # places begin at 1
        self.installs = array("Q", [0])
        self.popularity = array("d", [0])
        self.rating = array("d", [0])
        self.certified = array("B", [0])
        self.shortness = array("d", [0])
        self.updated_at = array("d", [0])
        self.named, self.described = array("Q", [0]), array("Q", [0])
        self.shape = array("I", [0])
        self.standing = array("d", [0])

    def put(
        self,
        place: int,
        name_words: int,
        traits: int,
        installs: int,
        rating: float,
        certified: bool,
        updated_at: float,
    ) -> None:
        """Note what is known of one whose texts are outlined."""
        self.installs[place], self.popularity[place] = installs, popularity(installs)
        self.rating[place], self.shortness[place] = rating, shortness(name_words)
        self.certified[place], self.updated_at[place] = certified, updated_at
        self.standing[place] = standing(self.shortness[place], rating, certified)
        self.traits[place] = traits  # last: only with it the others are looked at

    def outline(self, place: int, outline: Outline) -> None:
        """Note what is known of one's texts; places come without gaps."""
        if place == len(self.traits):
            self._grow()
        self.named[place], self.described[place], self.shape[place] = outline

    def drop(self, place: int) -> None:
        """There is no plugin any more."""
        self.traits[place] = 0

    def having(self, places: Sequence[int], traits: Set[int]) -> list[int]:
        """Those places whose plugin has one of these traits."""
        return list(compress(places, map(traits.__contains__, self.traits_of(places))))

    def traits_of(self, places: Sequence[int]) -> Sequence[int]:
        """The traits of the plugin at each place."""
        return held_at(self.traits, places)

    def _grow(self) -> None:
        floats = (self.popularity, self.rating, self.shortness, self.updated_at, self.standing)
        outlines = (self.named, self.described, self.shape)
        for kept in (self.installs, self.certified, *floats, *outlines, self.traits):
            kept.append(0)


def held_at(numbers: "array[_Number]", places: Sequence[int]) -> Sequence[_Number]:
    """The number of the plugin at each place."""
    if len(places) < 2:  # of which it makes no sequence
        return [numbers[place] for place in places]
    held: Sequence[_Number] = itemgetter(*places)(numbers)
    return held
