"""Writing into the index: all listings at first, then each one that changed."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from aei_marketplace.catalog.rules.outlines import outline_of
from aei_marketplace.catalog.rules.ranking import (
    CERTIFIED,
    POPULARITY,
    RATING,
    apart,
    popularity_share,
    rating_share,
    squeezed,
)
from aei_marketplace.catalog.rules.searching import Traits
from aei_marketplace.catalog.store.index.documents import Document
from aei_marketplace.catalog.store.index.facts import Facts
from aei_marketplace.catalog.store.index.gleaning import Gleaner
from aei_marketplace.catalog.store.index.layout import INDEXES

EVERYBODY = 0
#: A word is common when it stands in more than this share of all plugins, and in more than so many.
_COMMON_SHARE, _COMMON_AT_LEAST = 0.01, 2_000
#: Numbers that plugins are ordered by keep so many digits: answers spell them, and cursors have to meet them.
_DIGITS = 9
_DOC = """
  insert into doc (place, id, name, squeezed, topics, summary, gleaned, namespace, publisher, access, kind,
    price, categories, permissions, spans, traits, installs, rating, certified, updated_at, quality)
  values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
#: Of the marks of a plugin, from its traits to its update.
_FACTS = slice(6, 11)
_WORDS = "insert into words (rowid, name, squeezed, topics, summary) values (?, ?, ?, ?, ?)"
_UNWORDS = (
    "insert into words (words, rowid, name, squeezed, topics, summary)"
    " select 'delete', place, name, squeezed, topics, summary from doc where place = ?"
)
_READ_WORDS = "select name, squeezed, topics, summary, gleaned from doc where place = ?"
_GLEANED = (
    "update doc set topics = topics || ?1, gleaned = ?1 where place = ?2 returning name, topics, summary"
)
_REWORD = (
    "insert into words (rowid, name, squeezed, topics, summary)"
    " select place, name, squeezed, topics, summary from doc where place = ?"
)


