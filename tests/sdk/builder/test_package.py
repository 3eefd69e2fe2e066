"""Building packages with the real C toolchain: content, determinism, cache, minimal world."""

import hashlib
import json
import os
import re
import subprocess
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from aei_protocol.interface import SIGNATURES, import_name
from aei_sdk.builder import package as builder
from aei_sdk.builder.cache import BuildCache
from aei_sdk.builder.package import build_component, build_package
from aei_sdk.builder.toolchain import find_wasm_tools
from aei_sdk.builder.world import write_world
from aei_sdk.errors import CompileFailed
from aei_sdk.gate import read_package
from aei_sdk.project import read_project
from tests.sdk.conftest import Aei
from tests.sdk.guests import component_of, package_of, write_project

pytestmark = pytest.mark.slow

SILENT = '#include "aei.h"\nbool aei_run(aei_text t, aei_writer *r) { aei_write(r, t); return true; }\n'
PERMISSIONS = {
    "network": {"hosts": ["example.com"], "reason": "why"},
    "filesystem": {"scratch_mib": 1, "reason": "why"},
    "models": {"chat": ["*"], "max_tokens_per_execution": 1, "reason": "why"},
    "secrets": {"names": ["KEY"], "reason": "why"},
}
EVERYTHING = """#include "aei.h"
bool aei_run(aei_text t, aei_writer *r) {
  aei_log(t, t); aei_progress(0.5, t);
  aei_write_integer(r, (int64_t)(aei_clock_now() + aei_clock_monotonic()));
  aei_write(r, aei_random_hex(4)); aei_write(r, aei_config());
  aei_http_fetch(t); aei_secrets_get(t); aei_models_chat(t); aei_models_embed(t); aei_plugins_call(t, t);
  aei_files_read(t); aei_files_list(t); aei_files_delete(t); aei_files_write(t, t);
  return true;
}
"""


def imports_of(component: bytes, folder: Path) -> dict[str, set[str]]:
    """Imported interfaces and their functions, as wasm-tools reads them."""
    (folder / "c.wasm").write_bytes(component)
    command = [*find_wasm_tools().command, "component", "wit", str(folder / "c.wasm")]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    imported = re.findall(r"import ([^;{]+);", text)
    bodies = dict(re.findall(r"^  interface ([a-z]+) \{\n(.*?)^  \}", text, re.MULTILINE | re.DOTALL))
    short = {name.partition("/")[2].partition("@")[0]: name for name in imported}
    return {
        name: set(re.findall(r"^    %?([a-z-]+): func", bodies[key], re.MULTILINE))
        for key, name in short.items()
    }


def test_a_component_imports_only_what_it_uses(tmp_path: Path, build_cache: BuildCache) -> None:
    project = write_project(tmp_path, SILENT, "c", permissions=PERMISSIONS)
    assert imports_of(component_of(project, build_cache), tmp_path) == {}


def test_every_function_of_every_interface_can_be_called_from_c(
    tmp_path: Path, build_cache: BuildCache
) -> None:
    manifest = {"permissions": PERMISSIONS, "dependencies": {"acme.other": "^1.0.0"}}
    project = write_project(tmp_path, EVERYTHING, "c", **manifest)
    expected = {import_name(interface): set(functions) for interface, functions in SIGNATURES.items()}
    assert imports_of(component_of(project, build_cache), tmp_path) == expected


@pytest.mark.parametrize("call", ["aei_http_fetch(t)", "aei_secrets_get(t)", "aei_plugins_call(t, t)"])
def test_what_the_manifest_does_not_open_cannot_be_called(
    tmp_path: Path, build_cache: BuildCache, call: str
) -> None:
    source = f'#include "aei.h"\nbool aei_run(aei_text t, aei_writer *r) {{ {call}; return !r; }}\n'
    with pytest.raises(CompileFailed) as failed:
        component_of(write_project(tmp_path, source, "c"), build_cache)
    assert call.partition("(")[0] in failed.value.detail


def test_a_compile_error_names_file_and_line_without_this_machines_paths(aei: Aei, tmp_path: Path) -> None:
    write_project(tmp_path, '#include "aei.h"\nbool aei_run(', "c")
    result = aei("plugin", "build", tmp_path)
    assert result.exit_code == 1
    assert "src/plugin.c:2" in result.stderr
    assert "/tmp/" not in result.stderr


def test_building_twice_without_a_cache_gives_the_same_bytes(tmp_path: Path) -> None:
    project = write_project(tmp_path / "p", SILENT, "c")
    builds = [
        build_package(
            project, BuildCache(tmp_path / name), lambda _s: None, output=tmp_path / f"{name}.aeiplugin"
        )
        for name in ("one", "two")
    ]
    assert not any(built.unchanged for built in builds)
    assert builds[0].sha256 == builds[1].sha256


def test_a_second_build_is_unchanged_and_a_changed_source_is_not(aei: Aei, tmp_path: Path) -> None:
    write_project(tmp_path, SILENT + f"// {tmp_path}\n", "c")
    first, second = (aei("plugin", "build", tmp_path) for _ in range(2))
    assert "built in" in first.stdout
    assert "unchanged" in second.stdout
    (tmp_path / "src" / "plugin.c").write_text(SILENT + f"// changed {tmp_path}\n")
    assert "built in" in aei("plugin", "build", tmp_path).stdout


