"""The capability `files` as a guest meets it: what is granted, what is kept, and what stays closed."""

import asyncio
import json
import os
import signal
import uuid
from pathlib import Path
from typing import Any

import pytest

from aei_protocol.limits import MIB, Limits
from aei_protocol.messages import Denial, Ended
from aei_protocol.outcomes import Outcome
from aei_protocol.permissions import Capabilities
from aei_sandbox.local import HostLine, HostLost, HostRefused, LocalHost
from tests.sandbox.guests import AREA, REPLY_RESULT, Guest

BOTH = Capabilities(scratch_mib=1, persistent_mib=1)
_PATH = "(i32.add (local.get 0) (i32.const 1)) (i32.sub (local.get 1) (i32.const 1))"


def clerk() -> bytes:
    """Does what the first letter of its task says with the path behind it; what it writes is the path."""
    calls = {"r": "$files_read", "l": "$files_list", "d": "$files_delete", "w": f"$files_write {_PATH}"}
    body = "".join(
        f"(if (i32.eq (i32.load8_u (local.get 0)) (i32.const {ord(letter)}))"
        f" (then (call {call} {_PATH} {AREA})))"
        for letter, call in calls.items()
    )
    return Guest("files.read", "files.write", "files.list", "files.delete").build(f"{body} {REPLY_RESULT}")


def scribe(size: int, *paths: str, forever: bool = False, then: str = "") -> bytes:
    """Writes so many letters to each path, `A` to the first, and answers what the last write did."""
    guest = Guest("files.write")
    calls = "".join(
        f"(memory.fill (i32.const 1048576) (i32.const {65 + number}) (i32.const {size}))"
        f"(call $files_write {guest.text(path)} (i32.const 1048576) (i32.const {size}) {AREA})"
        for number, path in enumerate(paths)
    )
    again = f"(loop $again {calls} (br_if $again (i32.const {int(forever)})))"
    return guest.build(f"{again} {then} {REPLY_RESULT}", pages=48)


class Office:
    """A line to a host, and one installation to run guests for."""

    def __init__(self, host: HostLine, **options: Any) -> None:
        self.host = host
        self.options = {"tenant": "acme", "installation": str(uuid.uuid4()), "capabilities": BOTH, **options}

    def another(self, **options: Any) -> "Office":
        return Office(self.host, **{**self.options, **options})

    async def run(self, content: bytes, task: str = "{}", **options: Any) -> Ended:
        prepared = await self.host.prepare(content, ("files",))
        return await self.host.execute(
            prepared.component, task, **{"interfaces": ("files",), **self.options, **options}
        )

    async def ask(self, task: str) -> str:
        """What a task of the clerk answers; it must go well."""
        ended = await self.run(clerk(), task)
        assert ended.outcome is Outcome.OK, ended
        assert ended.output is not None
        return ended.output

    async def code(self, task: str) -> str:
        """The code with which a task of the clerk is refused."""
        return code_of(await self.run(clerk(), task))


def code_of(ended: Ended) -> str:
    assert ended.outcome in (Outcome.GUEST_ERROR, Outcome.DENIED), ended
    assert ended.problem is not None
    return str(json.loads(ended.problem)["code"])


@pytest.fixture
def office(host: HostLine) -> Office:
    return Office(host)


async def test_what_one_execution_writes_the_next_one_reads(office: Office) -> None:
    ended = await office.run(clerk(), "wpersistent/notes/größe")
    assert (ended.outcome, ended.output, ended.used) == (Outcome.OK, "", ("filesystem",))
    assert await office.ask("rpersistent/notes/größe") == "persistent/notes/größe"
    assert json.loads(await office.ask("lpersistent/")) == [{"path": "persistent/notes/größe", "size": 24}]
    assert await office.ask("dpersistent/notes/größe") == ""
    assert await office.code("rpersistent/notes/größe") == "not_found"
    assert await office.code("dpersistent/notes/größe") == "not_found"
    assert await office.ask("lpersistent") == "[]"


