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


class Stems:
    """One connection's look at words.

    Args:
        connection: to the index; what is looked at stands in its temporary tables for a moment.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        connection.execute(f"create virtual table temp.asked using fts5 (word, tokenize = '{TOKENIZER}')")
        connection.execute("create virtual table temp.asked_words using fts5vocab (temp, asked, instance)")

    def look_up(self, words: Sequence[str]) -> list[Word]:
        """What is known of each word."""
        self._db.execute("delete from temp.asked")
        self._db.executemany(
            "insert into temp.asked (rowid, word) values (?, ?)", list(enumerate(words, start=1))
        )
        stems: dict[int, list[str]] = {}
        for place, stem in self._db.execute("select doc, term from temp.asked_words"):
            stems.setdefault(place, []).append(stem)
        return [self._word(word, stems.get(place, [])) for place, word in enumerate(words, start=1)]

    def _word(self, typed: str, stems: Sequence[str]) -> Word:
        counts = [self._plugins(stem) for stem in stems]
        known = [count for count in counts if count is not None]
        return Word(typed, tuple(stems), min(known) if known else None if counts else 0)

    def _plugins(self, stem: str) -> int | None:
        if self._db.execute("select 1 from common where term = ?", [stem]).fetchone():
            return None
        row = self._db.execute("select doc from vocabulary where term = ?", [stem]).fetchone()
        return row[0] if row else 0
