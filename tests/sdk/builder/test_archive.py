"""The archive: its bytes depend on its content alone, and the registry's strict reader takes it."""

import io
import zipfile

from hypothesis import given
from hypothesis import strategies as st

from aei_inspection.archive import read_archive
from aei_sdk.builder.archive import pack

NEEDED = {"plugin.json": b"{}", "plugin.wasm": b"\0asm", "README.md": b"# x"}
SOURCES = st.dictionaries(
    st.from_regex(r"source/[a-z]{1,12}\.(c|h|py)", fullmatch=True), st.binary(max_size=300), max_size=6
)


@given(SOURCES)
def test_the_same_entries_give_the_same_bytes_in_any_order(sources: dict[str, bytes]) -> None:
    entries = NEEDED | sources
    assert pack(entries) == pack(dict(reversed(entries.items())))


@given(SOURCES)
def test_the_registrys_strict_reader_reads_back_what_was_packed(sources: dict[str, bytes]) -> None:
    entries = NEEDED | sources
    archive = read_archive(pack(entries))
    assert {name: archive.read(name) for name in archive.names} == entries


def test_entries_carry_no_time_no_extra_field_and_no_data_descriptor() -> None:
    with zipfile.ZipFile(io.BytesIO(pack(NEEDED))) as archive:
        for info in archive.infolist():
            assert info.date_time == (1980, 1, 1, 0, 0, 0)
            assert info.extra == b""
            assert info.flag_bits == 0
            assert info.external_attr >> 16 == 0o100644