async def test_scratch_is_empty_at_each_start(office: Office) -> None:
    guest = Guest("files.write", "files.read")
    path, content = guest.text("scratch/x"), guest.text("mine")
    body = f"(call $files_read {path} {AREA}) (if (i32.eqz (i32.load8_u {AREA})) (then (unreachable)))"
    body += f"(call $files_write {path} {content} {AREA}) (call $files_read {path} {AREA}) {REPLY_RESULT}"
    for _ in range(3):
        ended = await office.run(guest.build(body))
        assert (ended.outcome, ended.output) == (Outcome.OK, "mine")


async def test_the_two_areas_are_apart(office: Office) -> None:
    await office.ask("wpersistent/x")
    assert await office.ask("lscratch") == "[]"
    assert await office.code("rscratch/x") == "not_found"


async def test_no_other_tenant_or_installation_sees_a_file(office: Office) -> None:
    await office.ask("wpersistent/canary")
    elsewhere = (
        office.another(tenant="globex"),
        office.another(installation=str(uuid.uuid4())),
        office.another(tenant=office.options["installation"], installation="acme"),
    )
    for other in elsewhere:
        assert await other.ask("lpersistent") == "[]"
        assert await other.code("rpersistent/canary") == "not_found"
        assert await other.code("dpersistent/canary") == "not_found"
        await other.ask("wpersistent/canary")
    assert await office.ask("rpersistent/canary") == "persistent/canary"


@pytest.mark.parametrize(
    ("held", "path", "target"),
    [
        (Capabilities(persistent_mib=1), "scratch/x", "scratch"),
        (Capabilities(scratch_mib=1), "persistent/x", "persistent"),
        (Capabilities(scratch_mib=1), "persistent/../../etc/passwd", "persistent"),
        (Capabilities(), "scratch/x", "scratch"),
        (Capabilities(), "a canary in a path", "*"),
    ],
)
async def test_an_area_that_is_not_granted_is_denied_and_counted_by_its_name(
    office: Office, held: Capabilities, path: str, target: str
) -> None:
    for letter in "rwld":
        ended = await office.run(clerk(), f"{letter}{path}", capabilities=held)
        assert ended.outcome is Outcome.DENIED
        assert code_of(ended) == "denied"
        assert ended.denied == (Denial("filesystem", target, 1),)
        assert ended.used == ()


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/etc/passwd",
        "../B/k",
        "Scratch/x",
        "scratchx",
        "scratch\\x",
        "scratch//etc/passwd",
        "scratch/../persistent/x",
        "persistent/../../globex/x",
        "persistent/a\0b",
        "persistent/e\u0301",
        "persistent/" + "k" * 1000,
        "persistent/" + "k" * 1_000_000,
        "file:///etc/passwd",
    ],
)
async def test_a_hostile_path_is_refused_and_nothing_is_denied(office: Office, path: str) -> None:
    for letter in "rwd":
        ended = await office.run(clerk(), f"{letter}{path}")
        assert (ended.outcome, code_of(ended)) == (Outcome.GUEST_ERROR, "invalid")
        assert ended.denied == ()


@pytest.mark.parametrize("name", ["B:k", "%00", "%2e%2e%2fx", "CON", "x'; drop table files; --", "A", "a"])
async def test_an_odd_name_stays_inside(office: Office, name: str) -> None:
    await office.ask(f"wpersistent/{name}")
    assert [file["path"] for file in json.loads(await office.ask("lpersistent"))] == [f"persistent/{name}"]


async def test_a_flood_of_large_files_ends_at_the_quota_and_others_write_on(office: Office) -> None:
    flood = scribe(400_000, *(f"persistent/{n}" for n in range(3)))
    assert code_of(await office.run(flood)) == "quota"
    listed = json.loads(await office.ask("lpersistent"))
    assert [file["size"] for file in listed] == [400_000, 400_000]
    await office.another(installation=str(uuid.uuid4())).ask("wpersistent/x")


async def test_a_flood_of_empty_files_ends_at_the_quota(office: Office) -> None:
    guest = Guest("files.write")
    path = guest.text("persistent/aaaa")
    letters = "".join(
        f"(i32.store8 (i32.const {1024 + len('persistent/') + place}) (i32.add (i32.const 97)"
        f" (i32.and (i32.shr_u (local.get $i) (i32.const {4 * place})) (i32.const 15))))"
        for place in range(4)
    )
    flood = guest.build(
        f"""(loop $l {letters} (call $files_write {path} (i32.const 0) (i32.const 0) {AREA})
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (br_if $l (i32.eqz (i32.load8_u {AREA})))) {REPLY_RESULT}"""
    )
    ended = await office.run(flood, limits=Limits(cpu_ms=10_000, wall_ms=60_000))
    assert code_of(ended) == "quota"
    assert len(json.loads(await office.ask("lpersistent"))) == MIB // 1024


