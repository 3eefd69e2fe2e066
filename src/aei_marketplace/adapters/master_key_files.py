"""The master keys as files: `master.key`, and beside it those that it took the place of.

A rotation writes `master.key.next`, gives the present key its second name `master.key.old-FINGERPRINT`,
and renames the next one over it. Each step leaves every key that ever sealed anything in a file.
"""

import os
from pathlib import Path

from aei_marketplace.ground.durability import flush_to_disk
from aei_marketplace.ground.master_keys import fingerprint

KEY_BYTES = 32


class MasterKeyFiles:
    """The keys in one folder.

    Attributes:
        path: of the present key.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> tuple[bytes, ...]:
        """Every key, the present one first, then the older ones, the youngest first.

        Raises:
            ValueError: a file does not hold 32 bytes.
            FileNotFoundError: there is no present key.
        """
        present = _key_in(self.path)
        # A rotation that was killed in the middle left the present key under its second name, too.
        return tuple(dict.fromkeys((present, *map(_key_in, self.older()))))

    def older(self) -> list[Path]:
        """The files of older keys, the youngest first."""
        found = self.path.parent.glob(f"{self.path.name}.old-*")
        return sorted(found, key=lambda path: (path.stat().st_mtime_ns, path.name), reverse=True)

    def make(self, key: bytes | None = None) -> None:
        """Make a key where there is none; of several that do so at once, one does it.

        Args:
            key: which one; by default a new one.
        """
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        half = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        half.unlink(missing_ok=True)
        _write(half, key or os.urandom(KEY_BYTES))
        try:
            os.link(half, self.path)
        except FileExistsError:
            return
        finally:
            half.unlink()
        flush_to_disk(self.path.parent)

    def replace(self) -> tuple[bytes, bytes]:
        """Make a new key the present one and keep the old one beside it.

        Returns:
            The old and the new key.
        """
        upcoming = self.path.with_name(f"{self.path.name}.next")
        # One that a killed rotation left has sealed nothing yet, and may be half.
        upcoming.unlink(missing_ok=True)
        _write(upcoming, os.urandom(KEY_BYTES))
        old, new = _key_in(self.path), _key_in(upcoming)
        self.keep(old)
        upcoming.rename(self.path)
        flush_to_disk(self.path.parent)
        return old, new

    def keep(self, key: bytes) -> bool:
        """Keep a key as an older one; False when it is there already."""
        place = self._place_of(key)
        if place.exists():
            return False
        half = self.path.with_name(f".{place.name}.{os.getpid()}")
        half.unlink(missing_ok=True)
        _write(half, key)
        half.rename(place)
        flush_to_disk(self.path.parent)
        return True

    def drop(self, key: bytes) -> None:
        """Delete an older key for good."""
        self._place_of(key).unlink(missing_ok=True)
        flush_to_disk(self.path.parent)

    def _place_of(self, key: bytes) -> Path:
        return self.path.with_name(f"{self.path.name}.old-{fingerprint(key)}")


def _key_in(path: Path) -> bytes:
    key = path.read_bytes()
    if len(key) != KEY_BYTES:
        raise ValueError(f"{path} must hold {KEY_BYTES} bytes and holds {len(key)}.")
    return key


def _write(path: Path, key: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
