"""Landlock: no file but the artefacts, no TCP, no signal or abstract socket to the outside.

Structures and constants as in the kernel's `linux/landlock.h`.
"""

import ctypes
import os
import struct

from aei_sandbox.walls.kernel import PR_SET_NO_NEW_PRIVS, prctl, system_call

_VERSION_FLAG, _RULE_PATH_BENEATH = 1, 1
_READ_FILE, _READ_DIR = 1 << 2, 1 << 3
_REFER, _TRUNCATE, _IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15
_BASE_RIGHTS = (1 << 13) - 1
_BIND_AND_CONNECT_TCP = 3
_ABSTRACT_SOCKETS_AND_SIGNALS = 3


def abi() -> int:
    """The version that the kernel offers.

    Raises:
        OSError: the kernel has no landlock, or it is switched off.
    """
    return system_call("landlock_create_ruleset", None, 0, _VERSION_FLAG)


def restrict(readable: int | None) -> None:
    """Allow reading below one open directory, and nothing else that landlock can forbid.

    Args:
        readable: open descriptor of the directory; None for no directory at all.

    Raises:
        OSError: the kernel refused.
    """
    attributes = _attributes(abi())
    rules = system_call("landlock_create_ruleset", attributes, len(attributes.raw), 0)
    try:
        if readable is not None:
            rule = struct.pack("=Qi", _READ_FILE | _READ_DIR, readable)
            system_call(
                "landlock_add_rule", rules, _RULE_PATH_BENEATH, ctypes.create_string_buffer(rule, 12), 0
            )
        prctl(PR_SET_NO_NEW_PRIVS, 1)
        system_call("landlock_restrict_self", rules, 0)
    finally:
        os.close(rules)


def _attributes(version: int) -> "ctypes.Array[ctypes.c_char]":
    """Every right that this version knows how to take away."""
    rights = _BASE_RIGHTS
    rights |= _REFER if version >= 2 else 0
    rights |= _TRUNCATE if version >= 3 else 0
    rights |= _IOCTL_DEV if version >= 5 else 0
    size = 8 if version < 4 else 16 if version < 6 else 24
    packed = struct.pack("QQQ", rights, _BIND_AND_CONNECT_TCP, _ABSTRACT_SOCKETS_AND_SIGNALS)[:size]
    return ctypes.create_string_buffer(packed, size)
