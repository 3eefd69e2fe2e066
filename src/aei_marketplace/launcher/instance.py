"""At most one launcher for a data folder, and where to find the one that runs."""

import fcntl
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from aei_marketplace.launcher.errors import AlreadyRunning


@contextmanager
def sole_instance(lock_file: Path) -> Iterator[Callable[[str], None]]:
    """Hold the data folder for as long as the block runs.

    The kernel releases the lock with the process, so a killed launcher stands in nobody's way.

    Args:
        lock_file: in a folder that exists.

    Yields:
        A function that tells whoever is refused the URL of this instance.

    Raises:
        AlreadyRunning: another launcher holds it.
    """
    with lock_file.open("a+", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise AlreadyRunning(_refusal(lock_file)) from error
        lock.truncate(0)

        def announce(url: str) -> None:
            lock.write(json.dumps({"pid": os.getpid(), "url": url}))
            lock.flush()

        yield announce


def _refusal(lock_file: Path) -> str:
    try:
        other = json.loads(lock_file.read_text(encoding="utf-8"))
        where = f"at {other['url']} (process id {other['pid']})"
    except (ValueError, KeyError, OSError):
        where = "and is just starting"
    return (
        f"The marketplace in {lock_file.parent.parent} runs already, {where}. "
        "Use that one, stop it first, or choose another folder with --data."
    )
