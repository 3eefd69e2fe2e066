"""What a plugin is found by besides its own words: what others say who name it, and the parts of its name.

A description has one line, and seldom the word that is typed: what draws charts may call it `plotting`. Those
say it who build upon it. Search engines use the texts of links in the same way (Craswell, Hawking and
Robertson, "Effective site finding using link anchor information", SIGIR 2001).
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import pairwise

#: Shorter names and shorter parts of names mean too much else.
SHORTEST = 3
#: What fewer others say, or a smaller share of them, says little.
FEWEST, _LEAST_SHARE = 2, 1 / 8
#: What all of them say stands there so many times.
_MOST_TIMES = 4


def callings(name: Sequence[str], common: Collection[str]) -> Iterator[str]:
    """How a plugin is called by others, the very name first.

    `python-dateutil` is called so, but also `dateutil`; `beautifulsoup4` also `Beautiful Soup`.

    Args:
        name: its words in lower case.
        common: words that tell nothing, as they stand in very many plugins.
    """
    telling = "".join(word for word in name if word not in common)
    for calling in dict.fromkeys(("".join(name), telling, telling.rstrip("0123456789"))):
        if len(calling) >= SHORTEST:
            yield calling


def mentioned(words: Sequence[str], called: Mapping[str, int]) -> set[int]:
    """The places of plugins that a text names, in one word or in two.

    Args:
        words: of the text, in lower case.
        called: callings and whose they are.
    """
    pairs = ["".join(pair) for pair in pairwise(words)]
    return {place for text in (words, pairs) for place in map(called.get, text) if place is not None}


def times_said(said_by: int, of: int) -> int:
    """How often a word is to stand beside a plugin's own words.

    Args:
        said_by: so many have it who name the plugin.
        of: all who name it.
    """
    share = said_by / of
    return max(1, round(_MOST_TIMES * share)) if said_by >= FEWEST and share >= _LEAST_SHARE else 0


def parts_of(word: str, known: Collection[str]) -> Iterator[str]:
    """The longest known words that it begins and ends with: `pdf` and `plumber` of `pdfplumber`.

    Args:
        word: of a name, in lower case; it is no part of itself.
    """
    cuts = range(SHORTEST, len(word) - 1)
    yield from [word[:cut] for cut in reversed(cuts) if word[:cut] in known][:1]
    yield from [word[-cut:] for cut in reversed(cuts) if word[-cut:] in known][:1]
