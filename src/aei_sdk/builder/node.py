"""The JavaScript compiler: a program for Node.js, installed once from a lock file with hashes."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path

from aei_sdk.builder.cache import BuildCache
from aei_sdk.builder.compiler import DEADLINE_S
from aei_sdk.builder.toolchain import Tool
from aei_sdk.errors import ToolchainMissing

#: The oldest Node.js that the compiler runs on.
OLDEST_NODE = 18

_COMPILER = "componentize-qjs"
_LOCKED = ("package.json", "package-lock.json", ".npmrc")
_SCRIPT = "compile.cjs"
_INSTALL_NODE = "Install it together with npm, on Debian and Ubuntu: apt install nodejs npm"
_MOST_OUTPUT = 2_000


@dataclass(frozen=True, slots=True)
class Node:
    """Node.js and its package installer on this machine."""

    node: str
    npm: str


def find_componentizer_for_javascript(cache: BuildCache, environment: Mapping[str, str] = os.environ) -> Tool:
    """The compiler, installed under the cache when it is not there yet.

    Raises:
        ToolchainMissing: there is no Node.js, or one that is too old, or the compiler cannot be installed.
    """
    node = find_node(environment)
    home = cache.folder / "toolchains" / f"javascript-{_lock_digest()}"
    if not home.is_dir():
        _install(node, home)
    return Tool(_COMPILER, compiler_version(), (node.node, str(home / _SCRIPT), str(_binding(home))))


def find_node(environment: Mapping[str, str] = os.environ) -> Node:
    """Node.js and npm on the path.

    Raises:
        ToolchainMissing: one is not there, or Node.js is too old.
    """
    path = environment.get("PATH")
    node, npm = shutil.which("node", path=path), shutil.which("npm", path=path)
    if not (node and npm):
        raise ToolchainMissing(
            "No Node.js for JavaScript plugins",
            f"{'npm' if node else 'node'} is not on the path. Only authors of JavaScript plugins need it.",
            advice=_INSTALL_NODE,
        )
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout.strip()
    major = re.match(r"v(\d+)\.", said)
    if major is None or int(major[1]) < OLDEST_NODE:
        raise ToolchainMissing(
            f"Node.js {said or 'of unknown version'} is too old",
            f"{node} was found; the compiler for JavaScript plugins runs on {OLDEST_NODE} or newer.",
            advice=_INSTALL_NODE,
        )
    return Node(node, npm)


def compiler_version() -> str:
    """The version that the lock file pins."""
    packages = json.loads(_locked("package-lock.json"))["packages"]
    (version,) = {entry["version"] for name, entry in packages.items() if name}
    return str(version)


def _install(node: Node, home: Path) -> None:
    """Install beside the place and move there, complete or not at all, also when two builds race."""
    home.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home.parent, prefix=".new-") as name:
        folder = Path(name) / "javascript"
        folder.mkdir()
        for file in (*_LOCKED, _SCRIPT):
            (folder / file).write_bytes(_locked(file))
        _run_npm(node, folder)
        try:
            folder.rename(home)
        except OSError:
            if not home.is_dir():
                raise


def _run_npm(node: Node, folder: Path) -> None:
    command = [node.npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=DEADLINE_S,
            check=False,
        )
        said, failed = done.stdout, done.returncode != 0
    except subprocess.TimeoutExpired:
        said, failed = f"npm was stopped after {DEADLINE_S} s.", True
    if failed:
        raise ToolchainMissing(
            "The compiler for JavaScript plugins cannot be installed",
            said.strip()[-_MOST_OUTPUT:],
            advice="npm installs it once, from its registry; see what npm says above, and try again.",
        )


def _binding(home: Path) -> Path:
    """The one native package that npm chose for this machine."""
    found = sorted((home / "node_modules" / "@andreiltd").glob(f"{_COMPILER}-binding-*"))
    if not found:
        raise ToolchainMissing(
            "No compiler for JavaScript plugins on this machine",
            f"{_COMPILER} {compiler_version()} is made for Linux on x86_64, and on aarch64 with glibc.",
            advice="Build the package on such a machine; any marketplace takes it from there.",
        )
    return found[0]


@cache
def _lock_digest() -> str:
    """The name of an installation: whatever decides about it."""
    digest = hashlib.sha256()
    for file in (*_LOCKED, _SCRIPT):
        digest.update(hashlib.sha256(_locked(file)).digest())
    return digest.hexdigest()[:16]


def _locked(file: str) -> bytes:
    with as_file(files("aei_sdk") / "builder" / "javascript_toolchain" / file) as path:
        return path.read_bytes()
