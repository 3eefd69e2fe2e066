"""The host as a process: its socket, its children, and what happens when any of them is killed."""

import asyncio
import contextlib
import os
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aei_protocol.limits import Limits
from aei_protocol.messages import MAX_FRAME, Cancel, Hello
from aei_protocol.outcomes import Outcome
from aei_protocol.walls import REQUIRED_WALLS
from aei_sandbox.local import HostLine, HostLost, HostRefused, LocalHost
from aei_sandbox.walls import ALL
from aei_sandbox.wire import encode
from tests.sandbox.conftest import SharedHost
from tests.sandbox.guests import echo, endless

LONG = Limits(cpu_ms=60_000, wall_ms=60_000)
NORMAL_USER = 64_000


@contextlib.asynccontextmanager
async def own_host(*arguments: str, artefacts: Path | None = None) -> AsyncIterator[LocalHost]:
    async with LocalHost(*arguments, artefacts=artefacts) as host:
        yield host


async def running_worker(host: HostLine, task: asyncio.Task[object]) -> dict[str, object]:
    """The worker that is busy, once one is."""
    for _ in range(200):
        assert not task.done()
        workers = (await host.status()).details["workers"]
        for worker in workers:
            if worker["state"] == "running":
                return worker
        await asyncio.sleep(0.02)
    raise AssertionError("no worker began to run")


def alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def eventually(condition: Callable[[], bool], seconds: float = 10) -> bool:
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        if condition():
            return True
        time.sleep(0.02)
    return False


async def processes_of(host: LocalHost) -> list[int]:
    details = (await host.status()).details
    return [host.process.pid, details["zygote"], *(w["pid"] for w in details["workers"])]


async def test_a_worker_killed_during_an_execution_loses_it_once_and_the_next_is_fine(host: HostLine) -> None:
    prepared = await host.prepare(endless())
    task = asyncio.create_task(host.execute(prepared.component, "{}", limits=LONG))
    worker = await running_worker(host, task)
    os.kill(worker["pid"], signal.SIGKILL)
    ended = await asyncio.wait_for(task, 10)
    assert ended.outcome is Outcome.WORKER_LOST
    good = await host.prepare(echo())
    assert (await host.execute(good.component, "{}")).outcome is Outcome.OK


async def test_an_idle_worker_that_is_killed_is_replaced(host: HostLine) -> None:
    good = await host.prepare(echo())
    await host.execute(good.component, "{}", tenant="idle")
    for worker in (await host.status()).details["workers"]:
        if worker["tenant"] == "idle":
            os.kill(worker["pid"], signal.SIGKILL)
    await asyncio.sleep(0.2)
    assert (await host.execute(good.component, "{}", tenant="idle")).outcome is Outcome.OK


async def test_a_killed_zygote_is_replaced_and_only_running_executions_are_lost() -> None:
    async with own_host() as host:
        loop, good = await host.prepare(endless()), await host.prepare(echo())
        await host.execute(good.component, "{}")
        task = asyncio.create_task(host.execute(loop.component, "{}", limits=LONG))
        await running_worker(host, task)
        before = await processes_of(host)
        os.kill(before[1], signal.SIGKILL)
        assert (await asyncio.wait_for(task, 10)).outcome is Outcome.WORKER_LOST
        assert (await asyncio.wait_for(host.execute(good.component, "{}"), 10)).outcome is Outcome.OK
        assert (await processes_of(host))[1] != before[1]
        assert eventually(lambda: not any(map(alive, before[1:])))


async def test_a_compilation_survives_the_loss_of_its_zygote() -> None:
    from tests.sandbox.test_preparing import slow_to_compile

    async with own_host() as host:
        zygote = (await processes_of(host))[1]
        task = asyncio.create_task(host.prepare(slow_to_compile()))
        await asyncio.sleep(0.3)
        os.kill(zygote, signal.SIGKILL)
        prepared = await asyncio.wait_for(task, 60)
        assert (await host.execute(prepared.component, "{}")).outcome is Outcome.OK


