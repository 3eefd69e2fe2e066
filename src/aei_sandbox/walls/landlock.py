"""Landlock: no file but the artefacts, no TCP, no signal or abstract socket to the outside.

Structures and constants as in the kernel's `linux/landlock.h`.
"""

import ctypes
import os
import struct
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

from aei_sandbox.walls.kernel import PR_SET_NO_NEW_PRIVS, prctl, system_call

_VERSION_FLAG, _RULE_PATH_BENEATH = 1, 1
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 1 << 1, 1 << 2, 1 << 3
_REFER, _TRUNCATE, _IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15
_BASE_RIGHTS = (1 << 13) - 1
#: The rights that mean something for what is no directory; the kernel takes no others there.
_RIGHTS_OF_A_FILE = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEV
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
    _restrict([] if readable is None else [(readable, _READ_FILE | _READ_DIR)])


def restrict_files(readable: Iterable[Path], writable: Iterable[Path]) -> None:
    """Allow these files, and what lies below these folders, and nothing else that landlock can forbid.

    Args:
        readable: may be read and executed.
        writable: may be read, written, made and removed, and never executed.

    Raises:
        OSError: one cannot be opened, or the kernel refused.
    """
    known = _file_rights(abi())
    wanted = [(path, _READ_FILE | _READ_DIR | _EXECUTE) for path in readable]
    wanted += [(path, known & ~_EXECUTE & ~_REFER) for path in writable]
    with ExitStack() as stack:
        rules = []
        for path, rights in wanted:
            descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
            stack.callback(os.close, descriptor)
            rules.append((descriptor, rights & (known if path.is_dir() else _RIGHTS_OF_A_FILE & known)))
        _restrict(rules)


def _restrict(allowed: Iterable[tuple[int, int]]) -> None:
    """Restrict this process to open descriptors with their rights."""
    attributes = _attributes(abi())
    rules = system_call("landlock_create_ruleset", attributes, len(attributes.raw), 0)
    try:
        for descriptor, rights in allowed:
            rule = ctypes.create_string_buffer(struct.pack("=Qi", rights, descriptor), 12)
            system_call("landlock_add_rule", rules, _RULE_PATH_BENEATH, rule, 0)
        prctl(PR_SET_NO_NEW_PRIVS, 1)
        system_call("landlock_restrict_self", rules, 0)
    finally:
        os.close(rules)


def _file_rights(version: int) -> int:
    """Every right on files that this version knows how to take away."""
    rights = _BASE_RIGHTS
    rights |= _REFER if version >= 2 else 0
    rights |= _TRUNCATE if version >= 3 else 0
    return rights | (_IOCTL_DEV if version >= 5 else 0)


def _attributes(version: int) -> "ctypes.Array[ctypes.c_char]":
    """Every right that this version knows how to take away."""
    size = 8 if version < 4 else 16 if version < 6 else 24
    packed = struct.pack("QQQ", _file_rights(version), _BIND_AND_CONNECT_TCP, _ABSTRACT_SOCKETS_AND_SIGNALS)[
        :size
    ]
    return ctypes.create_string_buffer(packed, size)
