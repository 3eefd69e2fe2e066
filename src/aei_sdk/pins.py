"""What was trusted and seen of each marketplace's public log, beside what `aei login` stores."""

import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aei_inspection.notes import Checkpoint, NoteMalformed, NoteUnproven, VerifyingKey, open_checkpoint
from aei_sdk.credentials import credentials_file
from aei_sdk.errors import AeiError


@dataclass(frozen=True, slots=True)
class Pin:
    """What is trusted of one log.

    Attributes:
        key: the key that signs its checkpoints.
        seen: the note of the last checkpoint that was checked; None when there was none.
    """

    key: VerifyingKey
    seen: str | None = None

    @property
    def checkpoint(self) -> Checkpoint | None:
        """The last checkpoint that was checked."""
        return None if self.seen is None else open_checkpoint(self.seen, self.key)


def pins_file() -> Path:
    """`logs.json` beside the stored credentials."""
    return credentials_file().with_name("logs.json")


def read_pin(path: Path, url: str) -> Pin | None:
    """What is trusted of the marketplace at this address, None when nothing is yet.

    Raises:
        AeiError: the stored file is damaged. Nothing is guessed: it is what protects the caller.
    """
    stored = _read(path).get(url)
    if stored is None:
        return None
    try:
        pin = Pin(VerifyingKey.parse(str(stored["key"])), stored.get("seen"))
        _ = pin.checkpoint  # a damaged one is found here rather than half-way
    except (KeyError, TypeError, AttributeError, NoteMalformed, NoteUnproven) as error:
        raise _damaged(path, error) from error
    return pin


def store_pin(path: Path, url: str, pin: Pin) -> None:
    """Remember it; the file is complete or as before, and for this user alone."""
    stored = {**_read(path), url: {"key": pin.key.text(), "seen": pin.seen}}
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".logs-")  # created with mode 0600
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(stored, file, indent=2)
    Path(name).replace(path)


def _read(path: Path) -> dict[str, Any]:
    try:
        stored = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise _damaged(path, error) from error
    if not isinstance(stored, dict):
        raise _damaged(path, TypeError("it holds no object"))
    return stored


def _damaged(path: Path, error: Exception) -> AeiError:
    return AeiError(
        f"{path} cannot be read",
        f"{error}. It holds the keys and checkpoints of the logs that you trust.",
        advice="Restore it from a copy; or remove it and give the key anew, with --log-key KEY.",
    )
