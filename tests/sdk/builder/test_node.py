"""The JavaScript compiler: found, installed once, and clear words when that cannot be."""

import json
import re
from pathlib import Path

import pytest

from aei_sdk.builder import node as module
from aei_sdk.builder.cache import BuildCache
from aei_sdk.builder.node import compiler_version, find_componentizer_for_javascript, find_node
from aei_sdk.errors import ToolchainMissing
from tests.sdk.builder.test_toolchain import executable
from tests.sdk.conftest import CLONE
from tests.sdk.javascript import needs_node

LOCKED = CLONE / "src" / "aei_sdk" / "builder" / "javascript_toolchain"
BINDING = "node_modules/@andreiltd/componentize-qjs-binding-linux-x64-gnu"


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A folder with a Node.js and an npm that only pretend."""
    folder = tmp_path / "bin"
    folder.mkdir()
    executable(folder / "node", "echo v22.1.0")
    executable(folder / "npm", f"/bin/mkdir -p {BINDING}; echo once >> {tmp_path}/calls")
    return folder


@pytest.fixture
def cache(tmp_path: Path) -> BuildCache:
    return BuildCache(tmp_path / "cache")


def look(tools: Path, cache: BuildCache, monkeypatch: pytest.MonkeyPatch):
    """Find the compiler with these tools only."""
    monkeypatch.setenv("PATH", str(tools))
    return find_componentizer_for_javascript(cache, {"PATH": str(tools)})


@pytest.mark.parametrize("present", [[], ["node"], ["npm"]])
def test_without_node_and_npm_the_error_says_what_to_install(tmp_path: Path, present: list[str]) -> None:
    for name in present:
        executable(tmp_path / name, "echo v22.1.0")
    with pytest.raises(ToolchainMissing) as missing:
        find_node({"PATH": str(tmp_path)})
    assert "apt install nodejs npm" in missing.value.advice


@pytest.mark.parametrize("said", ["v16.20.2", "v8.0.0", "", "hello"])
def test_an_old_node_is_refused_with_its_version(tools: Path, said: str) -> None:
    executable(tools / "node", f"echo {said}")
    with pytest.raises(ToolchainMissing, match=said or "unknown") as missing:
        find_node({"PATH": str(tools)})
    assert "18" in missing.value.detail


def test_the_compiler_is_installed_once(
    tools: Path, cache: BuildCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (look(tools, cache, monkeypatch) for _ in range(2))
    assert first == second
    assert (first.name, first.version) == ("componentize-qjs", compiler_version())
    assert (tmp_path / "calls").read_text() == "once\n"


def test_an_installation_that_fails_leaves_nothing_and_says_why(
    tools: Path, cache: BuildCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    executable(tools / "npm", f"/bin/mkdir -p {BINDING}; echo npm error ENOTFOUND; exit 1")
    with pytest.raises(ToolchainMissing) as missing:
        look(tools, cache, monkeypatch)
    assert "ENOTFOUND" in missing.value.detail
    assert list((cache.folder / "toolchains").iterdir()) == []


def test_an_installation_that_is_interrupted_is_not_taken_for_a_whole_one(
    tools: Path, cache: BuildCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(module, "_run_npm", interrupted)
        look(tools, cache, monkeypatch)
    assert list((cache.folder / "toolchains").iterdir()) == []
    assert look(tools, cache, monkeypatch).version


def test_who_loses_a_race_uses_what_the_winner_installed(
    tools: Path, cache: BuildCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = cache.folder / "toolchains" / f"javascript-{module._lock_digest()}"
    run_npm = module._run_npm

    def overtaken(node: module.Node, folder: Path) -> None:
        run_npm(node, folder)
        (home / BINDING).mkdir(parents=True)

    monkeypatch.setattr(module, "_run_npm", overtaken)
    assert str(home) in look(tools, cache, monkeypatch).command[1]


def test_a_machine_that_the_compiler_is_not_made_for_is_told_so(
    tools: Path, cache: BuildCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    executable(tools / "npm", "exit 0")
    with pytest.raises(ToolchainMissing, match="on this machine"):
        look(tools, cache, monkeypatch)


def test_the_lock_file_pins_by_hash_and_names_no_registry() -> None:
    text = (LOCKED / "package-lock.json").read_text()
    packages = json.loads(text)["packages"]
    wanted = json.loads((LOCKED / "package.json").read_text())["optionalDependencies"]
    assert {name.removeprefix("node_modules/") for name in packages if name} == set(wanted)
    for name, entry in packages.items():
        assert not name or re.fullmatch(r"sha512-[A-Za-z0-9+/]{86}==", entry["integrity"])
    assert "://" not in text
    assert "omit-lockfile-registry-resolved=true" in (LOCKED / ".npmrc").read_text()


@needs_node
@pytest.mark.slow
def test_the_real_compiler_is_installed_from_the_lock_file(cache: BuildCache) -> None:
    tool = find_componentizer_for_javascript(cache)
    assert Path(tool.command[2]).is_dir()
