"""What comes first is found without reading everything that matches."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from aei_marketplace.catalog.rules.searching import Criteria, Sort
from aei_marketplace.catalog.store.index import layout
from aei_marketplace.catalog.store.index.asking import Reader
from aei_marketplace.catalog.store.index.documents import Document
from aei_marketplace.catalog.store.index.facts import Facts
from aei_marketplace.catalog.store.index.feeding import Feeder
from aei_marketplace.catalog.store.index.matching import Matches, Viewer

_WORDS = ("data", "client", "test", "pars", "parser", "parsing", "http", "a", "tool", "py")
_ANYBODY = Viewer(tenant=None, staff=False)
_TENANT = "0190a0a0-0000-7000-8000-000000000001"
_EVERYTHING = 10_000


def _document(drawn: random.Random, number: int, installs: int) -> Document:
    name = " ".join(drawn.choices(_WORDS, k=drawn.randint(1, 2)))
    return Document(
        id=f"packages.{name.replace(' ', '-')}-{number}" if drawn.random() < 0.7 else f"packages.p{number}",
        name=name,
        description=" ".join(drawn.choices(_WORDS, k=drawn.randint(0, 9))),
        keywords=tuple(drawn.choices(_WORDS, k=drawn.randint(0, 2))),
        categories=(drawn.choice(("data", "web")),),
        kind=drawn.choice(("tool", "agent")),
        permissions=(),
        pricing_model="free",
        namespace="packages",
        publisher="packages",
        installs=installs,
        rating_total=float(drawn.randint(0, 5)),
        rating_weight=1.0,
        updated_at=float(drawn.randint(0, 9)),
        audience=None if drawn.random() < 0.9 else (_TENANT,),
        offered=True,
        certified=drawn.random() < 0.2,
        spans=(),
        changed_in="1",
    )


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    """3,000 plugins of few words, so that most searches meet more than are looked at, and ties are many."""
    drawn, facts = random.Random(5), Facts()
    path: Path = tmp_path_factory.mktemp("index") / "index.sqlite"
    feeder = Feeder(layout.create(path), facts)
    installs = sorted((drawn.choice((0, 0, 3, 50, 9_000)) for _ in range(3_000)), reverse=True)
    feeder.fill(_document(drawn, number, many) for number, many in enumerate(installs))
    feeder.finish()
    feeder.apply([_document(drawn, number, 70) for number in range(0, 300, 7)])
    connection = layout.connect(path)
    yield Reader(connection, facts)
    connection.close()


def _searches() -> list[Criteria]:
    drawn = random.Random(3)
    asked = [" ".join(drawn.sample(_WORDS, k=drawn.randint(1, 3))) for _ in range(120)]
    asked += [word[:length] for word in _WORDS for length in range(1, len(word))] + ["tset", "clinet", "htp"]
    return [
        Criteria(
            q=q,
            kind=drawn.choice((None, "tool")),
            category=drawn.choice((None, "web")),
            sort=drawn.choice((Sort.RELEVANCE, Sort.RELEVANCE, *Sort)),
        )
        for q in asked
    ]


def test_the_first_of_few_are_the_first_of_all_page_after_page(reader: Reader) -> None:
    for criteria in _searches():
        everything = reader.search(criteria, _ANYBODY, _EVERYTHING, facets=True)
        after, shown = None, list[object]()
        for _ in range(4):
            page = reader.search(criteria, _ANYBODY, 15, after, facets=True)
            shown += page.hits
            assert (page.total, page.facets) == (everything.total, everything.facets)
            if len(page.hits) < 15:
                break
            after = (page.hits[-1].rank, page.hits[-1].id)
        assert shown == everything.hits[: len(shown)], criteria


def test_what_cannot_come_first_is_not_read(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    read, read_all = list[int](), Matches.read
    monkeypatch.setattr(Matches, "read", lambda self, p: read.append(len(p)) or read_all(self, p))
    found = reader.search(Criteria(q="data tool"), _ANYBODY, 21)
    assert found.total > 500
    assert sum(read) < found.total / 2


def test_what_a_tenant_alone_may_see_is_neither_found_nor_counted_for_others(reader: Reader) -> None:
    staff = Viewer(tenant=None, staff=True)
    mine = reader.search(Criteria(q="http parser"), staff, _EVERYTHING, facets=True)
    theirs = reader.search(Criteria(q="http parser"), _ANYBODY, _EVERYTHING, facets=True)
    assert theirs.total < mine.total
    assert {hit.id for hit in theirs.hits} < {hit.id for hit in mine.hits}
