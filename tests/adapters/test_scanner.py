"""The scanner's adapter: a report is believed or there is none, whatever the process does."""

import asyncio
import os
import socket
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest

from aei_inspection.checks.check import Progress
from aei_inspection.checks.frames import MAX_LINE, Finished, Started, Step, encode_line
from aei_inspection.checks.report import CheckResult, Report, Result
from aei_inspection.checks.subject import Previous
from aei_marketplace.adapters.scanner import PROGRAM, ScanLimits, ScannerProcess
from aei_marketplace.ground.ports import ScanFailed
from tests.packages import make_package
from tests.scanner.checks import write_check

PACKAGE = make_package()
#: Generous: a slow machine must not end a scan that goes well.
PATIENT = ScanLimits(wall_seconds=120.0, memory_bytes=512 << 20)

MISBEHAVIOUR = {
    "ends at once": ("import os; os._exit(0)", "crashed"),
    "is killed": ("import os; os.kill(os.getpid(), 9)", "crashed"),
    "breaks its memory": ("import ctypes; ctypes.string_at(1)", "crashed"),
    "eats memory": ("return [bytearray(1 << 20) for _ in range(4096)]", "memory"),
    "prints": ("print('{}'); return []", "garbage"),
    "prints without end": ("import sys\nwhile True: sys.stdout.write('x' * 65536)", "garbage"),
    "says its own step": (
        'print(\'{"type":"step","done":0,"total":1,"check":""}\', flush=True); return []',
        "garbage",
    ),
    "reports beforehand, and goes on": (
        "import sys\n"
        "from aei_inspection.checks.frames import Finished, encode_line\n"
        "from aei_inspection.checks.report import Report\n"
        "sys.stdout.buffer.write(encode_line(Finished(Report(subject.digest, (), (), (), {}))))\n"
        "return []",
        "garbage",
    ),
    "reports about another package": (
        "import sys, os\n"
        "from aei_inspection.checks.frames import Finished, encode_line\n"
        "from aei_inspection.checks.report import Report\n"
        "sys.stdout.buffer.write(encode_line(Finished(Report('0' * 64, (), (), (), {}))))\n"
        "sys.stdout.flush(); os._exit(0)",
        "garbage",
    ),
}


async def scan(scanner: ScannerProcess, told: list[Progress] | None = None) -> Report:
    return await scanner.scan(PACKAGE, None, (told if told is not None else []).append)


async def test_a_scan_gives_a_report_of_every_check_and_tells_its_steps(tmp_path):
    checks = write_check(tmp_path / "checks", "return [Finding(Severity.LOW, subject.previous.version)]")
    scanner, told = ScannerProcess(PATIENT, further_checks=checks), []
    previous = Previous("0.9.0", "0" * 64, 10, {"id": "acme.echo"})
    report = await scanner.scan(PACKAGE, previous, told.append)
    assert report.digest == sha256(PACKAGE).hexdigest()
    ids = [check.id for check in report.checks]
    assert ids[0] == "a-first"
    assert {"package", "component", "permissions"} < set(ids)
    assert report.check("permissions").result is Result.PASS
    assert report.check("a-first").findings[0].title == "0.9.0"
    assert [step.check for step in told] == [*ids, ""]
    assert told[-1] == Progress(len(ids), len(ids), "")


@pytest.mark.parametrize("what", MISBEHAVIOUR)
async def test_a_scan_that_misbehaves_gives_no_report(tmp_path, what):
    body, code = MISBEHAVIOUR[what]
    scanner = ScannerProcess(PATIENT, further_checks=write_check(tmp_path / "checks", body))
    with pytest.raises(ScanFailed) as failed:
        await scan(scanner)
    assert failed.value.code == code


async def test_a_scan_that_hangs_is_ended_with_everything_that_it_started(tmp_path):
    checks = write_check(tmp_path / "checks", _SLEEPS.format(_seconds(97531)))
    scanner = ScannerProcess(ScanLimits(wall_seconds=3.0), further_checks=checks)
    with pytest.raises(ScanFailed) as failed:
        await scan(scanner)
    assert failed.value.code == "timeout"
    await _until(lambda: not _running(_seconds(97531)))


async def test_a_scan_that_computes_without_end_runs_into_its_cpu_limit(tmp_path):
    checks = write_check(tmp_path / "checks", "while True: pass")
    limits = ScanLimits(wall_seconds=120.0, cpu_seconds=1)
    with pytest.raises(ScanFailed) as failed:
        await scan(ScannerProcess(limits, further_checks=checks))
    assert (failed.value.code, "CPU" in failed.value.detail) == ("timeout", True)


@pytest.mark.parametrize(
    ("program", "code"),
    [
        (("/nowhere/scanner",), "missing"),
        (("/bin/true",), "crashed"),
        (("/bin/echo", "fine"), "garbage"),
    ],
)
async def test_without_the_program_there_is_no_report(program, code):
    with pytest.raises(ScanFailed) as failed:
        await scan(ScannerProcess(PATIENT, program=program))
    assert failed.value.code == code