async def test_an_argument_larger_than_a_file_ends_the_execution(office: Office) -> None:
    ended = await office.run(scribe(MIB + 1, "persistent/x"))
    assert ended.outcome is Outcome.HOST_CALL_LIMIT
    assert await office.ask("lpersistent") == "[]"


async def test_the_largest_file_is_written_and_read_whole(office: Office) -> None:
    office = office.another(capabilities=Capabilities(persistent_mib=2))
    assert (await office.run(scribe(MIB, "persistent/x"))).outcome is Outcome.OK
    assert await office.ask("rpersistent/x") == "A" * MIB


async def test_what_a_killed_execution_wrote_stays(office: Office) -> None:
    loop = scribe(5000, "persistent/x", then="(loop $l (br $l))")
    ended = await office.run(loop, limits=Limits(cpu_ms=200, wall_ms=20_000))
    assert ended.outcome is Outcome.CPU_LIMIT
    assert await office.ask("rpersistent/x") == "A" * 5000


async def test_executions_of_one_installation_write_at_once(office: Office) -> None:
    await asyncio.gather(*(office.ask(f"wpersistent/{n}") for n in range(20)))
    assert len(json.loads(await office.ask("lpersistent"))) == 20


async def test_a_forgotten_installation_keeps_nothing(office: Office) -> None:
    await office.ask("wpersistent/x")
    await office.host.forget("acme", office.options["installation"])
    await office.host.forget("acme", office.options["installation"])
    assert await office.code("rpersistent/x") == "failed"
    assert await office.code("wpersistent/x") == "failed"
    assert await office.ask("wscratch/x") == ""


async def test_what_is_no_installation_is_not_forgotten(host: HostLine) -> None:
    with pytest.raises(HostRefused) as refusal:
        await host.forget("acme", "../..")
    assert refusal.value.code == "not_forgotten"


async def test_no_word_of_a_guest_is_a_name_in_the_hosts_file_system(tmp_path: Path) -> None:
    async with LocalHost(files=tmp_path / "files") as host:
        office = Office(host, installation="i")
        await office.ask("wpersistent/canary/canary.txt")
        await office.ask("wscratch/canary")
    names = [path.name for path in (tmp_path / "files").rglob("*")]
    assert sorted(names) == [".scratch", "acme", "files.sqlite3", "i"]


async def test_a_host_without_a_folder_says_that_it_keeps_nothing(tmp_path: Path) -> None:
    from tests.sandbox.test_host import start, stop

    process = start(tmp_path)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    line = HostLine()
    await line.connect(tmp_path / "h.sock")
    office = Office(line)
    assert await office.code("wpersistent/x") == "failed"
    assert await office.ask("wscratch/x") == ""
    await line.forget("acme", office.options["installation"])
    line.line.close("done")
    stop(process)


async def test_a_host_that_is_killed_in_a_write_leaves_whole_files(tmp_path: Path) -> None:
    restless = scribe(300_000, "persistent/x", "persistent/x", forever=True)
    for pause in (0.1, 0.25):
        async with LocalHost(files=tmp_path / "files") as host:
            endless = Limits(cpu_ms=60_000, wall_ms=60_000, host_calls=10**9, bytes_out=2**50)
            office = Office(host, installation="i", limits=endless)
            running = asyncio.create_task(office.run(restless))
            while not (tmp_path / "files/acme/i/files.sqlite3").exists():
                assert not running.done(), await running
                await asyncio.sleep(0.01)
            await asyncio.sleep(pause)
            os.kill(host.process.pid, signal.SIGKILL)
            with pytest.raises(HostLost):
                await running
        async with LocalHost(files=tmp_path / "files") as host:
            office = Office(host, installation="i")
            assert await office.ask("rpersistent/x") in ("A" * 300_000, "B" * 300_000)
            (listed,) = json.loads(await office.ask("lpersistent"))
            assert listed["size"] == 300_000
            await office.ask("wpersistent/y")
            await office.ask("dpersistent/y")