class Feeder:
    """The one that writes, in one transaction for each call.

    Args:
        connection: to an index made by `layout.create`.
        facts: kept beside it.
    """

    def __init__(self, connection: sqlite3.Connection, facts: Facts) -> None:
        self._db, self._facts = connection, facts
        self._traits: dict[str, int] = {}
        self._access: dict[tuple[str, ...], int] = {}
        self._spans: dict[tuple[str, ...], int] = {}
        self._next = 1

    def fill(self, documents: Iterable[Document]) -> None:
        """Add plugins that are not yet there; the more installed they are the earlier they must come."""
        with _transaction(self._db):
            for document in documents:
                self._add(document)

    def finish(self) -> None:
        """All are there: make what searching needs beside them."""
        self._db.execute(
            "insert into common select term from vocabulary where doc > ?",
            [max(_COMMON_AT_LEAST, self._next * _COMMON_SHARE)],
        )
        with _transaction(self._db):
            for place, words in Gleaner(self._db, self._next).gleanings():
                self._db.execute(_UNWORDS, [place])
                self._outline(place, *self._db.execute(_GLEANED, [words, place]).fetchone())
                self._db.execute(_REWORD, [place])
        self._db.execute("insert into words (words) values ('optimize')")
        self._db.executescript(INDEXES)
        self._db.execute("analyze")

    def apply(self, documents: Iterable[Document]) -> int:
        """Bring changed plugins up to date, add new ones, drop what is offered no more; how many changed."""
        changed = 0
        with _transaction(self._db):
            for document in documents:
                changed += self._change(document)
        return changed

    def _change(self, document: Document) -> bool:
        row = self._db.execute("select place, traits from doc where id = ?", [document.id]).fetchone()
        if row is None:
            if document.offered:
                self._add(document)
            return document.offered
        place, traits = row
        name, squeezed, topics, summary, gleaned = self._db.execute(_READ_WORDS, [place]).fetchone()
        if document.offered and (name, squeezed, topics, summary) == _words(document, gleaned):
            self._update(place, traits, document)
            return True
        self._remove(place, traits)
        if document.offered:
            self._add(document, gleaned if name == apart(document.name) else "")
        return True

    def _add(self, document: Document, gleaned: str = "") -> None:
        place, self._next = self._next, self._next + 1
        own = document.id.partition(".")[2]
        words = _words(document, gleaned)
        marks = self._marks(document)
        # Before the commit: nobody may find a place without them.
        name, _, topics, summary = words
        self._outline(place, name, topics, summary)
        self._facts.put(place, _name_words(document), *marks[_FACTS])
        self._db.execute(
            _DOC, (place, document.id, *words, gleaned, document.namespace, document.publisher, *marks)
        )  # fmt: skip
        self._db.execute(_WORDS, (place, *words))
        keys = {squeezed(own), squeezed(document.name)} - {""}
        self._db.executemany("insert into name_key values (?, ?)", [(key, place) for key in keys])

    def _update(self, place: int, traits: int, document: Document) -> None:
        marks = self._marks(document)
        self._leave(traits)
        self._facts.put(place, _name_words(document), *marks[_FACTS])
        self._db.execute(
            "update doc set namespace = ?, publisher = ?, access = ?, kind = ?, price = ?, categories = ?,"
            " permissions = ?, spans = ?, traits = ?, installs = ?, rating = ?, certified = ?,"
            " updated_at = ?, quality = ? where place = ?",
            (document.namespace, document.publisher, *marks, place),
        )

    def _remove(self, place: int, traits: int) -> None:
        self._leave(traits)
        self._facts.drop(place)
        self._db.execute(_UNWORDS, [place])
        self._db.execute("delete from name_key where place = ?", [place])
        self._db.execute("delete from doc where place = ?", [place])

    def _outline(self, place: int, name: str, topics: str, summary: str) -> None:
        self._facts.outline(place, outline_of(name, topics, summary))

    def _marks(self, document: Document) -> tuple[Any, ...]:
        rating = rating_share(document.rating_total, document.rating_weight)
        # Ordered by this where nothing is searched for; the most installed is not known before the last.
        quality = (
            POPULARITY * popularity_share(document.installs, 10**9)
            + RATING * rating
            + CERTIFIED * document.certified
        )
        access = self._access_of(document.audience)
        return (
            access,
            document.kind,
            _price(document),
            _between_blanks(document.categories),
            _between_blanks(document.permissions),
            self._interned(
                self._spans, "insert into spans (document) values (?) returning id", document.spans
            ),
            self._traits_of(document, access),
            document.installs,
            round(rating, _DIGITS),
            document.certified,
            round(document.updated_at, 3),
            round(quality, _DIGITS),
        )

    def _access_of(self, audience: tuple[str, ...] | None) -> int:
        if audience is None:
            return EVERYBODY
        return self._interned(self._access, "insert into access (document) values (?) returning id", audience)

    def _interned(self, known: dict[tuple[str, ...], int], insert: str, value: tuple[str, ...]) -> int:
        if value not in known:
            known[value] = self._db.execute(insert, [msgspec.json.encode(value).decode()]).fetchone()[0]
        return known[value]

    def _traits_of(self, document: Document, access: int) -> int:
        traits = Traits(
            access=access,
            kind=document.kind,
            price=_price(document),
            categories=document.categories,
            permissions=document.permissions,
            certified=document.certified,
            spans=document.spans,
        )
        text = msgspec.json.encode(traits).decode()
        if text not in self._traits:
            added = self._db.execute("insert into traits values (null, ?, 0) returning id", [text])
            self._traits[text] = added.fetchone()[0]
        self._db.execute("update traits set plugins = plugins + 1 where id = ?", [self._traits[text]])
        return self._traits[text]

    def _leave(self, traits: int) -> None:
        self._db.execute("update traits set plugins = plugins - 1 where id = ?", [traits])


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("begin immediate")
    try:
        yield
    except BaseException:
        connection.execute("rollback")
        raise
    connection.execute("commit")


def _price(document: Document) -> str:
    return "free" if document.pricing_model == "free" else "paid"


def _between_blanks(values: tuple[str, ...]) -> str:
    return f" {' '.join(values)} " if values else ""


def _words(document: Document, gleaned: str) -> tuple[str, str, str, str]:
    """What a plugin is found by, as the columns of `words`.

    Args:
        gleaned: what it is found by besides its own words.
    """
    topics = apart(" ".join((*document.keywords, *document.categories)))
    return (
        apart(document.name), _squeezed_words(document), topics + gleaned, apart(document.description)
    )  # fmt: skip


def _name_words(document: Document) -> int:
    return apart(document.name).count(" ")


def _squeezed_words(document: Document) -> str:
    return " ".join(dict.fromkeys((squeezed(document.id.partition(".")[2]), squeezed(document.name))))