STARTED = encode_line(Started(("seccomp",), {}))
REPORT = Report(sha256(PACKAGE).hexdigest(), (CheckResult("one", 1, "One", Result.PASS),), (), (), {})
FINISHED = encode_line(Finished(REPORT))
TWICE = FINISHED.replace(b'"checks":[', b'"checks":[' + msgspec.json.encode(REPORT.checks[0]) + b",")


def step(done: int, total: int = 1) -> bytes:
    return encode_line(Step(done, total, ""))


LAWFUL = STARTED + step(0) + step(1) + FINISHED
UNLAWFUL = {
    "nothing at all": (b"", "crashed"),
    "nothing after its start": (STARTED + step(0), "crashed"),
    "half a report": (LAWFUL[:-20], "garbage"),
    "no start": (step(0) + step(1) + FINISHED, "garbage"),
    "two starts": (STARTED + LAWFUL, "garbage"),
    "two reports": (LAWFUL + FINISHED, "garbage"),
    "a step after its report": (LAWFUL + step(1), "garbage"),
    "a report before the last step": (STARTED + step(0) + FINISHED, "garbage"),
    "a step back": (STARTED + step(1) + step(0) + FINISHED, "garbage"),
    "the same step twice": (STARTED + step(0) + step(0) + step(1) + FINISHED, "garbage"),
    "a step beyond the end": (STARTED + step(2) + FINISHED, "garbage"),
    "more steps than there can be": (STARTED + step(0, 1_000_000) + FINISHED, "garbage"),
    "a check twice": (STARTED + step(0, 2) + step(2, 2) + TWICE, "garbage"),
    "a field that nobody knows": (LAWFUL.replace(b'"hosts":[]', b'"hosts":[],"verdict":"fine"'), "garbage"),
    "a frame that nobody knows": (STARTED + b'{"type":"approved"}\n' + FINISHED, "garbage"),
    "no JSON": (STARTED + b"\xff\n" + FINISHED, "garbage"),
    "a line without end": (STARTED + b" " * (MAX_LINE + 10), "garbage"),
}


@pytest.mark.parametrize("what", UNLAWFUL)
async def test_whoever_says_anything_but_one_report_in_turn_is_not_believed(tmp_path, what):
    said, code = UNLAWFUL[what]
    (tmp_path / "said").write_bytes(said)
    with pytest.raises(ScanFailed) as failed:
        await scan(ScannerProcess(PATIENT, program=("/bin/cat", str(tmp_path / "said"))))
    assert failed.value.code == code


async def test_one_report_in_turn_is_believed_unless_the_process_ends_badly(tmp_path):
    (tmp_path / "said").write_bytes(LAWFUL)
    line = f"cat {tmp_path / 'said'}; exit"
    assert await scan(ScannerProcess(PATIENT, program=("/bin/sh", "-c", f"{line} 0"))) == REPORT
    for status, code in ((1, "crashed"), (3, "memory"), (4, "walls"), (139, "crashed")):
        with pytest.raises(ScanFailed) as failed:
            await scan(ScannerProcess(PATIENT, program=("/bin/sh", "-c", f"{line} {status}")))
        assert failed.value.code == code


async def test_a_check_that_cannot_be_loaded_fails_the_whole_scan(tmp_path):
    (tmp_path / "broken.py").write_text("import no_such_library\n", "utf-8")
    with pytest.raises(ScanFailed) as failed:
        await scan(ScannerProcess(PATIENT, further_checks=tmp_path))
    assert failed.value.code == "crashed"


#: What native code would try that got the better of a parser; each line must raise OSError.
ATTACKS = {
    "read a file of the machine": "open('/etc/hostname').read()",
    "read this marketplace's files": "open({secret!r}).read()",
    "read the parent's memory": "open('/proc/{parent}/environ', 'rb').read()",
    "list a folder": "os.listdir('/')",
    "write beside the folder": "open({outside!r}, 'w')",
    "write into the libraries": "open(os.path.join(sys.prefix, 'planted.py'), 'w')",
    "write into the checks": "open({planted!r}, 'w')",
    "open a socket": "socket.socket()",
    "open a socket of this machine": "socket.socket(socket.AF_UNIX)",
    "make a pair of sockets": "socket.socketpair()",
    "connect": "socket.create_connection(('127.0.0.1', {port}), 2)",
    "kill the parent": "os.kill({parent}, 0)",
    "trace a process": "call(libc.ptrace(16, {parent}, 0, 0))",
    "leave for new namespaces": "call(libc.unshare(0x10000000))",
    "mount": "call(libc.mount(b'none', b'/tmp', b'tmpfs', 0, None))",
    "become root": "os.setuid(0) if os.getuid() else os.mknod('/tmp/null', 0o20666, os.makedev(1, 3))",
    "raise its limits": "resource.setrlimit(resource.RLIMIT_DATA, (-1, -1))",
}
_TRY = """
import ctypes, os, resource, socket, sys
libc = ctypes.CDLL(None, use_errno=True)
def call(result):
    if result < 0: raise OSError(ctypes.get_errno(), 'refused')
def attempt(name, act):
    try:
        act()
    except (OSError, ValueError):
        return []
    return [Finding(Severity.CRITICAL, name)]
found = []
"""


