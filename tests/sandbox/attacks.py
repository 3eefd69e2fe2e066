"""What native code would try once it had broken out of WebAssembly.

Each attack is a function of the targets; it returns when it succeeded and raises when it was stopped.
Numbers of system calls without a C wrapper are those of x86_64 and aarch64.
"""

import ctypes
import mmap
import os
import platform
import resource
import signal
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

libc = ctypes.CDLL(None, use_errno=True)
_X86 = platform.machine() == "x86_64"
SECRET = b"secret of the server"


@dataclass(frozen=True)
class Targets:
    """What the server outside has that an attacker wants."""

    parent: int
    sibling: int
    folder: str
    secret_file: str
    inherited: int
    secret_address: int
    tcp_port: int
    udp_port: int
    abstract: str
    path_socket: str
    shared_memory_key: int
    queue_key: int


def _system_call(x86: int, arm: int, *arguments: Any) -> int:
    words = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    return _check(libc.syscall(ctypes.c_long(x86 if _X86 else arm), *words))


def _check(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def open_etc_passwd(_: Targets) -> None:
    with open("/etc/passwd") as file:
        file.read()


def read_the_servers_secret_file(t: Targets) -> None:
    with open(t.secret_file, "rb") as file:
        assert SECRET in file.read()


def write_a_file(t: Targets) -> None:
    with open(f"{t.folder}/written", "w") as file:
        file.write("x")


def write_shared_memory_file(t: Targets) -> None:
    path = f"/dev/shm/attack-{t.parent}"
    with open(path, "w") as file:
        file.write("x")
    os.unlink(path)


def make_a_symlink(t: Targets) -> None:
    os.symlink("/etc/shadow", f"{t.folder}/link")
    os.unlink(f"{t.folder}/link")


def list_the_root(_: Targets) -> None:
    assert len(os.listdir("/")) > 3


def list_processes(_: Targets) -> None:
    assert sum(name.isdigit() for name in os.listdir("/proc")) > 3


def connect_tcp(t: Targets) -> None:
    with socket.create_connection(("127.0.0.1", t.tcp_port), 2):
        pass


def send_udp(t: Targets) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.sendto(b"x", ("127.0.0.1", t.udp_port))


def listen_tcp(_: Targets) -> None:
    with socket.socket() as line:
        line.bind(("127.0.0.1", 0))
        line.listen(1)


def connect_abstract_socket(t: Targets) -> None:
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(t.abstract)


def connect_path_socket(t: Targets) -> None:
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(t.path_socket)


def make_a_socket_pair(_: Targets) -> None:
    socket.socketpair()


def open_packet_socket(_: Targets) -> None:
    socket.socket(socket.AF_PACKET, socket.SOCK_RAW).close()


def open_netlink_socket(_: Targets) -> None:
    socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0).close()


def open_vsock(_: Targets) -> None:
    socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM).close()


def fork(_: Targets) -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)


def outlive_the_execution(_: Targets) -> None:
    if os.fork() == 0:
        os.setsid()
        os._exit(0)


def execute_a_program(_: Targets) -> None:
    os.execv("/bin/true", ["true"])  # noqa: S606 that is the attack


def execute_from_memory(_: Targets) -> None:
    memory = os.memfd_create("x")
    with open("/bin/true", "rb") as program:
        os.write(memory, program.read())
    os.execve(memory, ["true"], {})  # noqa: S606 that is the attack


def start_a_thread(_: Targets) -> None:
    thread = threading.Thread(target=lambda: None)
    thread.start()
    thread.join()


def trace_the_parent(t: Targets) -> None:
    _system_call(101, 117, 0x4206, t.parent, 0, 0)


class _Span(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


def _move_parent_memory(t: Targets, x86: int, arm: int, content: bytes) -> bytes:
    buffer = ctypes.create_string_buffer(content, len(content))
    ours = _Span(ctypes.addressof(buffer), len(content))
    theirs = _Span(t.secret_address, len(content))
    _system_call(x86, arm, t.parent, ctypes.byref(ours), 1, ctypes.byref(theirs), 1, 0)
    return buffer.raw


def read_the_parents_memory(t: Targets) -> None:
    assert _move_parent_memory(t, 310, 270, bytes(len(SECRET))) == SECRET


def write_the_parents_memory(t: Targets) -> None:
    _move_parent_memory(t, 311, 271, SECRET)


def open_the_parents_memory(t: Targets) -> None:
    with open(f"/proc/{t.parent}/mem", "rb", 0) as memory:
        memory.seek(t.secret_address)
        assert memory.read(len(SECRET)) == SECRET


def read_the_parents_environment(t: Targets) -> None:
    with open(f"/proc/{t.parent}/environ", "rb") as block:
        block.read()


def take_the_parents_descriptor(t: Targets) -> None:
    os.close(_system_call(438, 438, os.pidfd_open(t.parent), 1, 0))


def signal_the_parent(t: Targets) -> None:
    os.kill(t.parent, signal.SIGUSR1)


def signal_a_sibling(t: Targets) -> None:
    os.kill(t.sibling, signal.SIGCONT)


def change_the_parents_limits(t: Targets) -> None:
    resource.prlimit(t.parent, resource.RLIMIT_CORE)


def map_writable_code(_: Targets) -> None:
    mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC).close()


def turn_data_into_code(_: Targets) -> None:
    page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE)
    address = ctypes.addressof(ctypes.c_char.from_buffer(page))
    _check(libc.mprotect(ctypes.c_void_p(address), 4096, mmap.PROT_READ | mmap.PROT_EXEC))


