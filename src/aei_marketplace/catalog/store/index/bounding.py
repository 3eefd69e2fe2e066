"""How high plugins could come, without reading their texts."""

from collections.abc import Mapping, Sequence, Set
from functools import cache
from itertools import repeat

from aei_marketplace.catalog.rules import ranking
from aei_marketplace.catalog.rules.outlines import Shape, bits_of
from aei_marketplace.catalog.store.index.facts import Facts, held_at
from aei_marketplace.catalog.store.index.weighing import LETTERS, NAME, SUMMARY, TOPICS, Telling

#: A sum that is added up in another order differs by far less.
_ROUNDING = 1e-6


class Bounds:
    """What ranks cannot exceed; made once for a search.

    Args:
        facts: of all plugins.
        telling: the words that tell something.
        most: installations of the most installed plugin.
    """

    def __init__(self, facts: Facts, telling: Sequence[Telling], most: int) -> None:
        self._facts, self._outlines = facts, (facts.named, facts.described, facts.shape)
        self._installed = ranking.popularity_weight(most)
        self._telling = [(_bits(each), each.rarity) for each in telling]
        self._most_telling = max((each.rarity for each in telling), default=0.0)

    def highest(
        self, places: Mapping[int, bool], named: Set[int] | None, namesakes: bool
    ) -> dict[int, float]:
        """By place the rank that each of these cannot exceed.

        Args:
            places: whether each has every word that was typed.
            named: whose name may begin with what was typed; None for all.
            namesakes: whether that may be all of a name.
        """
        at = list(places)
        popularity, standing = held_at(self._facts.popularity, at), held_at(self._facts.standing, at)
        installed, said = self._installed, self._said(at, places)
        highest = {
            place: installed * popular + stands + says
            for place, popular, stands, says in zip(at, popularity, standing, said, strict=True)
        }
        name = ranking.NAME * ranking.MOST_NAME + ranking.EXACT * namesakes
        for place in highest.keys() if named is None else highest.keys() & named:
            highest[place] += name
        return highest

    def _said(self, at: Sequence[int], whole: Mapping[int, bool]) -> "map[float]":
        """What the texts at each place say at most."""
        most_said = cache(self._most_said)
        asked = {bit for bits, _ in self._telling for bit in bits or ()}
        if not asked:
            return map(most_said, whole.values(), repeat(0), repeat(0), repeat(0))
        named, described, shape = (held_at(noted, at) for noted in self._outlines)
        known = sum(asked).__and__
        return map(most_said, whole.values(), map(known, named), map(known, described), shape)

    def _most_said(self, every_word: bool, named: int, described: int, shape: int) -> float:
        letters, named_alike, described_alike = Shape.read(shape)
        damping, weight, missed = ranking.damping(letters / LETTERS), 0.0, 0.0
        for bits, rarity in self._telling:
            if bits is None:
                weight += ranking.most_bm25(rarity)
                continue
            hits = max(NAME, TOPICS) * named_alike * sum(bool(named & bit) for bit in bits)
            hits += SUMMARY * described_alike * sum(bool(described & bit) for bit in bits)
            if hits:
                weight += ranking.bm25(hits, damping, rarity)
            else:
                missed = max(missed, rarity)
        main_word = ranking.MAIN_WORD * (missed < self._most_telling)
        said = ranking.TEXT * ranking.text_share(weight) + main_word + ranking.ALL_WORDS * every_word
        return said + _ROUNDING


def _bits(telling: Telling) -> list[int] | None:
    """The bits of all that has the word, as `outlines` notes it; None where that does not tell it apart."""
    bits = list[int]()
    for stem in telling.word.stems:
        own = bits_of(ranking.beginnings(stem))
        if own is None:
            return None
        bits += own
    return bits
