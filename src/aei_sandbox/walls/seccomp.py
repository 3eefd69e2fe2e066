"""Seccomp: the few system calls that running compiled code needs; anything else ends the process.

A filter is a classic BPF program over `struct seccomp_data` (kernel's `linux/seccomp.h`).
"""

import ctypes
import errno
import os
import struct
from dataclasses import dataclass

from aei_sandbox.walls.kernel import (
    FORBIDDEN_TO_TOOLS,
    MACHINE,
    NUMBERS,
    PR_SET_NO_NEW_PRIVS,
    prctl,
    system_call,
)

_AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
ALLOW, KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_SET_MODE_FILTER, _TSYNC = 1, 1
_NUMBER_OFFSET, _ARCH_OFFSET, _ARGUMENTS_OFFSET = 0, 4, 16
_X32_BIT = 0x40000000
_PROT_EXEC = 4
_PR_SET_NAME, _PR_GET_NAME = 15, 16
_F_SETFL = 4
#: Mount, cgroup, UTS, IPC, user, pid and network namespaces (`CLONE_NEW…` in the kernel's `sched.h`).
_NEW_NAMESPACES = 0x7E020000

# No sendmsg: descriptors never leave this way. No clone: guests need no thread.
_ALLOWED = [
    "read",
    "write",
    "readv",
    "writev",
    "recvfrom",
    "sendto",
    "futex",
    "madvise",
    "munmap",
    "close",
    "lseek",
    "mremap",
    "brk",
    "membarrier",
    "rt_sigaction",
    "rt_sigprocmask",
    "rt_sigreturn",
    "sigaltstack",
    "sched_yield",
    "nanosleep",
    "clock_gettime",
    "clock_getres",
    "clock_nanosleep",
    "gettimeofday",
    "getrandom",
    "getpid",
    "gettid",
    "getuid",
    "geteuid",
    "getgid",
    "getegid",
    "sched_getaffinity",
    "getrusage",
    "exit",
    "exit_group",
    "restart_syscall",
    "poll",
    "ppoll",
    "set_robust_list",
    "rseq",
    "set_tid_address",
    "fstat",
]

# Asked by runtimes that go on without an answer; a plain refusal keeps them alive.
_REFUSED = {
    **dict.fromkeys(
        [
            "open",
            "openat",
            "stat",
            "lstat",
            "newfstatat",
            "statx",
            "access",
            "faccessat",
            "faccessat2",
            "readlink",
            "readlinkat",
            "getcwd",
            "getdents64",
        ],
        errno.EACCES,
    ),
    **dict.fromkeys(["sysinfo", "prlimit64", "memfd_create"], errno.EPERM),
    "ioctl": errno.ENOTTY,
    "clone3": errno.ENOSYS,
}

_Instruction = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Filter:
    """An assembled filter.

    Attributes:
        program: packed instructions of 8 bytes.
        pid_offset: where the pid is written that alone may be signalled; None without such a rule.
    """

    program: bytes
    pid_offset: int | None

    def install(self) -> None:
        """Put this process behind the filter, for good.

        Raises:
            OSError: the kernel refused.
        """
        program = bytearray(self.program)
        if self.pid_offset is not None:
            struct.pack_into("I", program, self.pid_offset, os.getpid())
        code = ctypes.create_string_buffer(bytes(program), len(program))
        header = _Program(len(program) // 8, ctypes.addressof(code))
        prctl(PR_SET_NO_NEW_PRIVS, 1)
        system_call("seccomp", _SET_MODE_FILTER, _TSYNC, ctypes.byref(header))


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_void_p))


def guest_filter() -> Filter:
    """For workers: no new executable memory, since code is loaded before the filter stands."""
    return _assemble(executable_memory=False)


def compiler_filter() -> Filter:
    """For the compiling child, whose work it is to make executable memory."""
    return _assemble(executable_memory=True)


def tools_filter() -> Filter:
    """For a scan: everything that libraries and tools do, but no socket, and no way to touch the system."""
    refuse = _give(_ERRNO | errno.EPERM)
    body = [*_preamble()]
    for name in FORBIDDEN_TO_TOOLS:
        body += _block(name, [refuse])
    # Its flags lie in memory, where a filter can't look; the C library then uses clone.
    body += _block("clone3", [_give(_ERRNO | errno.ENOSYS)])
    body += _block("clone", [_load_argument(0), (_ANY_BIT, 0, 1, _NEW_NAMESPACES), refuse, _give(ALLOW)])
    body.append(_give(ALLOW))
    return Filter(_packed(body), None)


def _assemble(executable_memory: bool) -> Filter:
    body = [*_preamble()]
    for name in ("mmap", "mprotect"):
        body += _block(name, [_give(ALLOW)] if executable_memory else _not_executable())
    for name in _ALLOWED:
        body += _block(name, [_give(ALLOW)])
    for name, number in _REFUSED.items():
        body += _block(name, [_give(_ERRNO | number)])
    body += _block("prctl", _one_of(0, (_PR_SET_NAME, _PR_GET_NAME)))
    body += _block(
        "fcntl",
        [_load_argument(1), (_AT_LEAST, 1, 0, _F_SETFL + 1), _give(ALLOW), _give(_ERRNO | errno.EPERM)],
    )
    pid_at = len(body) + 2
    # abort() signals its own process and must stay able to.
    body += _block("tgkill", [_load_argument(0), (_EQUAL, 0, 1, 0), _give(ALLOW), _give(KILL)])
    body.append(_give(KILL))
    return Filter(_packed(body), pid_at * 8 + 4)


def _packed(body: list[_Instruction]) -> bytes:
    return b"".join(struct.pack("HBBI", *line) for line in body)


def _preamble() -> list[_Instruction]:
    """Only this architecture's own calls; on x86_64 the x32 numbers would be a second door."""
    lines = [(_LOAD, 0, 0, _ARCH_OFFSET), (_EQUAL, 1, 0, _AUDIT_ARCH[MACHINE]), _give(KILL)]
    lines.append((_LOAD, 0, 0, _NUMBER_OFFSET))
    if MACHINE == "x86_64":
        lines += [(_AT_LEAST, 0, 1, _X32_BIT), _give(KILL)]
    return lines


def _block(name: str, verdict: list[_Instruction]) -> list[_Instruction]:
    """`verdict` for the call of this name; nothing where the architecture has no such call."""
    return [(_EQUAL, 0, len(verdict), NUMBERS[name]), *verdict] if name in NUMBERS else []


def _not_executable() -> list[_Instruction]:
    return [_load_argument(2), (_ANY_BIT, 0, 1, _PROT_EXEC), _give(KILL), _give(ALLOW)]


def _one_of(argument: int, values: tuple[int, int]) -> list[_Instruction]:
    first, second = values
    return [
        _load_argument(argument),
        (_EQUAL, 1, 0, first),
        (_EQUAL, 0, 1, second),
        _give(ALLOW),
        _give(_ERRNO | errno.EPERM),
    ]


def _load_argument(index: int) -> _Instruction:
    """The low half of an argument: every value looked at fits in it on little-endian machines."""
    return (_LOAD, 0, 0, _ARGUMENTS_OFFSET + 8 * index)


def _give(verdict: int) -> _Instruction:
    return (_RETURN, 0, 0, verdict)