def map_code_from_memory_file(_: Targets) -> None:
    memory = os.memfd_create("x")
    os.ftruncate(memory, 4096)
    mmap.mmap(memory, 4096, prot=mmap.PROT_READ | mmap.PROT_EXEC).close()


_callback = ctypes.CFUNCTYPE(ctypes.c_int)(lambda: 1)


def overwrite_existing_code(_: Targets) -> None:
    address = ctypes.cast(_callback, ctypes.c_void_p).value
    assert address is not None
    ctypes.memmove(address, ctypes.string_at(address, 8), 8)


def make_a_user_namespace(_: Targets) -> None:
    _check(libc.unshare(0x10000000))


def enter_the_parents_namespace(t: Targets) -> None:
    _check(libc.setns(os.open(f"/proc/{t.parent}/ns/uts", os.O_RDONLY), 0))


def change_the_root(_: Targets) -> None:
    os.chroot("/tmp")


def mount_something(t: Targets) -> None:
    _check(libc.mount(b"none", t.folder.encode(), b"tmpfs", 0, None))
    libc.umount2(t.folder.encode(), 2)


def use_io_uring(_: Targets) -> None:
    os.close(_system_call(425, 425, 1, ctypes.create_string_buffer(256)))


def load_bpf(_: Targets) -> None:
    # BPF_MAP_CREATE of an array with one element
    attributes = ctypes.create_string_buffer(struct.pack("IIIII", 2, 4, 4, 1, 0), 120)
    os.close(_system_call(321, 280, 0, attributes, 120))


def open_performance_counters(_: Targets) -> None:
    # PERF_TYPE_SOFTWARE, PERF_COUNT_SW_TASK_CLOCK, of this process, excluding the kernel
    attributes = ctypes.create_string_buffer(struct.pack("IIQQQQQ", 1, 128, 1, 0, 0, 0, 1 << 5 | 1 << 6), 128)
    os.close(_system_call(298, 241, attributes, 0, -1, -1, 0))


def add_a_key(t: Targets) -> None:
    _system_call(248, 217, b"user", b"attack-%d" % t.parent, b"v", 1, -2)


def use_userfaultfd(_: Targets) -> None:
    os.close(_system_call(323, 282, 1))


def watch_files(t: Targets) -> None:
    watch = _check(libc.inotify_init1(0))
    _check(libc.inotify_add_watch(watch, t.folder.encode(), 0x100))
    os.close(watch)


def attach_shared_memory(t: Targets) -> None:
    _check(libc.shmget(t.shared_memory_key, 0, 0))


def open_a_message_queue(t: Targets) -> None:
    _check(libc.msgget(t.queue_key, 0))


def become_root(_: Targets) -> None:
    os.setuid(0)


def hold_capabilities(_: Targets) -> None:
    header = ctypes.create_string_buffer(struct.pack("Ii", 0x20080522, 0), 8)
    held = ctypes.create_string_buffer(24)
    _system_call(125, 90, header, held)
    assert any(struct.unpack("6I", held.raw)[0::3])


def rename_the_machine(_: Targets) -> None:
    name = socket.gethostname()
    socket.sethostname(name)


def take_priority(_: Targets) -> None:
    os.setpriority(os.PRIO_PROCESS, 0, -5)


def read_kernel_log(_: Targets) -> None:
    buffer = ctypes.create_string_buffer(64)
    _check(libc.klogctl(3, buffer, 64))


def take_two_gigabytes(_: Targets) -> None:
    bytearray(2 << 30)


def open_thousands_of_descriptors(_: Targets) -> None:
    for _number in range(500):
        os.dup(0)


def write_a_large_file(t: Targets) -> None:
    with open(f"{t.folder}/large", "wb") as file:
        file.truncate(1 << 30)


def read_an_inherited_descriptor(t: Targets) -> None:
    os.lseek(t.inherited, 0, os.SEEK_SET)
    assert SECRET in os.read(t.inherited, 100)


def read_the_environment(_: Targets) -> None:
    libc.getenv.restype = ctypes.c_char_p
    assert libc.getenv(b"SERVER_TOKEN") == SECRET


def pass_a_descriptor(_: Targets) -> None:
    buffer = b"x"
    span = (ctypes.c_void_p * 2)(ctypes.cast(buffer, ctypes.c_void_p), 1)
    message = (ctypes.c_void_p * 7)(None, None, ctypes.cast(span, ctypes.c_void_p), 1, None, None, None)
    # A refusal that shows the call was let through to the kernel counts as success.
    if libc.sendmsg(0, ctypes.byref(message), 0) < 0 and ctypes.get_errno() not in (88, 9, 14):
        _check(-1)


ATTACKS: dict[str, Callable[[Targets], None]] = {
    name: value
    for name, value in list(globals().items())
    if callable(value) and getattr(value, "__module__", "") == __name__
    and not name.startswith("_") and name not in ("Targets", "Callable")
}  # fmt: skip

#: These need a privilege that a normal user does not have, so they fail for one without any wall.
NEED_ROOT = frozenset(
    {
        "open_packet_socket",
        "change_the_root",
        "mount_something",
        "become_root",
        "hold_capabilities",
        "rename_the_machine",
        "take_priority",
        "enter_the_parents_namespace",
    }
)

#: Kernels, interpreters and machines differ in these even for root; the walls are tried all the same.
MAY_BE_ABSENT = frozenset(
    {
        "open_vsock",
        "overwrite_existing_code",
        "use_io_uring",
        "load_bpf",
        "open_performance_counters",
        "use_userfaultfd",
        "read_kernel_log",
        "add_a_key",
        "make_a_user_namespace",
        "attach_shared_memory",
        "open_a_message_queue",
    }
)
