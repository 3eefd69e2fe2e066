"""The children's logs: appended by them, kept short by the launcher."""

import os
import shutil
from pathlib import Path
from typing import BinaryIO

#: A log is moved aside at this size, and the one before it dropped.
LARGEST_BYTES = 16 * 1024 * 1024
_TAIL_BYTES = 4096


def open_log(path: Path) -> BinaryIO:
    """Open for appending only, so that shortening the file underneath is safe."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600), "ab")


def shorten_logs(folder: Path, largest: int = LARGEST_BYTES) -> None:
    """Move what is in an overlong log to `NAME.log.1` and empty it; its writer goes on undisturbed."""
    for log in folder.glob("*.log"):
        if log.stat().st_size > largest:
            shutil.copyfile(log, log.with_name(f"{log.name}.1"))
            os.truncate(log, 0)


def tail(path: Path, lines: int = 12) -> str:
    """The last lines of a log, or nothing where there is none."""
    try:
        with path.open("rb") as log:
            log.seek(max(0, path.stat().st_size - _TAIL_BYTES))
            return "\n".join(log.read().decode(errors="replace").strip().splitlines()[-lines:])
    except FileNotFoundError:
        return ""
