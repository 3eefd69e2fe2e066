"""How much each plugin that could come first weighs."""

import re
from collections.abc import Callable, Sequence

import msgspec

from aei_marketplace.catalog.rules import ranking
from aei_marketplace.catalog.rules.ranking import Parts
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
_LETTERS = 7


class Candidate(msgspec.Struct):  # made a thousand times for a search, and quicker than a dataclass
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


def scales(words: Sequence[Word], total: int) -> Callable[[Candidate], float]:
    """Weighs a plugin's text. Common words tell nothing, and counting them would take long.

    Args:
        total: how many plugins there are.
    """
    telling = [(_forms(word), word.plugins) for word in words if word.plugins]

    def weigh(c: Candidate) -> float:
        name, summary, weight = c.name.lower(), c.summary.lower(), 0.0
        length = (len(name) + len(c.topics) + len(summary)) // _LETTERS
        for stem, plugins in telling:
            hits = 8 * len(stem.findall(name)) + 2 * len(stem.findall(c.topics)) + len(stem.findall(summary))
            weight += ranking.bm25(hits, length, plugins, total)
        return weight

    return weigh


def parts_of(
    c: Candidate, criteria: Criteria, key: str, most: int, bm25: float = 0.0, likely: bool = False
) -> Parts:
    """The terms of its score.

    Args:
        key: what was typed, squeezed.
        most: installations of the most installed plugin.
        bm25: the weight of its text.
        likely: it is clearly what was meant.
    """
    keys = c.squeezed.split(" ")
    exact = bool(key) and (key in keys or c.id == (criteria.q or "").strip().lower())
    name = ranking.TYPO if c.typo else max([ranking.name_share(key, k) for k in keys])
    return Parts(
        ranking.EXACT if exact else ranking.LIKELY if likely else 0.0,
        ranking.NAME * name,
        ranking.TEXT * ranking.text_share(bm25),
        ranking.POPULARITY * ranking.popularity_share(c.installs, most),
        ranking.ALL_WORDS * c.all_words,
        ranking.RATING * c.rating,
        ranking.CERTIFIED * c.certified,
    )


def rank_of(c: Candidate, sort: Sort, parts: Parts) -> float:
    """What its place goes by, the highest first."""
    rank: float = parts.score if sort is Sort.RELEVANCE else getattr(c, ORDERS[sort])
    return rank


def _forms(word: Word) -> re.Pattern[str]:
    """What has the word's stem; the tokenizer writes i for the y of `library`."""
    return re.compile("|".join(rf"\b{re.escape(stem.removesuffix('i'))}" for stem in word.stems))
