"""Runs a command as another user: `python as_user.py UID COMMAND…`, as root.

Where the interpreter lies below a folder that only root may enter, this process gets a mount
namespace of its own in which that folder can be entered, and shows nothing but the interpreter.
"""

import ctypes
import itertools
import os
import sys
import tempfile
from pathlib import Path

libc = ctypes.CDLL(None, use_errno=True)
_CLONE_NEWNS, _BIND_ALL, _PRIVATE_ALL, _DETACH = 0x20000, 0x1000 | 0x4000, 0x4000 | 1 << 18, 2


def mount(source: str, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    encoded = [text.encode() if text is not None else None for text in (source, target, kind)]
    if libc.mount(*encoded, ctypes.c_ulong(flags), data.encode() if data else None) != 0:
        raise OSError(ctypes.get_errno(), f"mount {target}")


def open_the_way(interpreter: Path) -> None:
    """Make the interpreter reachable for everybody, in this process's view alone."""
    way = [*reversed(interpreter.parents), interpreter]
    for closed, below in itertools.pairwise(way):
        if not closed.stat().st_mode & 0o001:
            cover = tempfile.mkdtemp(prefix="aei-way-")
            mount("tmpfs", cover, "tmpfs", 0, "mode=0755")
            inside = Path(cover, below.name)
            inside.mkdir()
            mount(str(below), str(inside), None, _BIND_ALL)
            mount(cover, str(closed), None, _BIND_ALL)
            libc.umount2(cover.encode(), _DETACH)
            os.rmdir(cover)
            return


def main() -> None:
    uid, command = int(sys.argv[1]), sys.argv[2:]
    if libc.unshare(_CLONE_NEWNS) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    mount("none", "/", None, _PRIVATE_ALL)
    open_the_way(Path(os.path.realpath(command[0])))
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    os.execve(command[0], command, {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"})  # noqa: S606 no shell wanted


if __name__ == "__main__":
    main()
