"""Text files in the granted area. Needs the permission `filesystem`.

Paths begin with `scratch/` (empty at each start) or `persistent/` (kept with the installation). Every
function raises Denied, Invalid, NotFound, Quota or Unavailable, as their names say.
"""

import json

from wit_world.imports import files as _host

from aei.ask import ask


def read(path: str) -> str:
    """A file's content."""
    return ask(_host.read, path)


def write(path: str, content: str) -> None:
    """Create or replace a file."""
    ask(_host.write, path, content)


def listing(folder: str) -> list[dict[str, object]]:
    """The files under a folder, each with `path` and `size` in bytes."""
    return json.loads(ask(_host.list, folder))


def delete(path: str) -> None:
    """Remove a file."""
    ask(_host.delete, path)
