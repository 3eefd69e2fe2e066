"""What comes first in a search, and why: every term can be shown to who searches."""

import math
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

#: How much each part counts; docs/benchmarks.md says by which queries that was tuned.
NAME, TEXT, POPULARITY, ALL_WORDS, RATING, CERTIFIED = 10.0, 36.0, 30.0, 2.0, 3.0, 2.0
#: The word that tells most of those that were typed is there, which what is installed more may well lack; and
#: a name of few words, which is the thing itself more often than one of many: `django` and `django-filter`.
MAIN_WORD, SHORT_NAME = 2.0, 3.0
#: A name that is typed exactly comes first whatever else says.
EXACT = 1_000.0
#: So does, where nothing has that name, the one that was clearly meant.
LIKELY = 500.0
#: It is installed so many times as often as everything else that matches.
_CLEARLY = 20
#: A name that one slip of the finger separates from what was typed.
TYPO = 0.9
_SHORTEST_SLIP = 3
#: What the name's share is made of: that it begins with what was typed, and how much of it that is.
_BEGINNING, _LENGTH = 0.55, 0.35
MOST_NAME = _BEGINNING + _LENGTH
#: Half of the text's share is reached at this bm25.
_HALF_TEXT = 8.0
#: The constants of BM25, and the length of a usual name and summary in words. In one line a word that stands
#: there twice says hardly more than one that stands there once, so the first is half of what is usual.
_K1, _B, _USUAL_LENGTH = 0.6, 0.75, 12.0
#: So many usual ratings are imagined beside those of a plugin.
PRIOR_REVIEWS, PRIOR_RATING = 10, 4
_WORDS = re.compile(r"[^\W_]+")


class Parts(NamedTuple):
    """The terms of a plugin's score, each already weighted."""

    exact: float
    name: float
    text: float
    popularity: float
    all_words: float
    main_word: float
    short_name: float
    rating: float
    certified: float

    @property
    def score(self) -> float:
        """The sum, by which plugins are ordered."""
        return score(self)

    def shape(self) -> dict[str, float]:
        """As `explain=1` shows it."""
        return {**{name: round(part, 3) for name, part in self._asdict().items()}, "score": self.score}


def score(terms: Iterable[float]) -> float:
    """The sum of a score's terms, as cursors spell it."""
    return round(sum(terms), 6)


def squeezed(text: str) -> str:
    """A name without what people type differently: case, width, and all that is neither letter nor digit."""
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())


def apart(text: str) -> str:
    """A text's words in lower case with a blank before each, so that a word's beginning is easily counted."""
    return "".join(f" {word}" for word in _WORDS.findall(text.lower()))


def name_share(typed: str, name: str) -> float:
    """From 0 to 0.9: how much of a name that begins with what was typed that is; both squeezed."""
    if not typed or not name.startswith(typed):
        return 0.0
    return _BEGINNING + _LENGTH * len(typed) / len(name)


def shortness(words: int) -> float:
    """From 0 to 1: the fewer words a name has the more."""
    return 1 / max(1, words)


def standing(shortness: float, rating: float, certified: bool) -> float:
    """What of a score neither words nor installations decide.

    Args:
        shortness: of the name, from 0 to 1.
        rating: its share, from 0 to 1.
    """
    return SHORT_NAME * shortness + RATING * rating + CERTIFIED * certified


def beginnings(stem: str) -> tuple[str, ...]:
    """How words begin that have a stem by Porter (Program 14, 1980).

    He writes i for the y of `library`, and the e that `rating` and `typing` have lost.
    """
    return (stem, f"{stem[:-1]}ing") if stem.endswith("e") else (stem.removesuffix("i"),)


def rarity(holders: int, total: int) -> float:
    """How much a word tells: the inverse document frequency of Okapi BM25 (Robertson and Walker, SIGIR 1994).

    Args:
        holders, total: plugins that have the word, and all plugins.
    """
    return math.log((total - holders + 0.5) / (holders + 0.5) + 1)


def bm25(hits: float, damping: float, rarity: float) -> float:
    """How much a word says for a text, by the same formula.

    Args:
        hits: how often it stands there, weighed by where.
        damping: of the text.
    """
    return rarity * hits * (_K1 + 1) / (hits + damping)


def damping(length: float) -> float:
    """How many hits it takes in a text for half of what a word can say; more in a long one.

    Args:
        length: in words.
    """
    return _K1 * (1 - _B + _B * length / _USUAL_LENGTH)


def most_bm25(rarity: float) -> float:
    """What a word cannot exceed, however often it stands in however short a text."""
    return rarity * (_K1 + 1)


def likeliest(installs: Mapping[int, int], slipped: Collection[int]) -> int | None:
    """Which of the names one slip away was clearly meant, if any.

    Args:
        installs: of these names and of everything that has what was typed, by place.
        slipped: the places of names one slip away.
    """
    if not slipped:
        return None
    best = max(slipped, key=lambda place: installs[place])
    others = max((many for place, many in installs.items() if place not in slipped), default=0)
    return best if installs[best] >= _CLEARLY * max(1, others) else None


def text_share(bm25: float) -> float:
    """From 0 to 1, for a bm25 that is better the higher it is."""
    return bm25 / (bm25 + _HALF_TEXT) if bm25 > 0 else 0.0


def popularity(installs: int) -> float:
    """0 without installations, one more for each ten times as many."""
    return math.log10(10 + installs) - 1


def popularity_weight(most: int) -> float:
    """What `popularity` counts for in a score, so that the most installed has all that it can give."""
    return POPULARITY / popularity(most) if most > 0 else 0.0


def popularity_share(installs: int, most: int) -> float:
    """0 without installations, 1 for the most installed, logarithmic between."""
    return min(1.0, popularity(installs) / popularity(most)) if most > 0 else 0.0


def rating_share(total: float, weight: float) -> float:
    """From 0 to 1: the mean rating, drawn to the usual one where there are few reviews.

    Args:
        total: the sum of the ratings, each times its weight.
        weight: the weights together; as many as there are ratings where each counts alike.
    """
    mean = (PRIOR_REVIEWS * PRIOR_RATING + total) / (PRIOR_REVIEWS + weight)
    return (mean - 1) / 4


def slips(typed: str) -> set[str]:
    """What may have been meant if one finger slipped: a letter too many, too few, wrong or swapped.

    Three letters are one slip away from everything: of them only a letter too few is considered, of fewer
    nothing.
    """
    if len(typed) < _SHORTEST_SLIP:
        return set()
    letters = sorted(set(typed) | set("abcdefghijklmnopqrstuvwxyz0123456789"))
    cut = [(typed[:i], typed[i:]) for i in range(len(typed) + 1)]
    dropped = {a + b[1:] for a, b in cut if b}
    swapped = {a + b[1] + b[0] + b[2:] for a, b in cut if len(b) > 1}
    wrong = {a + c + b[1:] for a, b in cut if b for c in letters}
    missing = {a + c + b for a, b in cut for c in letters}
    return missing if len(typed) == _SHORTEST_SLIP else (dropped | swapped | wrong | missing) - {typed}