async def test_a_closed_line_takes_its_executions_with_it(shared_host: SharedHost, host: HostLine) -> None:
    other = HostLine()
    await other.connect(shared_host.path)
    prepared = await other.prepare(endless())
    task = asyncio.create_task(other.execute(prepared.component, "{}", limits=LONG))
    worker = await running_worker(host, task)
    other.line.close("gone")
    with pytest.raises(HostLost):
        await task
    for _ in range(200):
        if (await host.status()).running == 0:
            break
        await asyncio.sleep(0.05)
    assert (await host.status()).running == 0
    assert eventually(lambda: not alive(worker["pid"]))


@pytest.mark.parametrize("signal_number", [signal.SIGTERM, signal.SIGKILL])
async def test_nothing_outlives_the_host(signal_number: signal.Signals) -> None:
    async with own_host() as host:
        loop = await host.prepare(endless())
        task = asyncio.create_task(host.execute(loop.component, "{}", limits=LONG))
        await running_worker(host, task)
        processes = await processes_of(host)
        os.kill(processes[0], signal_number)
        if signal_number == signal.SIGTERM:
            assert (await task).outcome is Outcome.WORKER_LOST
        else:
            with pytest.raises(HostLost):
                await task
        host.process.wait(20)
        assert eventually(lambda: not any(map(alive, processes)))
        assert host.path.exists() == (signal_number == signal.SIGKILL)


async def test_a_host_told_to_dies_with_its_parent(tmp_path: Path) -> None:
    script = (
        "import subprocess, sys, time\n"
        "host = subprocess.Popen([sys.executable, '-m', 'aei_sandbox.host', '--die-with-parent', '--socket',"
        " sys.argv[1], '--artefacts', sys.argv[2]], stdout=subprocess.PIPE)\n"
        "print(host.stdout.readline().decode(), flush=True); time.sleep(600)"
    )
    path = tmp_path / "h.sock"
    parent = subprocess.Popen(  # noqa: ASYNC220 it returns at once
        [sys.executable, "-c", script, str(path), str(tmp_path / "artefacts")], stdout=subprocess.PIPE
    )
    assert parent.stdout is not None
    assert parent.stdout.readline() == b"ready\n"
    line = HostLine()
    await line.connect(path)
    status = await line.status()
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert eventually(lambda: not alive(status.details["zygote"]))
    assert eventually(lambda: _refuses(path))


