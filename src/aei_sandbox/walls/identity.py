"""Which user the guests run as, and the way there."""

import ctypes
import os
import struct

from aei_sandbox.walls.kernel import (
    PR_CAP_AMBIENT,
    PR_CAPBSET_DROP,
    PR_SET_SECUREBITS,
    prctl,
    system_call,
)

#: Ids tried in order. 65534 is never one: a database may run as `nobody`.
CANDIDATES = (200_000, 65_533)

_CAPABILITY_VERSION_3 = 0x20080522
_LAST_CAPABILITY = 40
_AMBIENT_CLEAR_ALL = 4
# NOROOT, NO_SETUID_FIXUP and KEEP_CAPS off, each locked (see capabilities(7)).
_SECUREBITS = 0x2F


def guest_identity(effective: int, wanted: int | None, id_map: str) -> int:
    """The uid (and gid) under which guests run.

    Args:
        effective: uid of the host process; other than 0 it cannot be changed.
        wanted: the operator's choice.
        id_map: text of `/proc/self/uid_map`: lines of inside start, outside start, length.

    Raises:
        ValueError: none of the candidates exists in this user namespace.
    """
    if effective != 0:
        return effective
    ranges = [(int(line.split()[0]), int(line.split()[2])) for line in id_map.splitlines()]
    for candidate in (wanted,) if wanted is not None else CANDIDATES:
        if candidate > 0 and any(start <= candidate < start + length for start, length in ranges):
            return candidate
    raise ValueError("no user id to run guests as: give one with --worker-uid")


def take_identity(uid: int) -> None:
    """Become `uid` with no group, no capability and no way back.

    Raises:
        OSError: the process may not change its identity.
    """
    prctl(PR_SET_SECUREBITS, _SECUREBITS)
    prctl(PR_CAP_AMBIENT, _AMBIENT_CLEAR_ALL)
    for capability in range(_LAST_CAPABILITY + 1):
        prctl(PR_CAPBSET_DROP, capability)
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    drop_capabilities()


def drop_capabilities() -> None:
    """Give up every capability, those of an own user namespace included."""
    header = ctypes.create_string_buffer(struct.pack("Ii", _CAPABILITY_VERSION_3, 0), 8)
    system_call("capset", header, ctypes.create_string_buffer(24))
