"""The file that tells scripts that the marketplace is ready, where it is and how to enter."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def only_meanwhile(path: Path | None) -> Iterator[None]:
    """Remove the file before and after: where it stands, a marketplace is ready."""
    if path is None:
        yield
        return
    path.unlink(missing_ok=True)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def write_ready_file(path: Path, url: str, tokens: Mapping[str, str], pids: Mapping[str, int]) -> None:
    """Write `{"url", "tokens", "pids"}` whole, readable by its owner only: tokens are in it.

    Args:
        path: the file.
        url: where the marketplace answers.
        tokens: bearer tokens by role; empty without the demo seed.
        pids: process ids by name.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f"{path.name}.partial")
    half.unlink(missing_ok=True)
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump({"url": url, "tokens": dict(tokens), "pids": dict(pids)}, file, indent=2)
    half.rename(path)
