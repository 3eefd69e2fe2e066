"""Keeping the parts alive: who dies is started again, who keeps dying ends the whole."""

import asyncio
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from aei_marketplace.launcher.console import Console
from aei_marketplace.launcher.errors import LaunchError
from aei_marketplace.launcher.logs import tail

#: A part that dies more often than this within the window is given up.
MOST_DEATHS = 5
_WINDOW_SECONDS = 120.0
_FIRST_PAUSE_SECONDS = 0.2
_LONGEST_PAUSE_SECONDS = 10.0


class Part(Protocol):
    """Something that runs as one process."""

    process: subprocess.Popen[bytes] | None

    def start(self) -> subprocess.Popen[bytes]:
        """Start the process."""
        ...

    def stop(self, hurry: bool = False) -> None:
        """End it and wait for its end."""
        ...


class Supervisor:
    """The parts of a running marketplace, in the order in which they were added."""

    def __init__(self, console: Console, logs: Path, on_restart: Callable[[], None] = lambda: None) -> None:
        """Supervise nothing yet.

        Args:
            console: where deaths and restarts are shown.
            logs: the folder of `NAME.log`.
            on_restart: called after a part runs again under another process id.
        """
        self._console, self._logs, self._on_restart = console, logs, on_restart
        self._parts: dict[str, Part] = {}
        self._watches: list[asyncio.Task[None]] = []
        self._failure: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def pids(self) -> dict[str, int]:
        """The process id of each part that runs."""
        return {name: part.process.pid for name, part in self._parts.items() if part.process}

    def add(self, name: str, part: Part) -> None:
        """Start a part unless it runs already, and watch it from now on."""
        self._parts[name] = part
        if part.process is None:
            part.start()
        watch = asyncio.create_task(self._watch(name, part))
        watch.add_done_callback(self._note_failure)
        self._watches.append(watch)

    async def failure(self) -> None:
        """Wait until a part is given up.

        Raises:
            LaunchError: naming the part, with the end of its log.
            PostgresError: the database does not start again.
        """
        await asyncio.shield(self._failure)

    async def stop(self, order: tuple[str, ...], hurry: asyncio.Event) -> None:
        """End the parts one after the other.

        Args:
            order: their names, first to last.
            hurry: once set, nobody is waited for any more.
        """
        for watch in self._watches:
            watch.cancel()
        await asyncio.gather(*self._watches, return_exceptions=True)
        for name in order:
            if part := self._parts.get(name):
                await _stop(part, hurry)

    def _note_failure(self, watch: asyncio.Task[None]) -> None:
        if not watch.cancelled() and (error := watch.exception()) and not self._failure.done():
            self._failure.set_exception(error)

    async def _watch(self, name: str, part: Part) -> None:
        deaths: list[float] = []
        while True:
            status = await _end_of(part)
            deaths = [at for at in deaths if at > time.monotonic() - _WINDOW_SECONDS] + [time.monotonic()]
            self._console.error(
                f"{name} ended unexpectedly ({_in_words(status)}); see {self._logs / name}.log"
            )
            if len(deaths) >= MOST_DEATHS:
                raise self._given_up(name, len(deaths))
            await asyncio.sleep(min(_FIRST_PAUSE_SECONDS * 2 ** (len(deaths) - 1), _LONGEST_PAUSE_SECONDS))
            part.stop()
            part.start()
            self._console.line(f"  {name} runs again")
            self._on_restart()

    def _given_up(self, name: str, deaths: int) -> LaunchError:
        log = self._logs / f"{name}.log"
        return LaunchError(f"{name} ended {deaths} times and is given up. The end of {log}:\n{tail(log)}")


async def _end_of(part: Part) -> int:
    """Wait for the end of a part's process without a thread of its own."""
    assert part.process is not None
    if (status := part.process.poll()) is not None:
        return status
    ended = asyncio.Event()
    loop, descriptor = asyncio.get_running_loop(), os.pidfd_open(part.process.pid)
    loop.add_reader(descriptor, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)
    return part.process.wait()


async def _stop(part: Part, hurry: asyncio.Event) -> None:
    stopping = asyncio.create_task(asyncio.to_thread(part.stop, hurry.is_set()))
    hurried = asyncio.create_task(hurry.wait())
    await asyncio.wait({stopping, hurried}, return_when=asyncio.FIRST_COMPLETED)
    if not stopping.done() and part.process is not None:
        await asyncio.to_thread(part.stop, True)
    hurried.cancel()
    await stopping


def _in_words(status: int) -> str:
    return f"signal {-status}" if status < 0 else f"exit code {status}"
