"""What has to be on the disk before anybody relies on it."""

import os
from pathlib import Path


def flush_to_disk(path: Path) -> None:
    """Have a file's content, or a folder's entries, survive a loss of power too.

    Raises:
        OSError: it is not there, or the disk does not take it.
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
