"""The example plugins: built by the authors' command, published by it, once for each version."""

import asyncio
import hashlib
import json
import shutil
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from aei_marketplace.launcher.calls import get
from aei_marketplace.launcher.clone import CLONE
from aei_marketplace.launcher.console import Console
from aei_marketplace.launcher.errors import LaunchError
from aei_marketplace.launcher.tool import callers_environment, run_tool

_LISTED_SECONDS = 120.0
_POLL_SECONDS = 0.1
# What decides about a package besides its project: the kit that builds it and its compilers.
_TOOLS = ("src/aei_sdk", "src/aei_protocol", "requirements/c.txt", "requirements/python.txt")
# In this order: C is built in a second, JavaScript in three, Python in twenty.
_SOURCES = {"c": "plugin.c", "javascript": "plugin.js", "python": "plugin.py"}
# What is made from the rest decides nothing.
_MADE = {"__pycache__", "build"}


@dataclass(frozen=True, slots=True)
class Example:
    """One project under `plugins/`."""

    folder: Path
    id: str
    version: str
    language: str

    @property
    def path(self) -> str:
        """Where the API shows this release."""
        return f"/api/plugins/{self.id}/versions/{self.version}"


@dataclass(frozen=True, slots=True)
class Publisher:
    """Who publishes the examples, and where."""

    address: tuple[str, int]
    url: str
    token: str


def find_examples(plugins: Path) -> list[Example]:
    """The example projects, those that build fastest first.

    Raises:
        LaunchError: a manifest cannot be read.
    """
    examples = [_read(manifest) for manifest in sorted(plugins.glob("*/plugin.json"))]
    languages = list(_SOURCES)
    return sorted(examples, key=lambda example: (languages.index(example.language), example.id))


def _read(manifest: Path) -> Example:
    try:
        content = json.loads(manifest.read_text(encoding="utf-8"))
        sources = manifest.parent / "src"
        (language,) = (name for name, entry in _SOURCES.items() if (sources / entry).exists())
        return Example(manifest.parent, str(content["id"]), str(content["version"]), language)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LaunchError(f"{manifest} cannot be read: {error!r}") from error


class ExamplePlugins:
    """Builds and publishes examples, and says so."""

    def __init__(self, console: Console, builds: Path, log: Path, publisher: Publisher) -> None:
        """Prepare for publishing.

        Args:
            console: where each step is shown.
            builds: packages by the content they were built from.
            log: what the tools say.
            publisher: whose token is used.
        """
        self._console, self._builds, self._log, self._publisher = console, builds, log, publisher

    async def missing(self, examples: Iterable[Example]) -> list[Example]:
        """Those that are not published yet."""
        return [example for example in examples if not await self._is_published(example)]

    def buildable(self, examples: Iterable[Example]) -> list[Example]:
        """Those that can be built here; of the others it says what is missing."""
        found = list(examples)
        if all(shutil.which(program) for program in ("node", "npm")):
            return found
        for example in found:
            if example.language == "javascript":
                self._console.line(
                    f"  {example.id}  left out: it is written in JavaScript, and building that needs "
                    "Node.js and npm (on Debian and Ubuntu: apt install nodejs npm)"
                )
        return [example for example in found if example.language != "javascript"]

    async def publish(self, example: Example, background: bool = False) -> None:
        """Build an example unless that is done, publish it, and wait until it is listed.

        Args:
            example: which one.
            background: whether other lines are shown meanwhile.

        Raises:
            LaunchError: a tool failed, or the release was held.
        """
        with self._console.step(example.id, background) as step:
            package = self._builds / f"{example.id}-{example.version}-{content_key(example.folder)}.aeiplugin"
            began = time.monotonic()
            if not package.exists():
                await self._build(example, package)
            built = time.monotonic() - began
            await self._aei("plugin", "publish", str(package))
            await self._until_listed(example)
            step.note = f"{example.version}, built in {built:.1f} s"

    async def install_tools(self, language: str) -> None:
        """Install what building in a language needs, through the clone's own installer.

        The authors' kit installs JavaScript's compiler itself, when it builds.

        Raises:
            LaunchError: the installation failed.
        """
        if language == "javascript":
            return
        with self._console.step(f"{language} tools", background=True):
            environment = callers_environment() | {"AEI_VENV": sys.prefix}
            await run_tool(
                [sys.executable, str(CLONE / "market"), "install", language], environment, self._log
            )

    async def _is_published(self, example: Example) -> bool:
        status, release = await get(self._publisher.address, example.path, self._publisher.token)
        return status == 200 and release["state"] != "processing"

    async def _build(self, example: Example, package: Path) -> None:
        half = package.with_suffix(".partial")
        await self._aei("plugin", "build", str(example.folder), "-o", str(half))
        half.rename(package)

    async def _until_listed(self, example: Example) -> None:
        deadline = time.monotonic() + _LISTED_SECONDS
        while time.monotonic() < deadline:
            _, release = await get(self._publisher.address, example.path, self._publisher.token)
            state = release.get("state") if isinstance(release, dict) else None
            if state == "listed":
                return
            if state not in (None, "processing"):
                raise LaunchError(f"{example.id} {example.version} is {state}: {release.get('reason')}")
            await asyncio.sleep(_POLL_SECONDS)
        raise LaunchError(f"{example.id} {example.version} was not listed within {_LISTED_SECONDS:.0f} s.")

    async def _aei(self, *arguments: str) -> None:
        environment = callers_environment() | {
            "AEI_URL": self._publisher.url,
            "AEI_TOKEN": self._publisher.token,
        }
        await run_tool([sys.executable, "-P", "-m", "aei_sdk.cli", *arguments], environment, self._log)


def content_key(project: Path, clone: Path = CLONE) -> str:
    """A name for everything that decides what a build of this project gives."""
    digest = hashlib.sha256()
    for root in (project, *(clone / part for part in _TOOLS)):
        for path in [root] if root.is_file() else sorted(root.rglob("*")):
            if path.is_file() and not _MADE.intersection(path.relative_to(root).parts):
                digest.update(str(path.relative_to(root)).encode() + b"\0")
                digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]
