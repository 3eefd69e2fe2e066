"""Reading the zip: honest archives are read, each lie is refused with its own code, nothing is written."""

import io
import os
import stat
import sys
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from aei_inspection.archive import MAX_ARCHIVE, MAX_ENTRIES, read_archive
from aei_inspection.problems import PackageRefused
from tests.inspection.samples import entries, package
from tests.inspection.zips import STREAMED, UTF8, Entry, deflated, descriptor, extra, write

MIB = 1024 * 1024
COMPOSED, DECOMPOSED = (unicodedata.normalize(form, "source/é") for form in ("NFC", "NFD"))


def with_entry(*added: Entry, **lies: Any) -> bytes:
    return write([*entries(), *added], **lies)


def named(name: str | bytes, **facts: Any) -> bytes:
    return with_entry(Entry(name, **facts))


def source(**facts: Any) -> bytes:
    return named("source/a", **facts)


def last(**lies: int) -> bytes:
    return write(entries(), end=lies)


def manifest_of(size: int) -> bytes:
    return package({"plugin.json": os.urandom(size)})


def bomb() -> bytes:
    return source(content=bytes(10 * MIB))


def many_small_bombs() -> bytes:
    """Each below the size at which a single ratio counts."""
    return write([*entries(), *(Entry(f"source/{n}", bytes(MIB - 1)) for n in range(20))])


def beyond_unpacked() -> bytes:
    """Sizes that only the headers claim; the refusal must come before anything is inflated."""
    claims = {"unpacked": 140 * MIB, "packed": 3 * MIB}
    return write([*entries(), *(Entry(f"source/{n}", central=claims) for n in range(2))])


def overlapping_tail() -> bytes:
    """The last entry claims data that reaches into the directory."""
    return source(central={"packed": 4000}, local={"packed": 4000})


def nested_entry() -> bytes:
    """An entry whose header lies inside the data of the one before it."""
    inner = write([Entry("source/b", b"inside", method=0)])[: 30 + 8 + 6]
    outer = Entry("source/a", inner, method=0)
    archive = write([*entries(), outer])
    at = archive.index(inner)
    return write(
        [*entries(), outer, Entry("source/b", b"inside", method=0, shared_with=3, central={"offset": at})]
    )


def without_directory_entry() -> bytes:
    """A local entry that the directory does not name."""
    hidden = write([Entry("source/evil", b"hidden")])
    return write(entries(), before_directory=hidden[: hidden.index(b"PK\x01\x02")])


def corrupt() -> bytes:
    return source(data=b"\xff" * 40)


def longer_than_declared() -> bytes:
    return source(content=b"four", data=deflated(b"four" * 1000))


def shorter_than_declared() -> bytes:
    return source(content=b"x" * 500, data=deflated(b"x" * 499))


def cut_stream() -> bytes:
    return source(content=os.urandom(500), data=deflated(os.urandom(500))[:-20])


def after_the_stream() -> bytes:
    return source(content=b"four", data=deflated(b"four") + b"a second, hidden stream")


def wrong_descriptor() -> bytes:
    content = b"content"
    wrong = descriptor(b"another", len(deflated(content)))
    return source(flags=STREAMED, local={"crc": 0, "packed": 0, "unpacked": 0}, descriptor=wrong)


def headless() -> bytes:
    content = package()
    at = content.rindex(b"PK\x03\x04")
    return content[:at] + b"gone" + content[at + 4 :]