def _with(change: str) -> tuple[str, ...]:
    """The scanner's program on a machine that is otherwise."""
    lines = [
        "import aei_scanner.isolation as isolation",
        "def refused(*_): raise OSError('not allowed here')",
    ]
    lines += [change, "from aei_scanner.__main__ import main", "main()"]
    return (*PROGRAM[:3], "-c", "\n".join(lines))


WITHOUT_NAMESPACES = _with("isolation.own_namespaces = refused")


@pytest.mark.parametrize("program", [PROGRAM, WITHOUT_NAMESPACES], ids=["namespaces", "none"])
async def test_what_gets_the_better_of_a_parser_reaches_nothing(tmp_path, program):
    secret = tmp_path / "secret"
    secret.write_text("key", "utf-8")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        facts = {
            "secret": str(secret), "outside": str(tmp_path / "outside"), "parent": os.getpid(),
            "planted": str(tmp_path / "checks" / "planted.py"), "port": listening.getsockname()[1],
        }  # fmt: skip
        lines = [f"found += attempt({name!r}, lambda: {a.format(**facts)})" for name, a in ATTACKS.items()]
        seen = "found += [Finding(Severity.INFO, f'{len(os.environ)} {sorted(os.listdir(os.getcwd()))}')]"
        checks = write_check(tmp_path / "checks", "\n".join([_TRY, *lines, seen, "return found"]))
        report = await scan(ScannerProcess(PATIENT, further_checks=checks, program=program))
    check = report.check("a-first")
    assert check.note == ""
    assert [finding.title for finding in check.findings if finding.severity == "critical"] == []
    assert check.findings[-1].title == "0 ['complaints.txt']"


async def test_without_a_wall_that_is_needed_nothing_is_scanned_but_in_development():
    program = _with("isolation.restrict_files = refused")
    with pytest.raises(ScanFailed) as failed:
        await scan(ScannerProcess(PATIENT, program=program))
    assert failed.value.code == "walls"
    report = await scan(ScannerProcess(PATIENT, program=program, require_walls=False))
    assert report.check("permissions").result is Result.PASS


_SLEEPS = "import subprocess, time; subprocess.Popen(['/bin/sleep', '{0}']); time.sleep({0})"
_LEAVES = """
import subprocess
subprocess.Popen(["/bin/sleep", "{0}"], stdin=-3, stdout=-3, stderr=-3)
return [Finding(Severity.INFO, "started")]
"""


async def test_a_scan_that_nobody_waits_for_any_more_is_ended(tmp_path):
    seconds = _seconds(86421)
    scanner = ScannerProcess(
        PATIENT, further_checks=write_check(tmp_path / "checks", _SLEEPS.format(seconds))
    )
    waiting = asyncio.create_task(scan(scanner))
    await _until(lambda: _running(seconds))
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await _until(lambda: not _running(seconds))
    assert await scan(ScannerProcess(PATIENT))


async def test_a_scan_ends_with_the_process_that_asked_for_it(tmp_path):
    seconds = _seconds(75319)
    checks = write_check(tmp_path / "checks", _SLEEPS.format(seconds))
    asking = (
        "import asyncio, pathlib, sys\n"
        "from aei_marketplace.adapters.scanner import ScannerProcess\n"
        "scanner = ScannerProcess(further_checks=pathlib.Path(sys.argv[1]))\n"
        "asyncio.run(scanner.scan(b'', None, lambda _: None))"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", asking, str(checks))
    await _until(lambda: _running(seconds))
    process.kill()
    await process.wait()
    await _until(lambda: not _running(seconds))


async def test_what_a_scan_leaves_behind_ends_with_it_also_without_namespaces(tmp_path):
    seconds = _seconds(64208)
    checks = write_check(tmp_path / "checks", _LEAVES.format(seconds))
    report = await scan(ScannerProcess(PATIENT, further_checks=checks, program=WITHOUT_NAMESPACES))
    assert [finding.title for finding in report.check("a-first").findings] == ["started"]
    await _until(lambda: not _running(seconds))


def _seconds(whole: int) -> str:
    """So long a sleep, told from those of other runs of these tests on the same machine."""
    return f"{whole}.{os.getpid()}"


async def _until(so: Callable[[], bool]) -> None:
    """Wait for what comes sooner or later; the test's own time limit says when it is too late."""
    while not so():  # noqa: ASYNC110 the processes of the machine tell nobody
        await asyncio.sleep(0.05)


def _running(word: str) -> bool:
    return any(word.encode() in _command(Path("/proc", pid)) for pid in os.listdir("/proc") if pid.isdigit())


def _command(process: Path) -> bytes:
    try:
        return (process / "cmdline").read_bytes()
    except OSError:
        return b""
