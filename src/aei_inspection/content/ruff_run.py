"""Ruff's security rules over supplied Python, in a process of its own with limits."""

import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from aei_inspection.extract.texts import Extract
from aei_protocol.limits import MIB

SECONDS = 60
MAX_OUTPUT = 32 * MIB
_LIMITS = (
    (resource.RLIMIT_CPU, 60),
    (resource.RLIMIT_FSIZE, MAX_OUTPUT),
    (resource.RLIMIT_CORE, 0),
)
#: Ruff's own exit statuses: nothing found, something found.
_JUDGED = (0, 1)


class RuffUnavailable(RuntimeError):
    """Ruff did not judge the sources: it is missing, broke, took too long, or said what it never says."""


class _Place(msgspec.Struct, frozen=True):
    row: int


class _Said(msgspec.Struct, frozen=True):
    filename: Annotated[str, Meta(max_length=4096)]
    message: Annotated[str, Meta(max_length=10_000)]
    location: _Place | None = None
    code: Annotated[str, Meta(max_length=40)] | None = None


@dataclass(frozen=True)
class Complaint:
    """What ruff says about a line.

    Attributes:
        code: of ruff's rule, `S102`; empty when the file is no Python that it reads.
    """

    code: str
    place: str
    line: int
    message: str


def complaints(sources: Sequence[Extract]) -> list[Complaint]:
    """Ruff's complaints about Python sources by its rules S (flake8-bandit).

    Raises:
        RuffUnavailable: they were not judged.
    """
    with tempfile.TemporaryDirectory(prefix="aei-ruff-") as folder:
        # Names of ours, because those of strangers may mean something to ruff or to the file system.
        names = {f"f{number}.py": source.place for number, source in enumerate(sources)}
        for name, source in zip(names, sources, strict=True):
            Path(folder, name).write_bytes(source.content)
        return [_complaint(said, names) for said in _run(Path(folder))]


def _complaint(said: _Said, names: dict[str, str]) -> Complaint:
    name = Path(said.filename).name
    if name not in names:
        raise RuffUnavailable(f"ruff speaks of {name[:80]!r}, which it was not given")
    code = said.code if said.code and said.code != "invalid-syntax" else ""
    return Complaint(code, names[name], said.location.row if said.location else 1, said.message)


def _run(folder: Path) -> list[_Said]:
    output, messages = folder / "ruff.json", folder / "ruff.txt"
    command = [
        sys.executable, "-I", "-m", "ruff", "check", "--isolated", "--no-cache", "--select", "S", "--quiet",
        "--ignore-noqa", "--target-version", "py313", "--output-format", "json", "--output-file",
        str(output), str(folder),
    ]  # fmt: skip
    environment = {"HOME": str(folder), "RUFF_NO_CACHE": "true", "RAYON_NUM_THREADS": "1", "PATH": os.defpath}
    try:
        with messages.open("wb") as said:
            done = subprocess.run(
                command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=said, stderr=said,
                timeout=SECONDS, check=False, preexec_fn=_limit,
            )  # fmt: skip
        content = output.read_bytes() if output.exists() else b""
    except (OSError, subprocess.SubprocessError) as error:
        raise RuffUnavailable(f"ruff can't be run: {error}") from error
    if done.returncode not in _JUDGED:
        told = messages.read_text("utf-8", "replace")[:300]
        raise RuffUnavailable(f"ruff ended with status {done.returncode}: {told}")
    try:
        return msgspec.json.decode(content, type=list[_Said])
    except msgspec.DecodeError as error:
        raise RuffUnavailable(f"ruff's answer can't be read: {error}") from error


def _limit() -> None:
    for limit, most in _LIMITS:
        # Whoever asks may have less than that already, and can't have more.
        _, hard = resource.getrlimit(limit)
        least = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(limit, (least, least))
