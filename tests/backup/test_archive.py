"""The file itself: what is written comes back, and what was touched is refused."""

import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aei_marketplace.backup.archive import FORMAT, Head, LogFacts, Manifest, new_archive, open_archive
from aei_marketplace.backup.archive.form import BLOCK, TAIL_BYTES, header, padding, tail, write_document
from aei_marketplace.backup.archive.writing import TableWriter
from aei_marketplace.backup.errors import BackupDamaged, BackupError, CannotBackUp, NotABackup

HEAD = Head(FORMAT, "0193", "2026-11-22T21:00:00Z", "0.1.0", "0017")
OBJECT = f"objects/{'a' * 64}"
ROWS = b"1\tone\n2\ttwo\n"


def write(path: Path, head: Head = HEAD) -> Manifest:
    with new_archive(path, head) as writer:
        writer.add("checkpoints/42", b"head")
        table = TableWriter(writer, "plugins")
        table.write(ROWS)
        table.close()
        writer.add(OBJECT, b"x" * 1000)
        return writer.finish(
            head,
            tables={},
            sequences={},
            counts={},
            log=LogFacts(0, ""),
            master_keys=[],
            sealed=0,
            left_out=[],
        )


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("archive") / "whole.tar"
    write(path)
    return path.read_bytes()


def read(path: Path) -> dict[str, bytes]:
    with open_archive(path) as archive:
        return {part.name: part.content() for part in archive.parts()}


def test_what_is_written_comes_back_in_its_order(tmp_path: Path) -> None:
    manifest = write(tmp_path / "b.tar")
    with open_archive(tmp_path / "b.tar") as archive:
        assert (archive.head, archive.manifest) == (HEAD, manifest)
        names = [part.name for part in archive.parts()]
    assert names == ["aei-backup.json", "checkpoints/42", "database/plugins/000000.gz", OBJECT]
    with open_archive(tmp_path / "b.tar") as archive:
        rows = [b"".join(part.rows()) for part in archive.parts() if part.name.startswith("database")]
    assert rows == [ROWS]


def test_any_tar_reads_it(tmp_path: Path) -> None:
    import tarfile

    write(tmp_path / "b.tar")
    with tarfile.open(tmp_path / "b.tar") as tar:
        assert tar.getnames()[-3:] == ["index", "manifest.json", "end"]
        extracted = tar.extractfile(OBJECT)
        assert extracted is not None
        assert extracted.read() == b"x" * 1000


@given(st.data())
@settings(max_examples=200)
def test_no_byte_can_be_changed(
    whole: bytes, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(whole) - 1))
    change = data.draw(st.integers(1, 255))
    altered = bytearray(whole)
    altered[at] ^= change
    path = tmp_path_factory.mktemp("altered") / "b.tar"
    path.write_bytes(altered)
    with pytest.raises(BackupError):
        read(path)


