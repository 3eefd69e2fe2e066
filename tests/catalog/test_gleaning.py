"""Plugins are found by what others say who name them, and by the parts of their names."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from aei_marketplace.catalog.rules.searching import Criteria
from aei_marketplace.catalog.store.index import layout
from aei_marketplace.catalog.store.index import stems as stems_module
from aei_marketplace.catalog.store.index.asking import Reader
from aei_marketplace.catalog.store.index.documents import Document
from aei_marketplace.catalog.store.index.facts import Facts
from aei_marketplace.catalog.store.index.feeding import Feeder
from aei_marketplace.catalog.store.index.matching import Viewer
from aei_marketplace.catalog.store.index.stems import Stems

_TENANT = "0190a0a0-0000-7000-8000-000000000001"
_ANYBODY = Viewer(tenant=None, staff=False)


def document(name: str, description: str, *, audience: tuple[str, ...] | None = None) -> Document:
    return Document(
        id=f"acme.{name}", name=name, description=description, keywords=(), categories=(), kind="tool",
        permissions=(), pricing_model="free", namespace="acme", publisher="acme", installs=0,
        rating_total=0.0, rating_weight=0.0, updated_at=0.0, audience=audience, offered=True,
        certified=False, spans=(), changed_in="1",
    )  # fmt: skip


@dataclass(frozen=True)
class Filled:
    """An index of some plugins."""

    feeder: Feeder
    reader: Reader

    def found(self, q: str, viewer: Viewer = _ANYBODY) -> list[str]:
        hits = self.reader.search(Criteria(q=q), viewer, 20).hits
        return [hit.id.removeprefix("acme.") for hit in hits]


Fill = Callable[..., Filled]


@pytest.fixture
def fill(tmp_path: Path) -> Iterator[Fill]:
    path, opened = tmp_path / "index.sqlite", []

    def filled(*documents: Document) -> Filled:
        facts = Facts()
        opened.append(layout.create(path))
        feeder = Feeder(opened[0], facts)
        feeder.fill(documents)
        feeder.finish()
        opened.append(layout.connect(path))
        return Filled(feeder, Reader(opened[1], facts))

    yield filled
    for connection in opened:
        connection.close()


ARRAYS = document("arrays", "Numbers in rows and columns")
ONE = document("one", "Draws charts from arrays")
OTHER = document("other", "More charts of arrays, and faster")


def test_what_two_others_say_who_name_it_finds_a_plugin_behind_them(fill: Fill) -> None:
    index = fill(ARRAYS, ONE, OTHER, document("apart", "Charts of something else"))
    assert set(index.found("charts")) == {"arrays", "one", "other", "apart"}
    assert index.found("faster") == ["other"]


def test_what_is_shared_with_a_tenant_only_says_nothing_to_others(fill: Fill) -> None:
    index = fill(ARRAYS, ONE, msgspec.structs.replace(OTHER, audience=(_TENANT,)))
    assert index.found("charts") == ["one"]
    assert set(index.found("charts", Viewer(tenant=None, staff=True))) == {"one", "other"}


def test_a_private_namesake_does_not_take_what_others_say_of_a_public_plugin(fill: Fill) -> None:
    namesake = msgspec.structs.replace(ARRAYS, id="other.arrays", audience=(_TENANT,))
    assert "arrays" in fill(namesake, ARRAYS, ONE, OTHER).found("charts")


def test_a_plugin_is_found_by_known_words_that_its_name_begins_or_ends_with(fill: Fill) -> None:
    about = [document(f"p{number}", "Reads pdf files") for number in range(5)]
    index = fill(document("pdfmender", "Mends what is broken"), document("depdfied", "Else"), *about)
    assert set(index.found("pdf")) == {"pdfmender", "p0", "p1", "p2", "p3", "p4"}


def test_what_others_say_stays_until_a_plugin_is_called_otherwise(fill: Fill) -> None:
    index = fill(ARRAYS, ONE, OTHER)
    assert index.feeder.apply([msgspec.structs.replace(ARRAYS, installs=7)]) == 1
    assert "arrays" in index.found("charts")
    index.feeder.apply([msgspec.structs.replace(ARRAYS, description="Tables")])
    assert "arrays" in index.found("charts")
    assert index.found("tables") == ["arrays"]
    assert index.found("columns") == []
    index.feeder.apply([msgspec.structs.replace(ARRAYS, name="Rows")])
    assert set(index.found("charts")) == {"one", "other"}


def test_words_are_still_known_when_room_is_made_for_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stems_module, "_MOST_KNOWN", 1)
    connection = layout.create(tmp_path / "index.sqlite")
    stems = Stems(connection)
    stems.look_up(["parsers", "running"])
    assert [word.stems for word in stems.look_up(["running", "libraries"])] == [("run",), ("librari",)]
    connection.close()
