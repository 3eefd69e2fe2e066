"""How much each plugin that could come first weighs."""

from collections.abc import Callable, Sequence

import msgspec

from aei_marketplace.catalog.rules import ranking
from aei_marketplace.catalog.rules.searching import Criteria, Sort
from aei_marketplace.catalog.store.index.stems import Word

#: What of a plugin an order goes by; words that are looked for come before their quality.
ORDERS = {
    Sort.RELEVANCE: "quality",
    Sort.INSTALLS: "installs",
    Sort.UPDATED: "updated_at",
    Sort.RATING: "rating",
}
#: What is read of each candidate, in the order of its fields.
COLUMNS = (
    "place", "id", "squeezed", "name", "topics", "summary",
    "installs", "rating", "certified", "updated_at", "quality",
)  # fmt: skip
#: Of a usual word, with the blank behind it.
_LETTERS = 7.0
#: Where a word stands counts so much: in the name, the topics, the summary.
_NAME, _TOPICS, _SUMMARY = 8, 2, 1

Weigh = Callable[["Candidate"], tuple[float, ...]]


class Candidate(
    msgspec.Struct, array_like=True
):  # made a thousand times for a search: quicker than a dataclass
    """A plugin that could come first.

    Attributes:
        all_words: it has every word that was typed.
        typo: its name is one slip away from what was typed.
    """

    place: int
    id: str
    squeezed: str
    name: str
    topics: str
    summary: str
    installs: int
    rating: float
    certified: int
    updated_at: float
    quality: float
    all_words: bool = False
    typo: bool = False


def weigher(criteria: Criteria, key: str, words: Sequence[Word], total: int, most: int) -> Weigh:
    """Gives the terms of a candidate's score, in the order of `Parts`; made once for a search.

    Args:
        key: what was typed, squeezed.
        total: how many plugins there are.
        most: installations of the most installed plugin.
    """
    typed, texts, popular = (criteria.q or "").strip().lower(), _texts(words, total), dict[int, float]()

    def weigh(c: Candidate) -> tuple[float, ...]:
        popularity = popular.get(c.installs)
        if popularity is None:
            popularity = ranking.POPULARITY * ranking.popularity_share(c.installs, most)
            popular[c.installs] = popularity
        exact, name = (0.0, 0.0) if key not in c.squeezed and c.id != typed else _named(c, key, typed)
        return (
            exact,
            ranking.NAME * (ranking.TYPO if c.typo else name),
            ranking.TEXT * ranking.text_share(texts(c)),
            popularity,
            ranking.ALL_WORDS * c.all_words,
            ranking.RATING * c.rating,
            ranking.CERTIFIED * c.certified,
        )

    return weigh


def likely_first(terms: Sequence[float]) -> tuple[float, ...]:
    """The terms of what is clearly meant, unless it has the very name."""
    return (terms[0] or ranking.LIKELY, *terms[1:])


def rank_of(c: Candidate, sort: Sort, terms: Sequence[float]) -> float:
    """What its place goes by, the highest first."""
    rank: float = ranking.score(terms) if sort is Sort.RELEVANCE else getattr(c, ORDERS[sort])
    return rank


def _named(c: Candidate, key: str, typed: str) -> tuple[float, float]:
    """What its name says, if it has what was typed somewhere."""
    keys = c.squeezed.split(" ")
    exact = bool(key) and (key in keys or c.id == typed)
    return ranking.EXACT if exact else 0.0, max(ranking.name_share(key, own) for own in keys)


def _texts(words: Sequence[Word], total: int) -> Callable[[Candidate], float]:
    """Weighs a candidate's text. Common words tell nothing, and counting them would take long."""
    telling = [(_beginnings(word), ranking.rarity(word.plugins, total)) for word in words if word.plugins]

    def weigh(c: Candidate) -> float:
        name, topics, summary, weight = c.name, c.topics, c.summary, 0.0
        for beginnings, rarity in telling:
            hits = 0
            for beginning in beginnings:
                hits += _NAME * name.count(beginning) + _TOPICS * topics.count(beginning)
                hits += _SUMMARY * summary.count(beginning)
            if hits:
                length = (len(name) + len(topics) + len(summary)) / _LETTERS
                weight += ranking.bm25(hits, length, rarity)
        return weight

    return weigh


def _beginnings(word: Word) -> tuple[str, ...]:
    """What has the word's stems begins so; the tokenizer writes i for the y of `library`."""
    return tuple(f" {stem.removesuffix('i')}" for stem in word.stems)
