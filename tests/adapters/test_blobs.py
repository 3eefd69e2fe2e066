"""Objects addressed by their content: what is stored is what comes back, or an error."""

import asyncio
import hashlib
import os
from pathlib import Path

import pytest
from obstore.store import MemoryStore

from aei_marketplace.adapters.blobs import CHUNK, BlobDamaged, ObjectStoreBlobs, open_blobs
from aei_marketplace.ground.ports import Blobs


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture(params=["folder", "store"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Blobs:
    """Both kinds of store behave alike."""
    return open_blobs(tmp_path / "objects") if request.param == "folder" else ObjectStoreBlobs(MemoryStore())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "objects"


def place(folder: Path, sha256: str) -> Path:
    return folder / sha256[:2] / sha256[2:4] / sha256


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("content", [b"", b"a", os.urandom(3 * CHUNK + 17)])
async def test_what_was_put_comes_back(blobs: Blobs, content: bytes) -> None:
    await blobs.put(digest(content), content)
    assert await blobs.get(digest(content)) == content
    assert b"".join([piece async for piece in blobs.stream(digest(content))]) == content


async def test_putting_the_same_again_changes_nothing(folder: Path) -> None:
    blobs, content = open_blobs(folder), b"once"
    await blobs.put(digest(content), content)
    before = place(folder, digest(content)).stat()
    await blobs.put(digest(content), content)
    assert place(folder, digest(content)).stat().st_ino == before.st_ino


async def test_many_that_put_the_same_at_once_leave_it_whole(blobs: Blobs) -> None:
    content = os.urandom(CHUNK)
    await asyncio.gather(*(blobs.put(digest(content), content) for _ in range(8)))
    assert await blobs.get(digest(content)) == content


async def test_content_is_not_stored_under_another_digest(blobs: Blobs) -> None:
    with pytest.raises(ValueError, match="another digest"):
        await blobs.put(digest(b"one"), b"other")
    with pytest.raises(KeyError):
        await blobs.get(digest(b"one"))


async def test_a_missing_object_is_a_key_error(blobs: Blobs) -> None:
    with pytest.raises(KeyError):
        await blobs.get(digest(b"missing"))
    with pytest.raises(KeyError):
        await anext(blobs.stream(digest(b"missing")))


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "A" * 64, "0" * 63, "0" * 64 + "\n"])
async def test_what_is_no_digest_names_no_object(blobs: Blobs, name: str) -> None:
    for attempt in (blobs.get(name), blobs.delete(name), blobs.put(name, b"")):
        with pytest.raises(ValueError, match=r"sha256|digest"):
            await attempt


@pytest.mark.parametrize("damage", [b"", b"short", b"x" * (2 * CHUNK)])
async def test_a_damaged_object_is_never_given_out_whole(folder: Path, damage: bytes) -> None:
    blobs, content = open_blobs(folder), os.urandom(2 * CHUNK)
    await blobs.put(digest(content), content)
    place(folder, digest(content)).write_bytes(damage)
    with pytest.raises(BlobDamaged, match=digest(content)):
        await blobs.get(digest(content))
    given = b""
    with pytest.raises(BlobDamaged):
        async for piece in blobs.stream(digest(content)):
            given += piece
    assert len(given) < max(1, len(damage))


async def test_a_damaged_object_is_mended_when_it_is_put_again(folder: Path) -> None:
    blobs, content = open_blobs(folder), b"precious"
    await blobs.put(digest(content), content)
    place(folder, digest(content)).write_bytes(b"")
    await blobs.put(digest(content), content)
    assert await blobs.get(digest(content)) == content


async def test_a_deleted_object_is_gone_and_deleting_it_again_is_no_error(blobs: Blobs) -> None:
    await blobs.put(digest(b"brief"), b"brief")
    for _ in range(2):
        await blobs.delete(digest(b"brief"))
    with pytest.raises(KeyError):
        await blobs.get(digest(b"brief"))


async def test_objects_lie_under_their_digest_and_leave_no_half_written_neighbour(folder: Path) -> None:
    blobs, content = open_blobs(folder), b"tidy"
    await blobs.put(digest(content), content)
    await blobs.put(digest(content), content)
    assert files_in(folder) == [place(folder, digest(content))]


def test_the_folder_is_its_owners_alone(folder: Path) -> None:
    open_blobs(folder)
    assert folder.stat().st_mode & 0o077 == 0


async def test_what_was_put_is_flushed_to_the_disk(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flushed: list[str] = []
    real = os.fsync
    monkeypatch.setattr(
        os, "fsync", lambda fd: (flushed.append(os.readlink(f"/proc/self/fd/{fd}")), real(fd))
    )
    await open_blobs(folder).put(digest(b"lasting"), b"lasting")
    path = place(folder, digest(b"lasting"))
    assert flushed == [str(p) for p in (path, path.parent, path.parent.parent, folder)]