#: name of the lie → code of the refusal and how the archive is made.
HOSTILE: dict[str, tuple[str, Callable[[], bytes]]] = {
    "no zip at all": ("not_a_zip", lambda: b"GIF89a" + bytes(100)),
    "empty": ("not_a_zip", lambda: b""),
    "end missing": ("truncated", lambda: package()[:-40]),
    "end record cut": ("truncated", lambda: package()[:-5]),
    "comment cut": ("truncated", lambda: write(entries(), end={"comment": 9})),
    "beyond 64 MiB": ("archive_too_large", lambda: bytes(MAX_ARCHIVE + 1)),
    "too many entries": ("too_many_entries", lambda: last(here=MAX_ENTRIES + 1, entries=MAX_ENTRIES + 1)),
    "unpacks beyond 256 MiB": ("unpacked_too_large", beyond_unpacked),
    "one bomb": ("ratio_too_high", bomb),
    "many small bombs": ("ratio_too_high", many_small_bombs),
    "manifest beyond 64 KiB": ("manifest_too_large", lambda: manifest_of(65_537)),
    "two entries on one header": (
        "overlapping_entries",
        lambda: with_entry(Entry("source/a"), Entry("source/b", shared_with=3)),
    ),
    "entry inside another": ("overlapping_entries", nested_entry),
    "data reaches into the directory": ("overlapping_entries", overlapping_tail),
    "same name twice": ("duplicate_entry", lambda: with_entry(Entry("plugin.json", b"{}"))),
    "case twin": ("case_fold_twin", lambda: with_entry(Entry("source/A"), Entry("source/a"))),
    "case twin of the manifest": ("case_fold_twin", lambda: named("Plugin.json")),
    "sharp s twin": ("case_fold_twin", lambda: with_entry(Entry("source/ß"), Entry("source/SS"))),
    "NFC and NFD twin": ("unicode_twin", lambda: with_entry(Entry(COMPOSED), Entry(DECOMPOSED))),
    "compatibility twin": ("unicode_twin", lambda: with_entry(Entry("source/１"), Entry("source/1"))),
    "file used as a folder": ("file_as_folder", lambda: with_entry(Entry("source/a"), Entry("source/a/b"))),
    "file and folder of one name": (
        "file_as_folder",
        lambda: with_entry(Entry("source/a"), Entry("source/a/", b"", method=0, mode=0o40755)),
    ),
    "absolute path": ("absolute_path", lambda: named("/etc/passwd")),
    "parent path": ("parent_path", lambda: named("source/../../evil")),
    "dot segment": ("dot_segment", lambda: named("source/./a")),
    "empty segment": ("dot_segment", lambda: named("source//a")),
    "backslash path": ("backslash_path", lambda: named("source\\..\\evil")),
    "network share": ("backslash_path", lambda: named("\\\\host\\share")),
    "drive path": ("drive_path", lambda: named("C:evil")),
    "NUL in the name": ("nul_in_name", lambda: named("source/a\0.txt")),
    "control character in the name": ("control_in_name", lambda: named("source/a\x1b[2J")),
    "line break in the name": ("control_in_name", lambda: named("source/a\nb")),
    "direction override in the name": ("invisible_in_name", lambda: named("source/\u202egnp.exe")),
    "zero-width character in the name": ("invisible_in_name", lambda: named("source/a\u200bb")),
    "name not UTF-8": ("name_not_utf8", lambda: named(b"source/\xff\xfe", flags=UTF8)),
    "name in an older code page": ("name_not_utf8", lambda: named(b"source/\x81", flags=0)),
    "name in NFD": ("name_not_nfc", lambda: named(DECOMPOSED)),
    "name too long": ("name_too_long", lambda: named("source/" + "a" * 249)),
    "empty name": ("empty_name", lambda: named("")),
    "device name": ("reserved_name", lambda: named("source/nul.txt")),
    "device name with a superscript": ("reserved_name", lambda: named("source/com¹")),
    "trailing dot": ("reserved_name", lambda: named("source/a.")),
    "alternate data stream": ("reserved_name", lambda: named("source/a:hidden")),
    "symbolic link": ("symlink", lambda: source(mode=stat.S_IFLNK | 0o777)),
    "device node": ("special_file", lambda: source(mode=stat.S_IFCHR | 0o600)),
    "named pipe": ("special_file", lambda: source(mode=stat.S_IFIFO | 0o600)),
    "volume label": ("special_file", lambda: source(mode=0, dos=0x08)),
    "setuid file": ("special_mode", lambda: source(mode=0o104755)),
    "folder named like a file": ("folder_without_slash", lambda: source(mode=stat.S_IFDIR | 0o755)),
    "MS-DOS folder named like a file": ("folder_without_slash", lambda: source(mode=0, dos=0x10)),
    "file named like a folder": ("file_with_slash", lambda: named("source/a/")),
    "folder with data": ("folder_with_data", lambda: named("source/a/", mode=stat.S_IFDIR | 0o755)),
    "encrypted": ("encrypted", lambda: source(flags=1)),
    "strongly encrypted": ("encrypted", lambda: source(flags=1 << 6)),
    "masked headers": ("encrypted", lambda: source(flags=1 << 13)),
    "patched data": ("unsupported_flags", lambda: source(flags=1 << 5)),
    "bzip2": ("unsupported_compression", lambda: source(method=12)),
    "deflate64": ("unsupported_compression", lambda: source(method=9)),
    "AES method": ("unsupported_compression", lambda: source(method=99)),
    "zip64 in the end record": ("zip64", lambda: last(here=0xFFFF, entries=0xFFFF)),
    "zip64 size in the end record": ("zip64", lambda: last(size=0xFFFFFFFF)),
    "zip64 locator": ("zip64", lambda: write(entries(), before_end=b"PK\x06\x07" + bytes(16))),
    "zip64 sizes in the directory": ("zip64", lambda: source(central={"unpacked": 0xFFFFFFFF})),
    "zip64 extra in the directory": ("zip64", lambda: source(extra=extra(1, bytes(16)))),
    "zip64 extra in the entry only": ("zip64", lambda: source(local_extra=extra(1, bytes(16)))),
    "another name in an extra field": (
        "unknown_extra",
        lambda: source(extra=extra(0x7075, b"\1\0\0\0\0evil")),
    ),
    "another name in the entry's extra": (
        "unknown_extra",
        lambda: source(local_extra=extra(0x7075, b"\1\0\0\0\0evil")),
    ),
    "extra field overruns": ("malformed_extra", lambda: source(extra=b"\x55\x54\xff\xff\0")),
    "name differs": ("header_mismatch", lambda: source(local={"name": b"source/b"})),
    "name's length differs": ("header_mismatch", lambda: source(local={"name": b"source/bb"}, data=b"x" * 8)),
    "flags differ": ("header_mismatch", lambda: source(local={"flags": UTF8})),
    "method differs": ("header_mismatch", lambda: source(local={"method": 0})),
    "checksum differs": ("header_mismatch", lambda: source(local={"crc": 1})),
    "packed size differs": ("header_mismatch", lambda: source(local={"packed": 1})),
    "unpacked size differs": ("header_mismatch", lambda: source(local={"unpacked": 1})),
    "stored with two sizes": (
        "stored_size_mismatch",
        lambda: source(method=0, central={"unpacked": 8}, local={"unpacked": 8}),
    ),
    "no header where the directory says": ("header_missing", headless),
    "trailing data": ("trailing_data", lambda: write(entries(), suffix=b"more")),
    "second archive behind": ("comment", lambda: write(entries(), comment=b"x" * 30)),
    "archive comment": ("comment", lambda: write(entries(), comment=b"hello")),
    "entry comment": ("entry_comment", lambda: source(comment=b"hello")),
    "program in front": ("leading_data", lambda: write(entries(), prefix=b"#!/bin/sh\n", shift=0)),
    "program in front, offsets corrected": ("leading_data", lambda: write(entries(), prefix=b"#!/bin/sh\n")),
    "bytes between entries": ("hidden_data", lambda: source(before=b"hidden")),
    "bytes before the directory": ("hidden_data", lambda: write(entries(), before_directory=b"hidden")),
    "entry that the directory hides": ("hidden_data", without_directory_entry),
    "bytes before the end record": ("directory_misplaced", lambda: write(entries(), before_end=b"hidden")),
    "directory beyond the end": ("directory_misplaced", lambda: last(offset=1 << 30)),
    "directory begins late": (
        "directory_malformed",
        lambda: write(entries(), end={"offset": 12, "size": len(package()) - 34}),
    ),
    "fewer entries counted": ("entry_count_mismatch", lambda: last(here=2, entries=2)),
    "more entries counted": ("entry_count_mismatch", lambda: last(here=4, entries=4)),
    "two counts": ("entry_count_mismatch", lambda: last(here=2)),
    "part of several": ("multi_disk", lambda: last(disk=1)),
    "directory on another part": ("multi_disk", lambda: last(first_disk=1)),
    "entry on another part": ("multi_disk", lambda: source(central={"disk": 1})),
    "descriptor disagrees": ("descriptor_mismatch", wrong_descriptor),
    "descriptor missing": ("descriptor_mismatch", lambda: source(flags=STREAMED)),
    "unknown file": ("unknown_entry", lambda: named("install.sh")),
    "unknown folder": ("unknown_entry", lambda: named("__MACOSX/._plugin.json")),
    "no manifest": ("missing_entry", lambda: package({"plugin.json": None})),
    "no component": ("missing_entry", lambda: package({"plugin.wasm": None})),
    "wrong checksum": ("crc_mismatch", lambda: source(central={"crc": 1}, local={"crc": 1})),
    "longer than declared": ("size_mismatch", longer_than_declared),
    "shorter than declared": ("size_mismatch", shorter_than_declared),
    "stream breaks off": ("size_mismatch", cut_stream),
    "damaged stream": ("corrupt_data", corrupt),
    "bytes behind the stream": ("hidden_data", after_the_stream),
}


