"""The sandbox host's process: `python -m aei_sandbox.host --socket PATH --artefacts DIR`."""

import argparse
import asyncio
import gc
import os
import signal
import sys
from pathlib import Path

import uvloop

from aei_protocol.addresses import read_internal_hosts
from aei_sandbox.artefacts import open_directory
from aei_sandbox.broker.fetch import Egress
from aei_sandbox.broker.files.cabinet import open_folder
from aei_sandbox.house import House, Setting
from aei_sandbox.pool import default_size, default_spare
from aei_sandbox.server import listen
from aei_sandbox.walls.identity import guest_identity
from aei_sandbox.walls.kernel import MACHINE, supported
from aei_sandbox.walls.process import die_with_parent, not_dumpable
from aei_sandbox.zygote import ZygoteLost


def main() -> None:
    """Entry of the process."""
    options = _read_options()
    if not supported():
        sys.exit(f"The sandbox needs Linux on x86_64 or aarch64; this is {sys.platform} on {MACHINE}.")
    if options.die_with_parent:
        die_with_parent(os.getppid())
    # Guests of the same user must not read this process's memory.
    not_dumpable()
    try:
        _run(options)
    except (OSError, ValueError, ZygoteLost) as error:
        sys.exit(f"The sandbox host cannot run: {error}")


def _read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m aei_sandbox.host", description="Runs plugins in a sandbox."
    )
    parser.add_argument("--socket", type=Path, required=True, help="unix socket to listen at")
    parser.add_argument("--artefacts", type=Path, required=True, help="directory of compiled components")
    parser.add_argument(
        "--files", type=Path, help="directory of the files that installations keep; none are kept without"
    )
    parser.add_argument(
        "--development-without-walls", action="store_true", help="run although walls are missing"
    )
    parser.add_argument("--egress-host", action="append", default=[], metavar="NAME:PORT=ADDRESS:PORT")
    parser.add_argument("--max-workers", type=int, default=default_size(), help="most that run at once")
    parser.add_argument(
        "--spare-workers", type=int, default=default_spare(), help="further ones that may rest"
    )
    parser.add_argument("--idle-seconds", type=float, default=60.0)
    parser.add_argument(
        "--worker-uid", type=int, default=None, help="user id of guests, when started as root"
    )
    parser.add_argument("--die-with-parent", action="store_true", help="end when the starting process ends")
    return parser.parse_args()


def _run(options: argparse.Namespace) -> None:
    setting = _settle(options)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(options, setting))


def _settle(options: argparse.Namespace) -> Setting:
    """Choose the guests' user and take over the directories."""
    identity = guest_identity(os.geteuid(), options.worker_uid, Path("/proc/self/uid_map").read_text("ascii"))
    group = identity if identity != os.geteuid() else None
    open_directory(options.artefacts, group)
    return Setting(
        artefacts=options.artefacts.resolve(),
        files=open_folder(options.files) if options.files else None,
        identity=identity,
        group=group,
        development=options.development_without_walls,
        workers=options.max_workers,
        spare=options.spare_workers,
        idle_seconds=options.idle_seconds,
    )


async def _serve(options: argparse.Namespace, setting: Setting) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    egress = Egress(read_internal_hosts(options.egress_host))
    house = House(setting, egress)
    await house.open()
    gc.collect()
    gc.freeze()  # what was loaded stays for ever: collecting it again and again only makes runs slower
    server = await listen(house, options.socket)
    print("ready", flush=True)
    await stop.wait()
    server.close()
    await house.close()
    await egress.close()
    options.socket.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
