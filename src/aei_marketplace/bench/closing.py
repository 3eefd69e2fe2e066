"""How long a month takes to close, with what memory, and how fast its statements are read.

The close is the command that an operator runs, in a process of its own; the page comes from the web process.
"""

import asyncio
import os
import resource
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from uuid import UUID

import aiohttp
import asyncpg

from aei_marketplace.accounts import service as accounts
from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.adapters.postgres.urls import write_urls
from aei_marketplace.ground.clock import utc_now
from aei_marketplace.ground.paging import PageWanted
from aei_marketplace.ground.work import Works
from aei_marketplace.ledger.service import Period
from aei_marketplace.payouts import service as payouts
from aei_marketplace.payouts.service import Wanted
from aei_marketplace.settings import load_settings

#: Lines of the month that is closed, and the creators who share them.
LINES, CREATORS = 1_000_000, 5_000
LINES_QUICK, CREATORS_QUICK = 50_000, 250
#: So often a statement is read, of so many creators.
_READS, _READ = 200, 100
_PATIENCE = 120
#: Who has a fifth of all sales, see closing.sql.
_LARGEST = UUID("00000000-0000-7000-9000-000000000000")

Figures = dict[str, float | int | None]


async def close_and_read(
    works: Works, urls: DatabaseUrls, admin_url: str, folder: Path, quick: bool
) -> Figures:
    """Fill a month, close it by the command, read its statements.

    Args:
        works, urls: of a fresh database.
        admin_url: leads a superuser into that database.
        folder: an empty one, for settings and logs.
    """
    lines, creators = (LINES_QUICK, CREATORS_QUICK) if quick else (LINES, CREATORS)
    month = Period.of(utc_now()).before.before
    await _fill(admin_url, month, lines, creators)
    environment = {**os.environ, "AEI_DATA": str(folder), "AEI_RUNTIME": str(folder)}
    write_urls(load_settings({"data": folder}).database_secrets, urls)
    began = time.monotonic()
    await asyncio.to_thread(_close, environment, month)
    figures: Figures = {"close_lines": lines, "close_s": time.monotonic() - began, "close_mb": _peak_mb()}
    return figures | await _read(works, environment, month)


async def _fill(admin_url: str, month: Period, lines: int, creators: int) -> None:
    connection = await asyncpg.connect(admin_url)
    try:
        given = {"month": str(month.first_day), "lines": str(lines), "creators": str(creators)}
        for name, value in given.items():
            await connection.execute("select set_config($1, $2, false)", f"bench.{name}", value)
        await connection.execute(Path(__file__).with_name("closing.sql").read_text("utf-8"))
    finally:
        await connection.close()


def _close(environment: Mapping[str, str], month: Period) -> None:
    words = [sys.executable, "-m", "aei_marketplace.manage", "payouts", "close", "--period", str(month)]
    subprocess.run(words, env=environment, check=True, stdout=subprocess.DEVNULL)


def _peak_mb() -> float:
    """The most memory that any process had which was waited for: the close is the largest of this bench's."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


async def _read(works: Works, environment: Mapping[str, str], month: Period) -> Figures:
    """Ask the web process for statements, those of the largest creator among them."""
    await accounts.write_builtin_roles(works)
    async with works.system("bench") as work:
        user = await accounts.create_user(work, name="Finance", email="finance@bench.example")
        await accounts.add_staff(work, user, "Finance")
        token = (await accounts.issue_token(work, name="bench", owner=user)).secret
        page = await payouts.list_statements(work, Wanted(month), PageWanted(_READ))
        largest = (await payouts.list_statements(work, Wanted(month, creator=_LARGEST), PageWanted(1))).items
    ids = [each.id for each in (*largest, *page.items)]
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port = door.getsockname()[1]
    web = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "aei_marketplace.app", env={**environment, "AEI_PORT": str(port)}
    )
    try:
        headers = {"Authorization": f"Bearer {token}"}
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}", headers=headers) as session:
            await _until_ready(session)
            took = [await _ask(session, f"/publisher/statements/{ids[n % len(ids)]}") for n in range(_READS)]
    finally:
        web.terminate()
        await web.wait()
    slow = statistics.quantiles(took, n=20)[-1]
    return {"statement.p50_ms": statistics.median(took) * 1000, "statement.p95_ms": slow * 1000}


async def _until_ready(session: aiohttp.ClientSession) -> None:
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            await _ask(session, "/healthz")
            return
        except aiohttp.ClientError:
            if time.monotonic() > until:
                raise
            await asyncio.sleep(0.1)


async def _ask(session: aiohttp.ClientSession, path: str) -> float:
    """How long an answer took, in seconds."""
    began = time.monotonic()
    async with session.get(path) as answer:
        await answer.read()
        answer.raise_for_status()
    return time.monotonic() - began
