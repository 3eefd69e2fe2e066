"""Where things are kept when nobody chose a place."""

import hashlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path


def default_data(environ: Mapping[str, str]) -> Path:
    """The data folder when nobody chose one: of the system for root, else of the user."""
    if os.geteuid() == 0:
        return Path("/var/lib/aei-marketplace")
    base = environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(base) / "aei-marketplace"


def default_runtime(data: Path, environ: Mapping[str, str]) -> Path:
    """A short folder for sockets that belongs to one data folder."""
    digest = hashlib.sha256(os.fsencode(data)).hexdigest()[:12]
    # A path with the user's id: another user's folder of the same data is no obstacle.
    return _runtime_base(environ) / f"aei-{os.geteuid()}-{digest}"


def _runtime_base(environ: Mapping[str, str]) -> Path:
    if os.geteuid() == 0:
        # Root's XDG folder is closed to the user that PostgreSQL runs as.
        candidates = [Path("/run"), Path(tempfile.gettempdir())]
    else:
        candidates = [Path(environ.get("XDG_RUNTIME_DIR") or "/nonexistent"), Path(tempfile.gettempdir())]
    usable = (
        base for base in candidates if len(os.fsencode(base)) <= 50 and os.access(base, os.W_OK | os.X_OK)
    )
    return next(usable, Path("/tmp"))  # noqa: S108 the launcher refuses a folder that is not its own
