"""The file of checkpoints: appended to, whole or not there, whatever else stands in it."""

import asyncio
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aei_inspection.notes import Checkpoint, SigningKey
from aei_marketplace.adapters.checkpoints import MOST_NOTE_BYTES, CheckpointFolder

KEY = SigningKey("log.example/audit", bytes(range(32)))


def note(size: int) -> str:
    return KEY.sign(Checkpoint(KEY.name, size, b"r" * 32).text())


@pytest.fixture
def folder(tmp_path: Path) -> CheckpointFolder:
    return CheckpointFolder(tmp_path / "checkpoints", "audit")


def kept(folder: CheckpointFolder) -> list[str | None]:
    return [found.note and found.note.decode() for found in folder.all()]


async def test_notes_stand_in_the_order_in_which_they_were_kept(folder: CheckpointFolder, tmp_path: Path):
    assert await folder.latest() is None
    assert kept(folder) == []
    for size in (1, 2, 3):
        await folder.keep(note(size))
        assert await folder.latest() == note(size)
    assert kept(folder) == [note(1), note(2), note(3)]
    file = tmp_path / "checkpoints" / "audit.notes"
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)


async def test_what_a_crash_cut_off_is_left_out_and_the_next_note_takes_its_place(folder, tmp_path: Path):
    await folder.keep(note(1))
    await folder.keep(note(2))
    file = tmp_path / "checkpoints" / "audit.notes"
    whole = file.read_bytes()
    second = len(note(2).encode()) + 1
    for cut in range(1, second + 1, 7):
        file.write_bytes(whole[:-cut])
        assert await folder.latest() == note(1)
        assert kept(folder) == [note(1)]
        await folder.keep(note(3))
        assert kept(folder) == [note(1), note(3)]


async def test_what_is_not_a_note_is_shown_as_such(folder: CheckpointFolder, tmp_path: Path):
    await folder.keep(note(1))
    file = tmp_path / "checkpoints" / "audit.notes"
    file.write_bytes(b"something else\n" * 3 + b"\n" + file.read_bytes())
    assert kept(folder) == [None, note(1)]


async def test_a_file_that_ends_with_something_large_is_not_written_over(folder, tmp_path: Path):
    await folder.keep(note(1))
    file = tmp_path / "checkpoints" / "audit.notes"
    file.write_bytes(file.read_bytes() + b"x" * 3 * MOST_NOTE_BYTES)
    with pytest.raises(OSError, match="nothing of it is overwritten"):
        await folder.keep(note(2))


async def test_writers_at_once_leave_whole_notes(folder: CheckpointFolder):
    await asyncio.gather(*(folder.keep(note(size)) for size in range(1, 21)))
    assert sorted(kept(folder)) == sorted(note(size) for size in range(1, 21))


@given(content=st.binary(max_size=300))
def test_any_bytes_are_read_without_harm(tmp_path_factory, content: bytes):
    place = tmp_path_factory.mktemp("any")
    (place / "audit.notes").write_bytes(content + b"\n\n")
    folder = CheckpointFolder(place, "audit")
    assert all(found.note is None or found.note.endswith(b"\n") for found in folder.all())
    asyncio.run(folder.latest())
