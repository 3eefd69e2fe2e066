"""Reading exports: folders, zips, files; and whatever pretends to be one."""

import json
import os
import struct
import zipfile
from pathlib import Path

import pytest
import zstandard

from aei_inspection.advisories.files import ExportRefused, read_export, size_of
from aei_inspection.advisories.records import LARGEST_RECORD
from tests.inspection.advisories.osv import before, encoded, record

_RECORDS = [encoded(record(f"TEST-{number}", events=before("1.0"))) for number in range(300)]
_IDS = [json.loads(content)["id"] for content in _RECORDS]


def _ids(path: Path) -> list[str]:
    return [counted.advisory.id for counted in read_export(path)]


def _zip(path: Path, entries: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return path


def _write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def test_every_form_gives_every_record(tmp_path: Path) -> None:
    lines = b"\n".join(_RECORDS)
    packer = zstandard.ZstdCompressor()
    (tmp_path / "folder" / "inner").mkdir(parents=True)
    _write(tmp_path / "folder" / "a.json", _RECORDS[0])
    _write(tmp_path / "folder" / "inner" / "rest.jsonl", b"\r\n".join(_RECORDS[1:]) + b"\n\n")
    _write(tmp_path / "folder" / "README.md", b"not looked at")
    forms = [
        tmp_path / "folder",
        _write(tmp_path / "all.jsonl", lines),
        _write(tmp_path / "all.jsonl.zst", packer.compress(lines)),
        _write(tmp_path / "two.jsonl.zst", packer.compress(lines[:5000]) + packer.compress(lines[5000:])),
        _zip(
            tmp_path / "all.zip",
            {f"PyPI/{id}.json": content for id, content in zip(_IDS, _RECORDS, strict=True)},
        ),
    ]
    for form in forms:
        assert sorted(_ids(form)) == sorted(_IDS), form
        assert 0 <= max(counted.done for counted in read_export(form)) <= size_of(form)


def test_what_is_cut_off_is_refused_wherever_it_was_cut(tmp_path: Path) -> None:
    lines = b"\n".join(_RECORDS)
    packed = zstandard.ZstdCompressor().compress(lines)
    zipped = _zip(
        tmp_path / "whole.zip", dict(zip((f"{id}.json" for id in _IDS), _RECORDS, strict=True))
    ).read_bytes()
    for name, content, cuts in (
        ("cut.jsonl.zst", packed, (1, 3, 10, len(packed) // 2, len(packed) - 1)),
        ("cut.zip", zipped, (1, 30, len(zipped) // 2, len(zipped) - 1)),
        ("cut.jsonl", lines, (len(lines) // 2, len(lines) - 1)),
        ("cut.json", _RECORDS[0], (0, 5, len(_RECORDS[0]) - 1)),
    ):
        for cut in cuts:
            with pytest.raises(ExportRefused):
                _ids(_write(tmp_path / name, content[:cut]))


def test_damaged_bytes_are_refused(tmp_path: Path) -> None:
    packed = bytearray(zstandard.ZstdCompressor(write_checksum=True).compress(b"\n".join(_RECORDS)))
    packed[len(packed) // 2] ^= 0xFF
    with pytest.raises(ExportRefused):
        _ids(_write(tmp_path / "damaged.jsonl.zst", bytes(packed)))
    zipped = bytearray(_zip(tmp_path / "a.zip", {"a.json": _RECORDS[0]}, zipfile.ZIP_STORED).read_bytes())
    zipped[60] ^= 0xFF
    with pytest.raises(ExportRefused):
        _ids(_write(tmp_path / "damaged.zip", bytes(zipped)))


@pytest.mark.parametrize(
    "name", ["../up.json", "/etc/passwd.json", "a\\b.json", "record.txt", "a/../../b.json"]
)
def test_a_zip_with_odd_names_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ExportRefused, match=r"relative path of a \.json"):
        _ids(_zip(tmp_path / "odd.zip", {"good.json": _RECORDS[0], name: _RECORDS[1]}))


def test_bombs_are_refused_without_being_unpacked(tmp_path: Path) -> None:
    blank = b" " * (LARGEST_RECORD + 1)
    with pytest.raises(ExportRefused, match="at most"):
        _ids(_zip(tmp_path / "large.zip", {"a.json": blank}))
    with pytest.raises(ExportRefused, match="line has at most"):
        _ids(_write(tmp_path / "line.jsonl.zst", zstandard.ZstdCompressor().compress(blank * 4)))
    with pytest.raises(ExportRefused, match=r"at most .* bytes"):
        list(read_export(_write(tmp_path / "many.jsonl", b"\n".join(_RECORDS)), most_bytes=1000))
    # A frame that asks for a window of 2 GiB of memory (RFC 8878, section 3.1.1.1.2: exponent 21).
    window = b"\x28\xb5\x2f\xfd" + b"\x00" + bytes([21 << 3]) + b"\x01\x00\x00"
    with pytest.raises(ExportRefused, match="Zstandard"):
        _ids(_write(tmp_path / "window.jsonl.zst", window))


def test_a_zip_whose_entries_share_bytes_or_lie_about_their_size_is_refused(tmp_path: Path) -> None:
    plain = _zip(tmp_path / "a.zip", {"a.json": _RECORDS[0]}, zipfile.ZIP_STORED).read_bytes()
    directory = plain.index(b"PK\x01\x02")
    entry, end = plain[directory : plain.index(b"PK\x05\x06")], plain[plain.index(b"PK\x05\x06") :]
    many = 1000
    sizes = struct.pack("<HHL", many, many, len(entry) * many)
    overlapping = plain[:directory] + entry * many + end[:8] + sizes + end[16:]
    assert many * len(_RECORDS[0]) > len(overlapping)
    with pytest.raises(ExportRefused, match="overlap"):
        _ids(_write(tmp_path / "overlap.zip", overlapping))
    lying = plain[: directory + 24] + struct.pack("<L", 10) + plain[directory + 28 :]
    with pytest.raises(ExportRefused):
        _ids(_write(tmp_path / "lying.zip", lying))


def test_links_devices_and_unknown_forms_are_refused(tmp_path: Path) -> None:
    real = _write(tmp_path / "real.json", _RECORDS[0])
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "link.json").symlink_to(real)
    for path in (folder, folder / "link.json", _write(tmp_path / "record.yaml", b""), _pipe(tmp_path)):
        with pytest.raises(ExportRefused):
            _ids(path)
    with pytest.raises(OSError, match="No such file"):
        _ids(tmp_path / "missing.json")


def test_an_export_without_records_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for path in (
        tmp_path / "empty",
        _zip(tmp_path / "empty.zip", {}),
        _write(tmp_path / "blank.jsonl", b"\n \n"),
    ):
        with pytest.raises(ExportRefused, match="holds no record"):
            _ids(path)


def test_what_is_no_advisory_is_left_out_of_a_folder_by_name_but_a_spoilt_advisory_is_not(
    tmp_path: Path,
) -> None:
    _write(tmp_path / "a.jsonl", b"\n".join(_RECORDS[:3]))
    _write(tmp_path / "teams.jsonl", b'{"team": 1}\n{"team": 2}\n')
    _write(tmp_path / "list.json", b'[{"id": 1}]')
    left_out: list[str] = []
    assert len(list(read_export(tmp_path, left_out=left_out.append))) == 3
    assert left_out == ["list.json", "teams.jsonl"]
    with pytest.raises(ExportRefused):
        _ids(tmp_path / "teams.jsonl")
    _write(tmp_path / "spoilt.json", _RECORDS[0].replace(b'"affected": [', b'"affected": 7, "x": ['))
    with pytest.raises(ExportRefused, match=r"spoilt\.json"):
        _ids(tmp_path)


def test_a_refusal_says_where(tmp_path: Path) -> None:
    lines = b"\n".join([*_RECORDS[:2], b"{}", _RECORDS[3]])
    with pytest.raises(ExportRefused, match=r"bad\.jsonl, line 3: not a record"):
        _ids(_write(tmp_path / "bad.jsonl", lines))


def _pipe(folder: Path) -> Path:
    os.mkfifo(folder / "pipe.json")
    return folder / "pipe.json"
