"""Laws of the strict reader, tried on archives that are damaged and recombined at random."""

import io
import zipfile

from hypothesis import example, given
from hypothesis import strategies as st

from aei_inspection.archive import read_archive
from aei_inspection.problems import PackageRefused
from tests.inspection.samples import package
from tests.inspection.zips import Entry, write

HONEST = package({"source/a.txt": b"some text " * 40, "source/b/c.bin": bytes(range(256))})
SMALL = write([Entry("plugin.json", b"{}", method=0), Entry("plugin.wasm", b"\0asm")])

edits = st.lists(
    st.tuples(st.integers(0, len(HONEST) - 1), st.integers(0, 6), st.binary(max_size=6)),
    min_size=1,
    max_size=6,
)


def edited(content: bytes, changes: list[tuple[int, int, bytes]]) -> bytes:
    for at, gone, put in changes:
        content = content[:at] + put + content[at + gone :]
    return content


def outcome(content: bytes) -> dict[str, bytes] | None:
    try:
        archive = read_archive(content)
        return {name: archive.read(name) for name in archive.names}
    except PackageRefused:
        return None


def by_zipfile(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {i.filename: archive.read(i) for i in archive.infolist() if not i.is_dir()}


@given(st.binary(max_size=400))
@example(b"PK\x05\x06" + bytes(18))
@example(b"PK\x05\x06")
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    assert outcome(content) is None


@given(edits)
def test_what_is_accepted_of_a_damaged_archive_is_what_another_reader_sees(
    changes: list[tuple[int, int, bytes]],
) -> None:
    content = edited(HONEST, changes)
    found = outcome(content)
    if found is not None:
        assert found == by_zipfile(content)


@given(st.integers(0, len(SMALL) - 1), st.integers(0, 255))
def test_one_changed_byte_never_changes_a_content_unnoticed(at: int, value: int) -> None:
    content = SMALL[:at] + bytes([value]) + SMALL[at + 1 :]
    found = outcome(content)
    if found is not None:
        assert sorted(found.values()) == [b"\0asm", b"{}"]


@given(st.integers(1, len(SMALL) - 1))
def test_an_archive_cut_anywhere_is_refused(length: int) -> None:
    assert outcome(SMALL[:length]) is None


@given(
    st.dictionaries(st.from_regex(r"source/[a-z]{1,8}", fullmatch=True), st.binary(max_size=200), max_size=6)
)
def test_honest_files_come_out_as_they_went_in(files: dict[str, bytes]) -> None:
    found = outcome(package(files))
    assert found is not None
    assert {name: content for name, content in found.items() if name in files} == files