def _refuses(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as line:
        return line.connect_ex(str(path)) != 0


async def test_the_socket_is_for_its_owner_alone(shared_host: SharedHost) -> None:
    assert stat.S_IMODE(shared_host.path.stat().st_mode) == 0o600


async def test_a_socket_left_by_a_killed_host_is_replaced(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(tmp_path / "h.sock"))
    process = start(tmp_path)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    stop(process)


async def test_a_second_host_does_not_take_the_place_of_a_living_one(
    shared_host: SharedHost, tmp_path: Path
) -> None:
    process = start(tmp_path, shared_host.path)
    assert process.wait(30) == 1
    assert process.stderr is not None
    assert b"another sandbox host listens" in process.stderr.read()
    stop(process)


async def test_a_file_at_the_sockets_place_is_never_removed(tmp_path: Path) -> None:
    (tmp_path / "h.sock").write_text("precious")
    process = start(tmp_path)
    assert process.wait(30) == 1
    assert (tmp_path / "h.sock").read_text() == "precious"
    stop(process)


def start(folder: Path, path: Path | None = None) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [
            sys.executable, "-m", "aei_sandbox.host", "--die-with-parent",
            "--socket", str(path or folder / "h.sock"), "--artefacts", str(folder / "artefacts"),
        ],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def stop(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    process.communicate(timeout=20)


@contextlib.contextmanager
def raw_line(path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(10)
        line.connect(str(path))
        length = int.from_bytes(line.recv(4, socket.MSG_WAITALL), "big")
        kind, _ = msgspec.msgpack.decode(line.recv(length, socket.MSG_WAITALL))
        assert kind == "Hello"
        yield line


def framed(body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + body


def is_closed(line: socket.socket) -> bool:
    try:
        return line.recv(1) == b""
    except ConnectionResetError:
        return True


@pytest.mark.parametrize(
    "sent",
    [
        (MAX_FRAME + 1).to_bytes(4, "big"),
        framed(b""),
        framed(b"\xc1"),
        framed(b"not msgpack at all"),
        framed(msgspec.msgpack.encode(["Unknown", {}])),
        framed(msgspec.msgpack.encode(["Hello", {"host_id": "x"}])),
        framed(msgspec.msgpack.encode(["Execute", {}])),
        framed(msgspec.msgpack.encode(["Cancel", {"id": 7}])),
        framed(msgspec.msgpack.encode(["Cancel", {"id": "x"}, 1])),
        framed(msgspec.msgpack.encode(["__class__", {}])),
        framed(encode(Hello("x", "y", (), False))),
    ],
)
def test_anything_but_a_message_for_a_host_closes_the_line(shared_host: SharedHost, sent: bytes) -> None:
    with raw_line(shared_host.path) as line:
        line.sendall(sent)
        assert is_closed(line)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200))
def test_no_bytes_bring_the_host_down(shared_host: SharedHost, noise: bytes) -> None:
    with raw_line(shared_host.path) as line:
        line.sendall(noise)
        line.shutdown(socket.SHUT_WR)
        assert is_closed(line)
    assert alive(shared_host.pid)


def test_a_message_in_pieces_is_read_whole(shared_host: SharedHost) -> None:
    with raw_line(shared_host.path) as line:
        for byte in framed(encode(Cancel("nothing"))) * 2:
            line.sendall(bytes([byte]))
        line.sendall(framed(b"\xc1"))
        assert is_closed(line)


async def test_an_artefact_is_found_again_by_the_next_host(tmp_path: Path) -> None:
    async with own_host(artefacts=tmp_path / "artefacts") as host:
        component = (await host.prepare(echo())).component
    async with own_host(artefacts=tmp_path / "artefacts") as host:
        assert (await host.execute(component, "{}")).outcome is Outcome.OK


@pytest.mark.parametrize("suffix", [".cwasm", ".json"])
async def test_an_artefact_that_was_tampered_with_is_not_loaded(tmp_path: Path, suffix: str) -> None:
    async with own_host(artefacts=tmp_path / "artefacts") as host:
        component = (await host.prepare(echo())).component
    (file,) = (tmp_path / "artefacts").glob(f"*{suffix}")
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    async with own_host(artefacts=tmp_path / "artefacts") as host:
        with pytest.raises(HostRefused) as refusal:
            await host.execute(component, "{}")
        assert refusal.value.code == "component_missing"
        await host.prepare(echo())
        assert (await host.execute(component, "{}")).outcome is Outcome.OK


async def test_artefacts_are_readable_by_nobody_else(tmp_path: Path) -> None:
    async with own_host(artefacts=tmp_path / "artefacts") as host:
        await host.prepare(echo())
    assert stat.S_IMODE((tmp_path / "artefacts").stat().st_mode) & 0o007 == 0
    for file in (tmp_path / "artefacts").iterdir():
        assert stat.S_IMODE(file.stat().st_mode) & 0o027 == 0


async def test_idle_workers_end_after_their_time() -> None:
    async with own_host("--idle-seconds", "0.3") as host:
        component = (await host.prepare(echo())).component
        await host.execute(component, "{}")
        for _ in range(100):
            if (await host.status()).workers == 0:
                return
            await asyncio.sleep(0.1)
        raise AssertionError("the worker stayed")


async def test_no_more_workers_than_allowed_are_ever_alive() -> None:
    async with own_host("--max-workers", "2", "--spare-workers", "1") as host:
        component = (await host.prepare(echo())).component
        runs = [asyncio.create_task(host.execute(component, "{}", tenant=f"t{n % 5}")) for n in range(40)]
        most = 0
        while not all(task.done() for task in runs):
            most = max(most, (await host.status()).workers)
        assert most <= 3
        assert {(await task).outcome for task in runs} == {Outcome.OK}


NO_LANDLOCK = """
import ctypes, struct, sys, runpy
from aei_sandbox.walls import kernel, seccomp
ALLOW, ENOSYS = 0x7FFF0000, 0x00050026
number = kernel.NUMBERS["landlock_create_ruleset"]
lines = [(0x20, 0, 0, 0), (0x15, 0, 1, number), (6, 0, 0, ENOSYS), (6, 0, 0, ALLOW)]
code = b"".join(struct.pack("HBBI", *line) for line in lines)
buffer = ctypes.create_string_buffer(code, len(code))
header = seccomp._Program(len(lines), ctypes.addressof(buffer))
kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
kernel.system_call("seccomp", 1, 0, ctypes.byref(header))
sys.argv = ["host", *sys.argv[1:]]
runpy.run_module("aei_sandbox.host", run_name="__main__")
"""


@contextlib.asynccontextmanager
async def host_command(
    command: list[str], folder: Path, *arguments: str
) -> AsyncIterator[tuple[HostLine, Hello]]:
    """A host that is started by another command line than usual."""
    process = subprocess.Popen(  # noqa: ASYNC220 it returns at once
        [*command, "--socket", str(folder / "h.sock"), "--artefacts", str(folder / "artefacts"), *arguments],
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        line = HostLine()
        hello = await line.connect(folder / "h.sock")
        yield line, hello
        line.line.close("done")
    finally:
        stop(process)


async def test_without_a_required_wall_nothing_is_compiled_or_run(tmp_path: Path) -> None:
    command = [sys.executable, "-c", NO_LANDLOCK]
    async with host_command(command, tmp_path) as (line, hello):
        assert "landlock" not in hello.walls
        assert not hello.development
        with pytest.raises(HostRefused, match="landlock") as refusal:
            await line.prepare(echo())
        assert refusal.value.code == "no_walls"
        with pytest.raises(HostRefused) as refusal:
            await line.execute("0" * 64, "{}")
        assert refusal.value.code == "no_walls"


async def test_development_without_walls_runs_and_says_so(tmp_path: Path) -> None:
    command = [sys.executable, "-c", NO_LANDLOCK]
    async with host_command(command, tmp_path, "--development-without-walls") as (line, hello):
        assert hello.development
        prepared = await line.prepare(echo())
        ended = await line.execute(prepared.component, "{}")
        assert ended.outcome is Outcome.OK
        assert set(REQUIRED_WALLS) - set(ended.walls) == {"landlock"}


@pytest.mark.skipif(os.geteuid() != 0, reason="every other test shows it when started as a normal user")
async def test_a_host_of_a_normal_user_has_every_wall_but_the_change_of_user() -> None:
    with tempfile.TemporaryDirectory(prefix="aei-user-") as folder:
        os.chown(folder, NORMAL_USER, NORMAL_USER)
        command = [
            sys.executable,
            str(Path(__file__).with_name("as_user.py")),
            str(NORMAL_USER),
            sys.executable,
        ]
        async with host_command([*command, "-m", "aei_sandbox.host"], Path(folder)) as (line, hello):
            assert set(hello.walls) == set(ALL) - {"identity"}
            good, loop = await line.prepare(echo()), await line.prepare(endless())
            assert (await line.execute(good.component, "{}")).outcome is Outcome.OK
            ended = await line.execute(loop.component, "{}", limits=Limits(cpu_ms=200))
            assert ended.outcome is Outcome.CPU_LIMIT
            assert ended.usage.peak_memory_bytes > 0
