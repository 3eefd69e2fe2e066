"""The kernel's own door: system calls by name, through ctypes, for x86_64 and aarch64.

Numbers are those of the kernel's `unistd` tables for each architecture.
"""

import ctypes
import errno
import os
import platform
import sys

libc = ctypes.CDLL(None, use_errno=True)
MACHINE = platform.machine()

# What no tool of a scan has a use for; the newest have the same number everywhere.
_FORBIDDEN_EVERYWHERE = {
    "pidfd_getfd": 438, "process_madvise": 440, "io_uring_setup": 425, "io_uring_enter": 426,
    "io_uring_register": 427, "open_tree": 428, "move_mount": 429, "fsopen": 430, "fsconfig": 431,
    "fsmount": 432, "fspick": 433, "mount_setattr": 442,
}  # fmt: skip
_X86_64_FORBIDDEN = _FORBIDDEN_EVERYWHERE | {
    "socket": 41, "connect": 42, "accept": 43, "bind": 49, "listen": 50, "socketpair": 53, "clone": 56,
    "ptrace": 101, "syslog": 103, "modify_ldt": 154, "adjtimex": 159, "chroot": 161, "acct": 163,
    "settimeofday": 164, "mount": 165, "umount2": 166, "swapon": 167, "swapoff": 168, "reboot": 169,
    "iopl": 172, "ioperm": 173, "init_module": 175, "delete_module": 176, "quotactl": 179,
    "clock_settime": 227, "kexec_load": 246, "add_key": 248, "request_key": 249, "keyctl": 250,
    "unshare": 272, "accept4": 288, "perf_event_open": 298, "open_by_handle_at": 304,
    "clock_adjtime": 305, "setns": 308, "process_vm_readv": 310, "process_vm_writev": 311, "kcmp": 312,
    "finit_module": 313, "kexec_file_load": 320, "bpf": 321, "userfaultfd": 323,
}  # fmt: skip
_AARCH64_FORBIDDEN = _FORBIDDEN_EVERYWHERE | {
    "umount2": 39, "mount": 40, "chroot": 51, "quotactl": 60, "acct": 89, "unshare": 97,
    "kexec_load": 104, "init_module": 105, "delete_module": 106, "clock_settime": 112, "syslog": 116,
    "ptrace": 117, "reboot": 142, "settimeofday": 170, "adjtimex": 171, "socket": 198,
    "socketpair": 199, "bind": 200, "listen": 201, "accept": 202, "connect": 203, "add_key": 217,
    "request_key": 218, "keyctl": 219, "clone": 220, "swapon": 224, "swapoff": 225,
    "perf_event_open": 241, "accept4": 242, "open_by_handle_at": 265, "clock_adjtime": 266, "setns": 268,
    "process_vm_readv": 270, "process_vm_writev": 271, "kcmp": 272, "finit_module": 273, "bpf": 280,
    "userfaultfd": 282, "kexec_file_load": 294,
}  # fmt: skip
#: Calls that are refused to the tools of a scan whatever their arguments are.
FORBIDDEN_TO_TOOLS = tuple(sorted({*_X86_64_FORBIDDEN, *_AARCH64_FORBIDDEN, "pivot_root"} - {"clone"}))