def test_a_changed_readme_makes_a_new_package_without_compiling(tmp_path: Path) -> None:
    project, cache, steps = (
        write_project(tmp_path / "p", SILENT, "c"),
        BuildCache(tmp_path / "c"),
        list[str](),
    )
    build_package(project, cache, steps.append)
    assert len(steps) == 2
    (tmp_path / "p" / "README.md").write_text("# Another\n")
    built = build_package(project, cache, steps.append)
    assert not built.unchanged
    assert steps[2:] == ["packing"]


def test_the_package_passes_the_registrys_gate_and_lists_its_components(
    tmp_path: Path, build_cache: BuildCache
) -> None:
    project = write_project(tmp_path / "p", SILENT, "c")
    (tmp_path / "p" / "LICENSE").write_text("Apache-2.0")
    with package_of(project, build_cache, tmp_path / "x.aeiplugin") as archive:
        names = archive.namelist()
        sbom = json.loads(archive.read("sbom.cdx.json"))
    assert names == ["LICENSE", "README.md", "plugin.json", "plugin.wasm", "sbom.cdx.json"]
    package = read_package((tmp_path / "x.aeiplugin").read_bytes())
    (component,) = [c for c in sbom["components"] if c["name"] == "plugin.wasm"]
    assert component["hashes"] == [{"alg": "SHA-256", "content": package.component_sha256}]
    assert {tool["name"] for tool in sbom["metadata"]["tools"]["components"]} == {"ziglang", "wasm-tools"}


def test_the_source_travels_only_when_asked(aei: Aei, tmp_path: Path) -> None:
    write_project(tmp_path, SILENT, "c")
    output = tmp_path / "x.aeiplugin"
    assert aei("plugin", "build", tmp_path, "-o", output, "--with-source").exit_code == 0
    with zipfile.ZipFile(output) as archive:
        assert archive.read("source/plugin.c").decode() == SILENT
    assert aei("plugin", "check", output).exit_code == 0


def test_check_reports_all_problems_with_pointers(aei: Aei, tmp_path: Path) -> None:
    write_project(tmp_path, SILENT, "c")
    document = json.loads((tmp_path / "plugin.json").read_text()) | {"version": "x", "extra": True}
    (tmp_path / "plugin.json").write_text(json.dumps(document))
    result = aei("plugin", "check", tmp_path)
    assert result.exit_code == 5
    assert "/version" in result.stderr
    assert "/extra" in result.stderr


def test_check_of_what_is_no_package_says_so(aei: Aei, tmp_path: Path) -> None:
    (tmp_path / "x.aeiplugin").write_bytes(b"hello")
    assert aei("plugin", "check", tmp_path / "x.aeiplugin").exit_code == 5
    assert aei("plugin", "check", tmp_path / "nowhere.aeiplugin").exit_code == 2


def test_the_world_holds_the_requested_interfaces_and_no_more(tmp_path: Path) -> None:
    write_world(("log", "http"), tmp_path / "wit")
    assert sorted(path.name for path in (tmp_path / "wit").iterdir()) == ["http.wit", "log.wit", "world.wit"]
    text = (tmp_path / "wit" / "world.wit").read_text()
    assert re.findall(r"import (\w+);", text) == ["log", "http"]


def test_a_build_that_is_interrupted_leaves_the_package_that_was_there_and_nothing_else(
    tmp_path: Path, build_cache: BuildCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    project, output = write_project(tmp_path / "p", SILENT, "c"), tmp_path / "out" / "x.aeiplugin"
    before = build_package(project, build_cache, lambda _s: None, output=output)
    (tmp_path / "p" / "README.md").write_text("# Another\n")

    def interrupted(self: Path, target: Path) -> None:
        if target == output:
            raise KeyboardInterrupt
        os.replace(self, target)

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(Path, "replace", interrupted)
        build_package(project, build_cache, lambda _s: None, output=output)
    assert [path.name for path in output.parent.iterdir()] == ["x.aeiplugin"]
    assert hashlib.sha256(output.read_bytes()).hexdigest() == before.sha256
    assert output.stat().st_mode & 0o777 == 0o666 & ~_umask()


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def test_two_builds_of_the_same_at_once_compile_it_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled, second = [], threading.Event()

    def compiling(*_: object) -> bytes:
        compiled.append(threading.get_ident())
        if len(compiled) > 1:
            second.set()
        second.wait(0.5)  # long enough for one that is not kept out to come this far
        return b"a component"

    monkeypatch.setattr(builder, "_compile", compiling)
    write_project(tmp_path / "project", SILENT, "c")
    project = read_project(tmp_path / "project")

    def build(_: int) -> bytes:
        return build_component(project, BuildCache(tmp_path / "cache"), lambda _step: None)

    with ThreadPoolExecutor(2) as at_once:
        assert list(at_once.map(build, range(2))) == [b"a component"] * 2
    assert len(compiled) == 1
