"""How much each plugin that could come first weighs."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from aei_marketplace.catalog.rules import ranking
from aei_marketplace.catalog.rules.searching import Criteria, Sort
from aei_marketplace.catalog.store.index.facts import Facts
from aei_marketplace.catalog.store.index.stems import Word

#: What of a plugin an order goes by; words that are looked for come before their quality.
ORDERS = {
    Sort.RELEVANCE: "quality",
    Sort.INSTALLS: "installs",
    Sort.UPDATED: "updated_at",
    Sort.RATING: "rating",
}
#: What is read of each candidate, in the order of its fields; behind it stands what it is ordered by.
COLUMNS = ("place", "id", "squeezed", "name", "topics", "summary")
#: Of a usual word, with the blank behind it.
LETTERS = 7.0
#: Where a word stands counts so much: in the name, the topics, the summary.
NAME, TOPICS, SUMMARY = 2, 2, 1


class Candidate(
    msgspec.Struct, array_like=True
):  # made a thousand times for a search: quicker than a dataclass
    """A plugin that could come first.

    Attributes:
        ordered_by: what the wanted order goes by; its quality where words are looked for.
        all_words: it has every word that was typed.
        typo: its name is one slip away from what was typed.
    """

    place: int
    id: str
    squeezed: str
    name: str
    topics: str
    summary: str
    ordered_by: float
    all_words: bool = False
    typo: bool = False


class Telling(NamedTuple):
    """A word that tells something, and how much."""

    word: Word
    rarity: float


def telling_of(words: Sequence[Word], total: int) -> list[Telling]:
    """Those that tell something: common words tell nothing, and counting them would take long.

    Args:
        total: how many plugins there are.
    """
    return [Telling(word, ranking.rarity(word.plugins, total)) for word in words if word.plugins]


class Weigher:
    """Gives the terms of scores in the order of `Parts`; made once for a search.

    Args:
        facts: of all plugins.
        key: what was typed, squeezed.
        most: installations of the most installed plugin.
    """

    def __init__(
        self, criteria: Criteria, facts: Facts, key: str, telling: Sequence[Telling], most: int
    ) -> None:
        self._key, self._facts = key, facts
        self._installed = ranking.popularity_weight(most)
        self._typed = (criteria.q or "").strip().lower()
        self._telling = [(_beginnings(word), rarity) for word, rarity in telling]
        self._most_telling = max((rarity for _, rarity in telling), default=0.0)

    def terms(self, c: Candidate) -> tuple[float, ...]:
        """Those of one whose texts were read."""
        exact, name = 0.0, 0.0
        if self._key in c.squeezed or c.id == self._typed:
            exact, name = _named(c, self._key, self._typed)
        facts, place = self._facts, c.place
        bm25, has_main_word = self._said_by(c)
        return (
            exact,
            ranking.NAME * (ranking.TYPO if c.typo else name),
            ranking.TEXT * ranking.text_share(bm25),
            min(ranking.POPULARITY, self._installed * facts.popularity[place]),
            ranking.ALL_WORDS * c.all_words,
            ranking.MAIN_WORD * has_main_word,
            ranking.SHORT_NAME * facts.shortness[place],
            ranking.RATING * facts.rating[place],
            ranking.CERTIFIED * facts.certified[place],
        )

    def _said_by(self, c: Candidate) -> tuple[float, bool]:
        """What its text says, and whether the word that tells most is there."""
        name, topics, summary, weight, missed = c.name, c.topics, c.summary, 0.0, 0.0
        damping = ranking.damping((len(name) + len(topics) + len(summary)) / LETTERS)
        for beginnings, rarity in self._telling:
            hits = 0
            for beginning in beginnings:
                hits += NAME * name.count(beginning) + TOPICS * topics.count(beginning)
                hits += SUMMARY * summary.count(beginning)
            if hits:
                weight += ranking.bm25(hits, damping, rarity)
            elif rarity > missed:
                missed = rarity
        return weight, missed < self._most_telling


def likely_first(terms: Sequence[float]) -> tuple[float, ...]:
    """The terms of what is clearly meant, unless it has the very name."""
    return (terms[0] or ranking.LIKELY, *terms[1:])


def rank_of(c: Candidate, sort: Sort, terms: Sequence[float]) -> float:
    """What its place goes by, the highest first."""
    return ranking.score(terms) if sort is Sort.RELEVANCE else c.ordered_by


def _named(c: Candidate, key: str, typed: str) -> tuple[float, float]:
    """What its name says, if it has what was typed somewhere."""
    keys = c.squeezed.split(" ")
    exact = bool(key) and (key in keys or c.id == typed)
    return ranking.EXACT if exact else 0.0, max(ranking.name_share(key, own) for own in keys)


def _beginnings(word: Word) -> tuple[str, ...]:
    """What has the word's stems begins so."""
    return tuple(f" {beginning}" for stem in word.stems for beginning in ranking.beginnings(stem))