_NUMBERS: dict[str, dict[str, int]] = {
    "x86_64": {
        "read": 0, "write": 1, "open": 2, "close": 3, "stat": 4, "fstat": 5, "lstat": 6, "poll": 7,
        "lseek": 8, "mmap": 9, "mprotect": 10, "munmap": 11, "brk": 12, "rt_sigaction": 13,
        "rt_sigprocmask": 14, "rt_sigreturn": 15, "ioctl": 16, "readv": 19, "writev": 20, "access": 21,
        "sched_yield": 24, "mremap": 25, "madvise": 28, "nanosleep": 35, "getpid": 39, "sendto": 44,
        "recvfrom": 45, "exit": 60, "fcntl": 72, "getcwd": 79, "readlink": 89, "gettimeofday": 96,
        "getrusage": 98, "sysinfo": 99, "getuid": 102, "getgid": 104, "geteuid": 107, "getegid": 108,
        "capset": 126, "sigaltstack": 131, "pivot_root": 155, "prctl": 157, "gettid": 186, "futex": 202,
        "sched_getaffinity": 204, "getdents64": 217, "set_tid_address": 218, "restart_syscall": 219,
        "clock_gettime": 228, "clock_getres": 229, "clock_nanosleep": 230, "exit_group": 231,
        "tgkill": 234, "openat": 257, "newfstatat": 262, "readlinkat": 267, "faccessat": 269,
        "ppoll": 271, "set_robust_list": 273, "prlimit64": 302, "seccomp": 317, "getrandom": 318,
        "memfd_create": 319, "membarrier": 324, "statx": 332, "rseq": 334, "clone3": 435,
        "close_range": 436, "faccessat2": 439, "landlock_create_ruleset": 444, "landlock_add_rule": 445,
        "landlock_restrict_self": 446,
        **_X86_64_FORBIDDEN,
    },
    "aarch64": {
        "getcwd": 17, "fcntl": 25, "ioctl": 29, "pivot_root": 41, "faccessat": 48, "openat": 56,
        "close": 57, "getdents64": 61, "lseek": 62, "read": 63, "write": 64, "readv": 65, "writev": 66,
        "ppoll": 73, "readlinkat": 78, "newfstatat": 79, "fstat": 80, "capset": 91, "exit": 93,
        "exit_group": 94, "set_tid_address": 96, "futex": 98, "set_robust_list": 99, "nanosleep": 101,
        "clock_gettime": 113, "clock_getres": 114, "clock_nanosleep": 115, "sched_getaffinity": 123,
        "sched_yield": 124, "restart_syscall": 128, "tgkill": 131, "sigaltstack": 132,
        "rt_sigaction": 134, "rt_sigprocmask": 135, "rt_sigreturn": 139, "getrusage": 165, "prctl": 167,
        "gettimeofday": 169, "getpid": 172, "getuid": 174, "geteuid": 175, "getgid": 176,
        "getegid": 177, "gettid": 178, "sysinfo": 179, "sendto": 206, "recvfrom": 207, "brk": 214,
        "munmap": 215, "mremap": 216, "mmap": 222, "mprotect": 226, "madvise": 233, "prlimit64": 261,
        "seccomp": 277, "getrandom": 278, "memfd_create": 279, "membarrier": 283, "statx": 291,
        "rseq": 293, "clone3": 435, "close_range": 436, "faccessat2": 439,
        "landlock_create_ruleset": 444, "landlock_add_rule": 445, "landlock_restrict_self": 446,
        **_AARCH64_FORBIDDEN,
    },
}  # fmt: skip

#: Numbers of the machine that runs this; empty where no table is known.
NUMBERS: dict[str, int] = _NUMBERS.get(MACHINE, {}) if sys.platform.startswith("linux") else {}

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_CAPBSET_DROP = 1, 4, 24
PR_SET_SECUREBITS, PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT = 28, 38, 47


def supported() -> bool:
    """Whether the walls can be built here: Linux on x86_64 or aarch64."""
    return bool(NUMBERS)


def system_call(name: str, *arguments: object) -> int:
    """Make one system call; integers are passed as C longs.

    Raises:
        OSError: the kernel refused, or this machine has no number for `name`.
    """
    if name not in NUMBERS:
        raise OSError(errno.ENOSYS, f"{name} is not known on {MACHINE}")
    words = (ctypes.c_long(a) if isinstance(a, int) else a for a in arguments)
    result = int(libc.syscall(ctypes.c_long(NUMBERS[name]), *words))
    if result < 0:
        raise_errno(name)
    return result


def prctl(option: int, *arguments: int) -> None:
    """Set one property of this process.

    Raises:
        OSError: the kernel refused.
    """
    words = [ctypes.c_ulong(a) for a in (*arguments, 0, 0, 0, 0)[:4]]
    if libc.prctl(option, *words) < 0:
        raise_errno(f"prctl {option}")


def raise_errno(what: str) -> None:
    """Turn the C library's errno into an exception."""
    number = ctypes.get_errno()
    raise OSError(number, f"{what}: {os.strerror(number)}")
