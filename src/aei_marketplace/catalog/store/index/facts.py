"""What filters and orders need of every plugin, held in memory.

To look up a thousand plugins in the index takes many times what it takes to find the thousand that match, so
what decides about most of them is kept apart from their texts: 45 bytes for each.
"""

from array import array
from collections.abc import Sequence, Set
from itertools import compress
from operator import itemgetter

from aei_marketplace.catalog.rules.ranking import popularity, shortness


class Facts:
    """Numbers of plugins by their place; written by one thread, read by any.

    A reader may see what its view of the index does not have yet: who may see what, the database decides.

    Attributes:
        traits: 0 where no plugin is.
        popularity: of the installs; to take logarithms in each search took longer than all the rest.
        shortness: of the name.
        updated_at: in seconds since 1970.
    """

    def __init__(self) -> None:
        self.traits = array("I", [0])  # places begin at 1
        self.installs = array("Q", [0])
        self.popularity = array("d", [0])
        self.rating = array("d", [0])
        self.certified = array("B", [0])
        self.shortness = array("d", [0])
        self.updated_at = array("d", [0])

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
        """Note what is known of one; places come without gaps."""
        if place == len(self.traits):
            self._grow()
        self.installs[place], self.popularity[place] = installs, popularity(installs)
        self.rating[place], self.shortness[place] = rating, shortness(name_words)
        self.certified[place], self.updated_at[place] = certified, updated_at
        self.traits[place] = traits  # last: only with it the others are looked at

    def drop(self, place: int) -> None:
        """There is no plugin any more."""
        self.traits[place] = 0

    def having(self, places: Sequence[int], traits: Set[int]) -> list[int]:
        """Those places whose plugin has one of these traits."""
        return list(compress(places, map(traits.__contains__, self.traits_of(places))))

    def traits_of(self, places: Sequence[int]) -> Sequence[int]:
        """The traits of the plugin at each place."""
        if len(places) < 2:  # of which it makes no sequence
            return [self.traits[place] for place in places]
        held: Sequence[int] = itemgetter(*places)(self.traits)
        return held

    def _grow(self) -> None:
        floats = (self.popularity, self.rating, self.shortness, self.updated_at)
        for kept in (self.installs, self.certified, *floats, self.traits):
            kept.append(0)
