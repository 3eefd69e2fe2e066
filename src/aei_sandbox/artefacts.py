"""Compiled components on disk: in a directory that only the host writes, checked before use.

An artefact is native code. It is stored with its digest, and the digest is verified once for each
start of the host: the directory is private to the host (guests can read it at most), so a change
after that could only come from somebody who owns the host already.
"""

import asyncio
import hashlib
import os
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

_CODE, _CARD = ".cwasm", ".json"


@dataclass(frozen=True, slots=True)
class Card:
    """What is known of an artefact.

    Attributes:
        sha256: of the file beside it.
        size: of that file, in bytes.
        imports: import name → item name → signature text.
        exports: export name → signature text.
        compile_ms: what compiling took.
        engine: fingerprint of the engine that it fits.
    """

    sha256: str
    size: int
    imports: dict[str, dict[str, str]]
    exports: dict[str, str]
    compile_ms: int
    engine: str = ""


_decode_card = msgspec.json.Decoder(Card).decode


def _seal(card: Card) -> bytes:
    """A card as it lies on disk: its digest, a line's end, JSON; what the disk changes is then noticed."""
    body = msgspec.json.encode(card)
    return hashlib.sha256(body).hexdigest().encode() + b"\n" + body


def _read_card(path: Path) -> Card | None:
    """A sound card; None when there is none."""
    try:
        digest, _, body = path.read_bytes().partition(b"\n")
        return _decode_card(body) if hashlib.sha256(body).hexdigest().encode() == digest else None
    except (OSError, msgspec.DecodeError):
        return None


class Artefacts:
    """The artefact directory.

    Args:
        directory: created when missing.
        fingerprint: of the engine; artefacts of another are not seen.
        group: gid that may read it beside the owner; None for the owner alone.
    """

    def __init__(self, directory: Path, fingerprint: str, group: int | None) -> None:
        self._directory = directory
        self._fingerprint = fingerprint
        self._group = group
        self._verified: dict[str, Card] = {}

    def name(self, component: str) -> str:
        """The file name of a component's artefact."""
        key = hashlib.sha256(f"{component}\n{self._fingerprint}".encode()).hexdigest()
        return f"{component[:16]}-{key[:32]}{_CODE}"

    async def find(self, component: str) -> Card | None:
        """The card of a component's artefact, its digest verified; None when there is no sound one."""
        card = self._verified.get(component)
        if card is None:
            card = await asyncio.get_running_loop().run_in_executor(None, self._verify, component)
            if card is not None:
                self._verified[component] = card
        return card

    async def store(self, component: str, code: bytes, card: Card) -> None:
        """Keep an artefact; complete or not at all."""
        await asyncio.get_running_loop().run_in_executor(None, self._write, component, code, card)
        self._verified[component] = card

    def discard(self, component: str) -> None:
        """Forget an artefact that the runtime refused."""
        self._verified.pop(component, None)
        code = self._directory / self.name(component)
        for path in (code.with_suffix(_CARD), code):
            with suppress(FileNotFoundError):
                path.unlink()

    def count(self) -> int:
        """How many artefacts lie here, those of other engines included."""
        return sum(1 for path in self._directory.iterdir() if path.suffix == _CARD)

    def sweep(self, older_than: float) -> int:
        """Remove artefacts of other engines, and code without a card; returns how many files.

        Args:
            older_than: seconds since they were written; an engine that is soon put back finds its own.
        """
        before, removed = time.time() - older_than, 0
        for code in self._directory.glob(f"*{_CODE}"):
            if code.stat().st_mtime < before and not self._is_ours(code.with_suffix(_CARD)):
                for path in (code.with_suffix(_CARD), code):
                    path.unlink(missing_ok=True)
                    removed += 1
        return removed

    def _is_ours(self, card: Path) -> bool:
        read = _read_card(card)
        return read is not None and read.engine == self._fingerprint

    def _verify(self, component: str) -> Card | None:
        path = self._directory / self.name(component)
        card = _read_card(path.with_suffix(_CARD))
        try:
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError:
            return None
        return card if card is not None and digest == card.sha256 else None

    def _write(self, component: str, code: bytes, card: Card) -> None:
        """The card comes last: an artefact without one does not exist."""
        path = self._directory / self.name(component)
        self._replace(path, code)
        self._replace(path.with_suffix(_CARD), _seal(replace(card, engine=self._fingerprint)))
        directory = os.open(self._directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)

    def _replace(self, path: Path, content: bytes) -> None:
        unfinished = path.with_name(f".{path.name}.{os.getpid()}")
        with unfinished.open("wb") as file:
            os.fchmod(file.fileno(), 0o640 if self._group is not None else 0o600)
            if self._group is not None:
                os.fchown(file.fileno(), -1, self._group)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)


def open_directory(directory: Path, group: int | None) -> None:
    """Create the directory, or take it over, readable by the owner and `group` alone.

    Unfinished files of a host that was killed are removed.

    Raises:
        PermissionError: it belongs to somebody else.
    """
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    if directory.stat().st_uid != os.geteuid():
        raise PermissionError(f"{directory} belongs to another user, who could replace compiled code in it")
    if group is not None:
        os.chown(directory, -1, group)
    directory.chmod(0o750 if group is not None else 0o700)
    for unfinished in directory.glob(".*"):
        unfinished.unlink()
