"""Everything from nothing to a marketplace that is ready, and back to nothing."""

import asyncio
import signal
import socket
import time
from pathlib import Path

from aei_marketplace.adapters.postgres import EmbeddedPostgres, PostgresError
from aei_marketplace.launcher.console import Console
from aei_marketplace.launcher.database import embedded_postgres
from aei_marketplace.launcher.errors import LaunchError
from aei_marketplace.launcher.folders import leave_runtime, make_folders
from aei_marketplace.launcher.instance import sole_instance
from aei_marketplace.launcher.launch import Launch
from aei_marketplace.launcher.listening import open_door, url_of
from aei_marketplace.launcher.ready_file import only_meanwhile
from aei_marketplace.launcher.unfinished import require_finished
from aei_marketplace.settings import Settings

#: Whoever depends on another goes first.
_STOP_ORDER = ("web", "jobs", "sandbox", "postgres")


def run(settings: Settings, ready_file: Path | None = None) -> int:
    """As `aei_marketplace.launcher.run_up`."""
    console = Console()
    # Until the event loop takes over, SIGTERM interrupts what blocks, just as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        make_folders(settings)
        with (
            sole_instance(settings.run / "up.lock") as announce,
            open_door(settings.host, settings.port) as door,
            only_meanwhile(ready_file),
        ):
            require_finished(settings)
            announce(url_of(door))
            return _run_behind(settings, door, ready_file, console)
    except (LaunchError, PostgresError, OSError) as error:
        console.error(str(error))
        return 1
    except KeyboardInterrupt:
        console.line("Interrupted.")
        return 1


def _run_behind(settings: Settings, door: socket.socket, ready_file: Path | None, console: Console) -> int:
    console.line(f"AEI Marketplace, data in {settings.data}")
    began = time.monotonic()
    postgres = embedded_postgres(settings) if settings.database_url is None else None
    try:
        if postgres:
            with console.step("database"):
                postgres.start()
        return asyncio.run(_serve(settings, door, ready_file, console, postgres, began))
    finally:
        if postgres:
            postgres.stop(hurry=True)
        leave_runtime(settings)


async def _serve(
    settings: Settings,
    door: socket.socket,
    ready_file: Path | None,
    console: Console,
    postgres: EmbeddedPostgres | None,
    began: float,
) -> int:
    """Serve until a signal or a failure, then end every part in its turn."""
    told, hurry = _signals()
    launch = Launch(settings, door, ready_file, console, began)
    if postgres:
        launch.supervisor.add("postgres", postgres)
    work = asyncio.create_task(launch.bring_up_and_attend())
    failure = asyncio.create_task(launch.supervisor.failure())
    end = asyncio.create_task(told.wait())
    try:
        done, _ = await asyncio.wait({work, failure, end}, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
        return 0
    finally:
        for task in (work, failure, end):
            task.cancel()
        await asyncio.gather(work, failure, end, return_exceptions=True)
        console.line("Ending; Ctrl-C again to hurry.")
        await launch.supervisor.stop(_STOP_ORDER, hurry)
        console.line("Ended.")


def _signals() -> tuple[asyncio.Event, asyncio.Event]:
    """Events for the first signal and for a further one."""
    told, hurry = asyncio.Event(), asyncio.Event()

    def hear() -> None:
        (hurry if told.is_set() else told).set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, hear)
    return told, hurry