@given(st.data())
@settings(max_examples=60)
def test_no_end_can_be_missing(
    whole: bytes, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("truncated") / "b.tar"
    path.write_bytes(whole[: data.draw(st.integers(0, len(whole) - 1))])
    with pytest.raises(BackupError):
        read(path)


def test_a_truncated_backup_is_called_so(whole: bytes, tmp_path: Path) -> None:
    (tmp_path / "b.tar").write_bytes(whole[:-4096])
    with pytest.raises(BackupDamaged, match="truncated"):
        read(tmp_path / "b.tar")


def test_an_altered_part_is_named(whole: bytes, tmp_path: Path) -> None:
    at = whole.index(b"x" * 1000) + 500
    (tmp_path / "b.tar").write_bytes(whole[:at] + b"y" + whole[at + 1 :])
    with pytest.raises(BackupDamaged, match=f"{OBJECT} was altered"):
        read(tmp_path / "b.tar")


def test_something_appended_is_refused(whole: bytes, tmp_path: Path) -> None:
    (tmp_path / "b.tar").write_bytes(whole + bytes(BLOCK))
    with pytest.raises(BackupDamaged):
        read(tmp_path / "b.tar")


def resealed(body: bytes) -> bytes:
    """A body with an end that fits, as somebody with bad intent would write it."""
    import hashlib

    return body + tail(hashlib.sha256(body).digest())


def part(name: str, content: bytes) -> bytes:
    return header(name, len(content)) + content + padding(len(content))


def test_a_missing_part_is_named_even_when_the_end_fits(whole: bytes, tmp_path: Path) -> None:
    gone = part(OBJECT, b"x" * 1000)
    (tmp_path / "b.tar").write_bytes(resealed(whole[:-TAIL_BYTES].replace(gone, b"")))
    with pytest.raises(BackupDamaged, match=f"{OBJECT} is missing"):
        read(tmp_path / "b.tar")


@pytest.mark.parametrize(
    "name",
    [
        "../keys/master.key",
        "/etc/passwd",
        "objects/../../x",
        "objects/" + "A" * 64,
        "files/../../x.sqlite3",
        "checkpoints/../x",
        "checkpoints/.hidden",
        "database/plugins/../000000.gz",
        "keys/master.key",
        "aei.toml",
    ],
)
def test_a_name_that_leads_elsewhere_is_refused(whole: bytes, tmp_path: Path, name: str) -> None:
    body, inserted = whole[:-TAIL_BYTES], part(name, b"evil")
    at = body.index(header(OBJECT, 1000))
    (tmp_path / "b.tar").write_bytes(resealed(body[:at] + inserted + body[at:]))
    with pytest.raises(BackupDamaged, match="no part that a backup can have"):
        read(tmp_path / "b.tar")


@pytest.mark.parametrize("kind", [b"1", b"2", b"5", b"x", b"L", b"g"])
def test_links_folders_and_extensions_are_refused(whole: bytes, tmp_path: Path, kind: bytes) -> None:
    import tarfile

    info = tarfile.TarInfo(f"objects/{'b' * 64}")
    info.type, info.linkname, info.mode = kind, "/etc/passwd", 0o600
    body = whole[:-TAIL_BYTES]
    at = body.index(header("index", 0)[:100].rstrip(b"\0"))
    (tmp_path / "b.tar").write_bytes(resealed(body[:at] + info.tobuf(tarfile.USTAR_FORMAT) + body[at:]))
    with pytest.raises(BackupDamaged):
        read(tmp_path / "b.tar")


def test_the_same_part_twice_is_refused(whole: bytes, tmp_path: Path) -> None:
    twice, body = part(OBJECT, b"x" * 1000), whole[:-TAIL_BYTES]
    (tmp_path / "b.tar").write_bytes(resealed(body.replace(twice, twice + twice)))
    with pytest.raises(BackupDamaged, match="not in its place"):
        read(tmp_path / "b.tar")


@pytest.mark.parametrize(("form", "word"), [(FORMAT + 1, "newer"), (0, "older")])
def test_another_form_is_refused_with_what_to_use_instead(tmp_path: Path, form: int, word: str) -> None:
    write(tmp_path / "b.tar", Head(form, "0193", "…", "9.9.9", "0999"))
    with pytest.raises(NotABackup, match=f"Restore it with the {word} version"):
        read(tmp_path / "b.tar")


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04" + bytes(5000), bytes(10_000)])
def test_another_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "b.tar").write_bytes(content)
    with pytest.raises(NotABackup):
        read(tmp_path / "b.tar")


def test_a_piece_that_unpacks_to_more_than_it_may_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aei_marketplace.backup.archive.parts._LARGEST_PIECE", 5)
    write(tmp_path / "b.tar")
    with open_archive(tmp_path / "b.tar") as archive:
        rows = next(part for part in archive.parts() if part.name.startswith("database"))
        with pytest.raises(BackupDamaged, match="unpacks to more"):
            list(rows.rows())


def test_an_interrupted_backup_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), new_archive(tmp_path / "b.tar", HEAD) as writer:
        writer.add(OBJECT, b"x")
        raise RuntimeError("killed")
    assert list(tmp_path.iterdir()) == []


def test_a_backup_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "b.tar").write_bytes(b"precious")
    with pytest.raises(CannotBackUp, match="never overwritten"), new_archive(tmp_path / "b.tar", HEAD):
        pass
    assert (tmp_path / "b.tar").read_bytes() == b"precious"


def test_others_cannot_read_a_backup(tmp_path: Path) -> None:
    write(tmp_path / "b.tar")
    assert (tmp_path / "b.tar").stat().st_mode & 0o077 == 0


def test_documents_are_written_for_people_too() -> None:
    assert write_document({"b": 1, "a": [2]}) == b'{\n "a": [\n  2\n ],\n "b": 1\n}\n'
    assert io.BytesIO(padding(513)).getvalue() == bytes(511)
