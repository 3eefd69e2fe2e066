"""An own view of the system: no network, no other processes, and a root folder that holds nothing."""

import ctypes
import os

from aei_sandbox.walls.kernel import libc, raise_errno, system_call

CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC = 0x20000, 0x2000000, 0x4000000, 0x8000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
_APART = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID | CLONE_NEWNET

_MS_RDONLY, _MS_NOSUID, _MS_NODEV, _MS_NOEXEC, _MS_REMOUNT = 1, 2, 4, 8, 32
_MS_BIND, _MS_REC, _MS_PRIVATE, _MNT_DETACH = 0x1000, 0x4000, 1 << 18, 2

#: Where the artefact directory appears inside the empty root.
ARTEFACTS = "/artefacts"
#: Any existing directory: the new root is mounted upon it.
_SCRATCH = "/tmp"  # noqa: S108 nothing is written there


def own_namespaces() -> None:
    """Leave every namespace that can be left; the pid namespace begins with the next fork.

    Always with a user namespace, so that the mounts of the empty root need no privilege outside.
    The process has to be single threaded and dumpable.

    Raises:
        OSError: the machine allows no user namespaces.
    """
    uid, gid = os.getuid(), os.getgid()
    if libc.unshare(_APART | CLONE_NEWUSER) != 0:
        raise_errno("unshare")
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{uid} {uid} 1")
    _write("/proc/self/gid_map", f"{gid} {gid} 1")


def empty_root() -> None:
    """Make an empty, read-only tmpfs the root, with the working directory in it and nothing else.

    Everything that is ever imported must be imported already. The working directory stays the same
    folder, now at `ARTEFACTS`.

    Raises:
        OSError: the machine allows no mounts here.
    """
    _mount(b"none", b"/", None, _MS_REC | _MS_PRIVATE)
    # Opened by its place in this mount namespace: a descriptor from before belongs to another one.
    artefacts = os.open(".", os.O_PATH | os.O_DIRECTORY)
    _mount(
        b"tmpfs",
        _SCRATCH.encode(),
        b"tmpfs",
        _MS_NOSUID | _MS_NODEV | _MS_NOEXEC,
        b"size=4k,nr_inodes=8,mode=0755",
    )
    place = (_SCRATCH + ARTEFACTS).encode()
    os.mkdir(place)
    _mount(f"/proc/self/fd/{artefacts}".encode(), place, None, _MS_BIND)
    # Executable mappings stay allowed here: that is what an artefact is for.
    _mount(b"none", place, None, _MS_BIND | _MS_REMOUNT | _MS_RDONLY | _MS_NOSUID | _MS_NODEV)
    os.close(artefacts)
    os.chdir(_SCRATCH)
    system_call("pivot_root", b".", b".")
    if libc.umount2(b".", _MNT_DETACH) != 0:
        raise_errno("umount2")
    os.chdir("/")
    _mount(b"none", b"/", None, _MS_REMOUNT | _MS_RDONLY | _MS_NOSUID | _MS_NODEV | _MS_NOEXEC)
    os.chdir(ARTEFACTS)


def _mount(source: bytes, target: bytes, kind: bytes | None, flags: int, data: bytes | None = None) -> None:
    if libc.mount(source, target, kind, ctypes.c_ulong(flags), data) != 0:
        raise_errno(f"mount {target.decode()}")


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="ascii") as file:
        file.write(text)
