"""Gathering what plugins are found by besides their own words, once all are in the index."""

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from aei_marketplace.catalog.rules.mentions import FEWEST, SHORTEST, callings, mentioned, parts_of, times_said
from aei_marketplace.catalog.store.index.looking import all_of
from aei_marketplace.catalog.store.index.stems import Stems

#: Gathered for so many, the most installed: others are hardly named by anybody.
_WELL_KNOWN = 15_000
#: So many who name one are heard, the most installed first.
_MOST_HEARD = 50
#: A part of a name is a known word when it stands in this share of all plugins, and in so many.
_KNOWN_SHARE, _KNOWN_AT_LEAST = 1 / 5_000, 5
#: What is shared with some tenants only is not listened to: others would find by what it says. Nor is it
#: what others name: it would take their words from a public plugin that is called the same.
_PUBLIC = "select place, name, summary from doc where access = 0 order by place"
_PUBLIC_NAMES = "select place, name from doc where access = 0 and place <= ? order by place"
_TOLD = "json_each(?) j cross join doc d on d.place = j.value"


class Gleaner:
    """One look through all plugins.

    Args:
        connection: the one that writes; `common` is there already.
        total: how many plugins there are.
    """

    def __init__(self, connection: sqlite3.Connection, total: int) -> None:
        self._db, self._stems = connection, Stems(connection)
        self._common = set(all_of(connection, list[str], "term", "common"))
        least = max(_KNOWN_AT_LEAST, total * _KNOWN_SHARE)
        known = all_of(
            connection,
            list[str],
            "term",
            "vocabulary where doc >= ? and length(term) >= ?",
            [least, SHORTEST],
        )
        self._known = {term for term in known if not term.isdigit()} - self._common

    def gleanings(self) -> Iterator[tuple[int, str]]:
        """The places of plugins, and by which words, as `ranking.apart` writes them, each is found too."""
        names = dict(self._db.execute("select place, name from doc where place <= ?", [_WELL_KNOWN]))
        heard = self._heard()
        for place, name in names.items():
            own = name.split()
            words = [part for word in own for part in parts_of(word, self._known)]
            words += self._said(own, heard[place]) if place in heard else ()
            if words:
                yield place, "".join(f" {word}" for word in words)

    def _heard(self) -> Mapping[int, Sequence[int]]:
        """By plugin the places of those that name it, the most installed first."""
        called = self._called()
        heard = defaultdict[int, list[int]](list)
        for place, name, summary in self._db.execute(_PUBLIC):
            for one in mentioned(name.split(), called) | mentioned(summary.split(), called):
                if one != place and len(heard[one]) < _MOST_HEARD:
                    heard[one].append(place)
        return {one: places for one, places in heard.items() if len(places) >= FEWEST}

    def _called(self) -> dict[str, int]:
        """How plugins are called; of several the one whose very name it is, then the most installed."""
        exact, also = dict[str, int](), dict[str, int]()
        for place, name in self._db.execute(_PUBLIC_NAMES, [_WELL_KNOWN]):
            for number, calling in enumerate(callings(name.split(), self._common)):
                (also if number else exact).setdefault(calling, place)
        return also | exact

    def _said(self, name: Sequence[str], places: Sequence[int]) -> Iterator[str]:
        """The words that those at these places say who name it, each as often as it weighs."""
        texts = all_of(
            self._db, list[str], "d.name || d.summary", _TOLD, [msgspec.json.encode(places).decode()]
        )
        words = [set(text.split()) for text in texts]
        forms = Counter(word for one in words for word in one)
        stems = self._stems_of(forms)
        counts = Counter(stem for one in words for stem in {stems[word] for word in one})
        usual: dict[str, str] = {}
        for word in sorted(forms, key=lambda word: (-forms[word], word)):
            usual.setdefault(stems[word], word)
        for stem in sorted(counts.keys() - self._common - {*self._stems_of(name).values()}):
            yield from [usual[stem]] * times_said(counts[stem], len(places))

    def _stems_of(self, words: Iterable[str]) -> dict[str, str]:
        return {word: stems[0] if stems else word for word, stems in self._stems.of([*words]).items()}
