"""Finding compilers, and saying what to install when there are none."""

import sys
from importlib import metadata
from pathlib import Path

import pytest

from aei_sdk.builder.toolchain import find_c_compiler, find_componentizer, find_wasm_tools
from aei_sdk.errors import ToolchainMissing


@pytest.fixture
def nothing_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr("aei_sdk.builder.toolchain.metadata.version", absent)


def executable(path: Path, script: str) -> Path:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def test_the_compilers_of_this_interpreter_are_used_with_their_pinned_versions() -> None:
    assert find_c_compiler({}).version == metadata.version("ziglang")
    assert find_componentizer({}).version == metadata.version("componentize-py")
    assert Path(find_wasm_tools().command[0]).is_file()


@pytest.mark.usefixtures("nothing_installed")
def test_without_a_compiler_the_error_says_what_to_install() -> None:
    with pytest.raises(ToolchainMissing) as for_c:
        find_c_compiler({"PATH": ""})
    assert "pip install ziglang" in for_c.value.advice
    assert "requirements/c.txt" in for_c.value.advice
    with pytest.raises(ToolchainMissing) as for_python:
        find_componentizer({})
    assert "pip install componentize-py" in for_python.value.advice


@pytest.mark.usefixtures("nothing_installed")
def test_another_python_can_bring_the_compilers() -> None:
    tool = find_componentizer({"AEI_TOOLCHAIN_PYTHON": sys.executable})
    assert tool.command[0] == sys.executable
    assert tool.version


@pytest.mark.usefixtures("nothing_installed")
def test_another_python_without_the_compilers_counts_as_none(tmp_path: Path) -> None:
    empty = executable(tmp_path / "python", "exit 1")
    with pytest.raises(ToolchainMissing):
        find_componentizer({"AEI_TOOLCHAIN_PYTHON": str(empty)})


@pytest.mark.usefixtures("nothing_installed")
def test_a_named_python_that_does_not_exist_counts_as_none() -> None:
    with pytest.raises(ToolchainMissing):
        find_componentizer({"AEI_TOOLCHAIN_PYTHON": "/nowhere/python"})


@pytest.mark.usefixtures("nothing_installed")
def test_clang_serves_when_it_knows_webassembly(tmp_path: Path) -> None:
    answer = 'test "$1" = --print-targets && echo "  wasm32 - WebAssembly" || echo "clang version 19.1.7 (x)"'
    executable(tmp_path / "clang", answer)
    with pytest.raises(ToolchainMissing):
        find_c_compiler({"PATH": str(tmp_path)})
    executable(tmp_path / "wasm-ld", "exit 0")
    tool = find_c_compiler({"PATH": str(tmp_path)})
    assert (tool.name, tool.version) == ("clang", "19.1.7")
    assert "--target=wasm32" in tool.command


@pytest.mark.usefixtures("nothing_installed")
def test_clang_without_webassembly_counts_as_none(tmp_path: Path) -> None:
    executable(tmp_path / "clang", "echo x86_64")
    executable(tmp_path / "wasm-ld", "exit 0")
    with pytest.raises(ToolchainMissing):
        find_c_compiler({"PATH": str(tmp_path)})
