"""Runs every attack, each in a process of its own, behind the walls of a worker or behind none.

`python -m tests.sandbox.inmate walls|control UID FOLDER` prints one JSON object: the walls that
stood, and for each attack whether it succeeded. Started with an empty environment, as the zygote is.
"""

import codecs
import ctypes
import json
import os
import signal
import socket
import sys
import time

from aei_sandbox.inside.worker import lock
from aei_sandbox.inside.zygote import Orders, build_walls
from aei_sandbox.walls import Walls
from aei_sandbox.walls.identity import guest_identity
from aei_sandbox.walls.process import close_descriptors, die_with_parent, null_streams
from aei_sandbox.walls.seccomp import guest_filter
from tests.sandbox.attacks import ATTACKS, SECRET, Targets, libc

_STOPPED, _BROKEN = 7, 8
# Loaded now: behind the walls their files are out of sight, and an attack would fail for want of them.
for _codec in ("ascii", "idna"):
    codecs.lookup(_codec)
_MEMORY_BYTES = 64 << 20
_kept: list[object] = []


def make_targets(folder: str) -> Targets:
    """The server's possessions, all of this process."""
    signal.signal(signal.SIGUSR1, lambda *_: None)
    secret_file = f"{folder}/secret"
    with open(secret_file, "wb") as file:
        file.write(SECRET)
    inherited = os.open(secret_file, os.O_RDONLY)
    tcp, udp = socket.socket(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    tcp.bind(("127.0.0.1", 0))
    tcp.listen(16)
    udp.bind(("127.0.0.1", 0))
    abstract, named = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
    abstract.bind(f"\0attack-{os.getpid()}")
    named.bind(f"{folder}/s")
    for line in (abstract, named):
        line.listen(16)
    memory = ctypes.create_string_buffer(SECRET, len(SECRET))
    _kept.extend((tcp, udp, abstract, named, memory))
    key = 0x5EC00000 + os.getpid()
    libc.shmget(key, 4096, 0o1600)
    libc.msgget(key, 0o1600)
    sibling = os.fork()
    if sibling == 0:
        die_with_parent(os.getppid())
        time.sleep(600)
        os._exit(0)
    return Targets(
        os.getpid(), sibling, folder, secret_file, inherited, ctypes.addressof(memory),
        tcp.getsockname()[1], udp.getsockname()[1], f"\0attack-{os.getpid()}", f"{folder}/s", key, key,
    )  # fmt: skip


def forget(targets: Targets) -> None:
    """Remove what the kernel keeps beyond a process's life."""
    os.kill(targets.sibling, signal.SIGKILL)
    os.waitpid(targets.sibling, 0)
    libc.shmctl(libc.shmget(targets.shared_memory_key, 0, 0), 0, None)
    libc.msgctl(libc.msgget(targets.queue_key, 0), 0, None)


def attempt(name: str, targets: Targets, walled: Walls | None) -> tuple[str, list[str]]:
    """One attack in a child: how it went, and the walls that stood around it."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        _attack(name, targets, walled, writing)
    os.close(writing)
    said = b""
    while part := os.read(reading, 4096):
        said += part
    os.close(reading)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return f"killed by signal {os.WTERMSIG(status)}", json.loads(said or b"[]")
    outcome = {0: "succeeded", _STOPPED: "stopped"}.get(os.WEXITSTATUS(status), "broken")
    return outcome, json.loads(said or b"[]")


def _attack(name: str, targets: Targets, walls: Walls | None, writing: int) -> None:
    try:
        if walls is not None:
            walls.build("closed_fds", lambda: close_descriptors([writing]))
            lock(walls, _MEMORY_BYTES, guest_filter())
        os.write(writing, json.dumps(walls.standing if walls else []).encode())
        ATTACKS[name](targets)
        os._exit(0)
    except (OSError, AssertionError, MemoryError):
        os._exit(_STOPPED)
    except BaseException:  # noqa: BLE001 an attack that fails in its own way must show, not pass for stopped
        os._exit(_BROKEN)


def main() -> None:
    mode, uid, folder = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    if uid:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
        libc.prctl(4, 1, 0, 0, 0)  # dumpable again, as a server that was started by this user would be
    targets = make_targets(folder)
    out = os.dup(1)
    runner = os.fork()
    if runner == 0:
        _run(mode, folder, targets, out)
    _, status = os.waitpid(runner, 0)
    forget(targets)
    sys.exit(os.waitstatus_to_exitcode(status))


def _run(mode: str, folder: str, targets: Targets, out: int) -> None:
    walls = None
    if mode == "walls":
        walls = Walls()
        null = os.open(os.devnull, os.O_RDWR)
        with open("/proc/self/uid_map", encoding="ascii") as id_map:
            identity = guest_identity(os.geteuid(), None, id_map.read())
        os.makedirs(f"{folder}/artefacts", exist_ok=True)
        os.chmod(f"{folder}/artefacts", 0o755)  # noqa: S103 it is empty
        build_walls(Orders(targets.parent, f"{folder}/artefacts", identity), walls)
        null_streams(null)
    else:
        libc.setenv(b"SERVER_TOKEN", SECRET, 1)
    results, standing = {}, []
    for name in ATTACKS:
        results[name], standing = attempt(name, targets, walls)
    os.write(
        out,
        json.dumps(
            {"walls": standing, "missing": walls.missing if walls else {}, "results": results}
        ).encode(),
    )
    os._exit(0)


if __name__ == "__main__":
    main()