def read_everything(content: bytes) -> dict[str, bytes]:
    archive = read_archive(content)
    return {name: archive.read(name) for name in archive.names}


class Writes:
    """What was opened for writing, created or linked while it watches."""

    def __init__(self) -> None:
        self.watching = False
        self.seen: list[str] = []

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.watching:
            return
        if event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR):
            self.seen.append(f"open {arguments[0]}")
        elif event in (
            "os.mkdir",
            "os.symlink",
            "os.link",
            "os.rename",
            "tempfile.mkstemp",
            "tempfile.mkdtemp",
        ):
            self.seen.append(event)


WRITES = Writes()
sys.addaudithook(WRITES)  # it stays for the life of the process, and sleeps between tests


@pytest.fixture
def writes() -> Iterator[list[str]]:
    WRITES.seen, WRITES.watching = [], True
    yield WRITES.seen
    WRITES.watching = False


@pytest.mark.parametrize("lie", HOSTILE)
def test_a_hostile_archive_is_refused_with_its_own_code_and_nothing_is_written(
    lie: str, writes: list[str]
) -> None:
    code, build = HOSTILE[lie]
    content = build()
    with pytest.raises(PackageRefused) as refusal:
        read_everything(content)
    assert code in {problem.code for problem in refusal.value.problems}
    assert all(problem.pointer.startswith("archive:/") for problem in refusal.value.problems)
    assert writes == []


