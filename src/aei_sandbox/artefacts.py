"""Compiled components on disk: in a directory that only the host writes, checked before use.

An artefact is native code. It is stored with its digest, and the digest is verified once for each
start of the host: the directory is private to the host (guests can read it at most), so a change
after that could only come from somebody who owns the host already.
"""

import asyncio
import hashlib
import os
from contextlib import suppress
from dataclasses import dataclass
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
    """

    sha256: str
    size: int
    imports: dict[str, dict[str, str]]
    exports: dict[str, str]
    compile_ms: int


_read_card = msgspec.json.Decoder(Card).decode


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

    def _verify(self, component: str) -> Card | None:
        path = self._directory / self.name(component)
        try:
            card = _read_card(path.with_suffix(_CARD).read_bytes())
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
        except (OSError, msgspec.DecodeError):
            return None
        return card if digest == card.sha256 else None

    def _write(self, component: str, code: bytes, card: Card) -> None:
        """The card comes last: an artefact without one does not exist."""
        path = self._directory / self.name(component)
        self._replace(path, code)
        self._replace(path.with_suffix(_CARD), msgspec.json.encode(card))
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
