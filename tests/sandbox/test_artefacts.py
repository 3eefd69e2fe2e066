"""Artefacts on disk: keyed by component and engine, swept when their engine is gone."""

import hashlib
import os
from pathlib import Path

from aei_sandbox.artefacts import Artefacts, Card

COMPONENT = "c" * 64
CODE = b"machine code"


def card() -> Card:
    return Card(hashlib.sha256(CODE).hexdigest(), len(CODE), {}, {}, 1)


async def test_an_artefact_of_another_engine_or_version_is_not_found(tmp_path: Path) -> None:
    await Artefacts(tmp_path, "old", None).store(COMPONENT, CODE, card())
    assert await Artefacts(tmp_path, "old", None).find(COMPONENT) is not None
    assert await Artefacts(tmp_path, "new", None).find(COMPONENT) is None


async def test_the_artefacts_of_two_engines_stand_beside_each_other(tmp_path: Path) -> None:
    for engine in ("old", "new"):
        await Artefacts(tmp_path, engine, None).store(COMPONENT, CODE, card())
    assert Artefacts(tmp_path, "new", None).count() == 2


async def test_a_sweep_removes_old_artefacts_of_other_engines_and_nothing_else(tmp_path: Path) -> None:
    for engine in ("old", "new"):
        await Artefacts(tmp_path, engine, None).store(COMPONENT, CODE, card())
    (tmp_path / "half.cwasm").write_bytes(CODE)
    present = Artefacts(tmp_path, "new", None)
    assert present.sweep(3600) == 0
    for name in os.listdir(tmp_path):
        os.utime(tmp_path / name, (0, 0))
    assert present.sweep(3600) > 0
    assert await Artefacts(tmp_path, "new", None).find(COMPONENT) is not None
    assert await Artefacts(tmp_path, "old", None).find(COMPONENT) is None
    assert sorted(name.rpartition(".")[2] for name in os.listdir(tmp_path)) == ["cwasm", "json"]


async def test_a_card_with_any_changed_byte_is_none(tmp_path: Path) -> None:
    artefacts = Artefacts(tmp_path, "e", None)
    await artefacts.store(COMPONENT, CODE, card())
    path = (tmp_path / artefacts.name(COMPONENT)).with_suffix(".json")
    sound = path.read_bytes()
    for place in range(len(sound)):
        path.write_bytes(sound[:place] + bytes([sound[place] ^ 1]) + sound[place + 1 :])
        assert await Artefacts(tmp_path, "e", None).find(COMPONENT) is None


async def test_a_sweep_of_nothing_removes_nothing(tmp_path: Path) -> None:
    assert Artefacts(tmp_path, "new", None).sweep(0) == 0
