"""Words as the index knows them: their stems by the same tokenizer, and how many plugins they stand in."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from aei_marketplace.catalog.store.index.layout import TOKENIZER


@dataclass(frozen=True, slots=True)
class Word:
    """A word that was typed.

    Attributes:
        stems: what the tokenizer makes of it; none of a mark that is no word.
        plugins: in how many plugins the rarest of its stems stands; None for so many that it tells nothing.
    """

    typed: str
    stems: tuple[str, ...]
    plugins: int | None


#: Stems that are remembered; endings of so many letters, at most, are cut off words that nothing has; what is
#: left has at least so many.
_MOST_KNOWN, _LONGEST_ENDING, _SHORTEST = 10_000, 6, 3


class Stems:
    """One connection's look at words.

    Args:
        connection: to the index; what is looked at stands in its temporary tables for a moment.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self._known: dict[str, tuple[str, ...]] = {}
        self._counted: dict[str, int | None] = {}
        connection.execute(
            f"create virtual table if not exists temp.asked using fts5 (word, tokenize = '{TOKENIZER}')"
        )
        connection.execute(
            "create virtual table if not exists temp.asked_words using fts5vocab (temp, asked, instance)"
        )

    def forget(self) -> None:
        """What words stand in may have changed."""
        self._counted.clear()

    def look_up(self, words: Sequence[str]) -> list[Word]:
        """What is known of each word."""
        stems = self.of(words)
        return [self._word(word, stems[word]) for word in words]

    def of(self, words: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """The stems of each word."""
        if len(self._known) > _MOST_KNOWN:
            self._known.clear()
        self._learn([word for word in dict.fromkeys(words) if word not in self._known])
        return {word: self._known[word] for word in words}

    def cut_short(self, words: Sequence[Word]) -> list[Word]:
        """The same words, with the last as far as anything has it.

        Who has typed `documentati` is not done yet, and the index knows only `document`.
        """
        if not words or words[-1].plugins != 0:
            return list(words)
        typed = words[-1].typed.lower()
        for letters in range(len(typed) - 1, max(_SHORTEST, len(typed) - _LONGEST_ENDING) - 1, -1):
            stem = typed[:letters]
            if (plugins := self._plugins(stem)) != 0:
                return [*words[:-1], Word(stem, (stem,), plugins)]
        return list(words)

    def _learn(self, words: Sequence[str]) -> None:
        """Have the tokenizer take words apart."""
        if not words:
            return
        self._db.execute("delete from temp.asked")
        self._db.executemany("insert into temp.asked (rowid, word) values (?, ?)", list(enumerate(words)))
        stems: dict[int, list[str]] = {}
        for place, stem in self._db.execute("select doc, term from temp.asked_words"):
            stems.setdefault(place, []).append(stem)
        self._known |= {word: tuple(stems.get(place, ())) for place, word in enumerate(words)}

    def _word(self, typed: str, stems: Sequence[str]) -> Word:
        counts = [self._plugins(stem) for stem in stems]
        known = [count for count in counts if count is not None]
        return Word(typed, tuple(stems), min(known) if known else None if counts else 0)

    def _plugins(self, stem: str) -> int | None:
        if stem not in self._counted:
            if len(self._counted) > _MOST_KNOWN:
                self._counted.clear()
            self._counted[stem] = self._count(stem)
        return self._counted[stem]

    def _count(self, stem: str) -> int | None:
        if self._db.execute("select 1 from common where term = ?", [stem]).fetchone():
            return None
        row = self._db.execute("select doc from vocabulary where term = ?", [stem]).fetchone()
        return row[0] if row else 0