def test_at_least_forty_kinds_of_lie_have_codes_of_their_own() -> None:
    assert len({code for code, _ in HOSTILE.values()}) >= 40


def test_the_watch_for_writes_notices_a_write(writes: list[str], tmp_path: Any) -> None:
    (tmp_path / "seen").write_text("x")
    assert writes


def test_an_honest_archive_is_read_whole() -> None:
    content = package({"source/a/b.py": b"print(1)\n", "README.md": b"x" * 3000})
    files = read_everything(content)
    assert files["source/a/b.py"] == b"print(1)\n"
    assert files["README.md"] == b"x" * 3000
    assert list(files) == ["plugin.json", "plugin.wasm", "README.md", "source/a/b.py"]


def test_what_pythons_zipfile_writes_is_read() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry in entries():
            archive.writestr(str(entry.name), entry.content)
        archive.writestr("source/größe.txt", "größe")
        archive.mkdir("source/empty")
    assert read_everything(buffer.getvalue())["source/größe.txt"] == "größe".encode()


def test_a_streamed_archive_with_data_descriptors_is_read() -> None:
    class Unseekable(io.RawIOBase):
        def __init__(self) -> None:
            self.parts: list[bytes] = []

        def writable(self) -> bool:
            return True

        def write(self, part: Any) -> int:
            self.parts.append(bytes(part))
            return len(part)

    stream = Unseekable()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:  # type: ignore[type-var]  # it only writes
        for entry in entries():
            archive.writestr(str(entry.name), entry.content)
    assert read_everything(b"".join(stream.parts))["README.md"] == b"# Summarise\n"


@pytest.mark.parametrize("signed", [True, False])
def test_a_data_descriptor_is_understood_with_and_without_its_signature(signed: bool) -> None:
    content = b"content"
    behind = descriptor(content, len(deflated(content)), signed)
    archive = source(flags=STREAMED, local={"crc": 0, "packed": 0, "unpacked": 0}, descriptor=behind)
    assert read_everything(archive)["source/a"] == content


def test_an_empty_folder_is_left_out_of_the_names() -> None:
    archive = read_archive(named("source/empty/", content=b"", method=0, mode=0o40755))
    assert "source/empty/" not in archive.names


def test_times_and_owners_in_extra_fields_are_tolerated() -> None:
    owners = extra(0x7875, b"\1\4\0\0\0\0\4\0\0\0\0")
    assert read_everything(source(extra=extra(0x5455, b"\1\0\0\0\0"), local_extra=owners))["source/a"]


def test_all_names_that_are_wrong_are_reported_at_once() -> None:
    with pytest.raises(PackageRefused) as refusal:
        read_archive(with_entry(Entry("/abs"), Entry("source/../x"), Entry("setup.exe")))
    assert {p.code for p in refusal.value.problems} == {"absolute_path", "parent_path", "unknown_entry"}


def test_a_hostile_name_is_shown_escaped() -> None:
    with pytest.raises(PackageRefused) as refusal:
        read_archive(named("source/\x1b[31m\u202e"))
    assert all(problem.pointer.isprintable() for problem in refusal.value.problems)


def test_a_bomb_is_never_inflated_beyond_its_declared_size() -> None:
    archive = read_archive(source(content=b"four", data=deflated(bytes(40 * MIB))))
    with pytest.raises(PackageRefused) as refusal:
        archive.read("source/a")
    assert refusal.value.problems[0].code == "size_mismatch"


def test_verifying_a_file_finds_what_reading_it_finds() -> None:
    archive = read_archive(source(central={"crc": 1}, local={"crc": 1}))
    with pytest.raises(PackageRefused):
        archive.verify("source/a")


def test_an_absent_file_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        read_archive(package()).read("source/a")


def test_the_digest_and_the_size_are_the_archives() -> None:
    content = package()
    archive = read_archive(content)
    assert (archive.size, len(archive.sha256)) == (len(content), 64)
    assert zlib.crc32(content) == zlib.crc32(archive.content)
