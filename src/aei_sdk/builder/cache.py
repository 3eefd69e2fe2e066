"""Finished builds, kept under a digest of everything that went into them."""

import fcntl
import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

BUILD_CACHE = "AEI_BUILD_CACHE"

_DIGEST_BYTES = 32


@dataclass(frozen=True, slots=True)
class BuildCache:
    """A folder of finished builds. An entry carries its own digest: a damaged one counts as absent."""

    folder: Path

    @classmethod
    def default(cls, environment: Mapping[str, str] = os.environ) -> "BuildCache":
        """`$AEI_BUILD_CACHE`, else `~/.cache/aei/builds`."""
        named = environment.get(BUILD_CACHE)
        return cls(Path(named) if named else Path.home() / ".cache" / "aei" / "builds")

    def find(self, key: str) -> bytes | None:
        """The bytes kept under a key."""
        try:
            kept = (self.folder / key).read_bytes()
        except FileNotFoundError:
            return None
        digest, content = kept[:_DIGEST_BYTES], kept[_DIGEST_BYTES:]
        return content if hashlib.sha256(content).digest() == digest else None

    def keep(self, key: str, content: bytes) -> None:
        """Keep bytes under a key; complete or not at all, also when two builds race."""
        self.folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self.folder, prefix=".new-")
        with os.fdopen(handle, "wb") as file:
            file.write(hashlib.sha256(content).digest() + content)
        Path(name).replace(self.folder / key)

    @contextmanager
    def turn(self, key: str) -> Iterator[None]:
        """Wait until nobody else makes what belongs under a key; who comes second finds it made.

        Args:
            key: a digest, as `key_of` gives it.
        """
        turns = self.folder / "turns"
        turns.mkdir(parents=True, exist_ok=True)
        # A lock ends with its process, whatever ends that; so the files may stay, and a few serve all keys.
        with (turns / key[:2]).open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def key_of(parts: Iterable[tuple[str, bytes]]) -> str:
    """A digest over named parts; every name and content is preceded by its length."""
    digest = hashlib.sha256()
    for name, content in parts:
        for piece in (name.encode(), content):
            digest.update(len(piece).to_bytes(8, "big") + piece)
    return digest.hexdigest()


@cache
def kit_digest() -> str:
    """A digest of the kit itself: a changed header or glue module makes a new build."""
    folders = [files("aei_sdk") / "guest", files("aei_sdk") / "builder", files("aei_protocol") / "wit"]
    return key_of(part for folder in folders for part in _walk(folder, folder.name))


def _walk(folder: Traversable, path: str) -> Iterable[tuple[str, bytes]]:
    for entry in sorted(folder.iterdir(), key=lambda e: e.name):
        if entry.is_dir() and entry.name != "__pycache__":
            yield from _walk(entry, f"{path}/{entry.name}")
        elif entry.is_file():
            yield f"{path}/{entry.name}", entry.read_bytes()
