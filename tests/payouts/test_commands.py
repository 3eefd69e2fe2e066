"""`aei-marketplace payouts` as an operator runs it, and killed in the middle."""

import asyncio
import json
import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import Result
from sqlalchemy import text
from typer.testing import CliRunner

from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.adapters.postgres.urls import write_urls
from aei_marketplace.manage import app
from aei_marketplace.payouts.service import exporting
from aei_marketplace.settings import load_settings
from tests.payouts.conftest import Books

#: A close that stops in front of its second commit of statements and says so, until it is killed.
HALTING = """
import sys, time
from aei_marketplace.payouts.service import closing
from aei_marketplace.manage import app

closing.STATEMENTS_AT_ONCE = 1
write, calls = closing._write_some, []

async def halting(*arguments):
    calls.append(1)
    await write(*arguments)
    if len(calls) == 2:
        print("halted", flush=True)
        time.sleep(600)

closing._write_some = halting
app(["payouts", "close"])
"""


async def command(*words: str) -> Result:
    """In a thread, since it runs a loop of its own."""
    return await asyncio.to_thread(CliRunner().invoke, app, list(words))


@pytest.fixture
def data(urls: DatabaseUrls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder that leads to this test's database."""
    monkeypatch.setenv("AEI_DATA", str(tmp_path / "data"))
    write_urls(load_settings().database_secrets, urls)
    return tmp_path


async def test_a_close_that_is_killed_in_the_middle_is_finished_by_the_next_one(books: Books, data: Path):
    # The command goes by the real clock: these sales lie in a month that is long over.
    long_ago = datetime(2024, 3, 5, tzinfo=UTC)
    books.time.ahead = long_ago - datetime.now(UTC)
    for tenant in (books.studio, books.globex):
        await books.sell(tenant, 10_000, at=long_ago)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HALTING, stdout=asyncio.subprocess.PIPE, env={**os.environ}
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"halted\n"
    process.send_signal(signal.SIGKILL)
    await process.wait()
    assert len(await books.statements()) == 1
    done = await command("payouts", "close", "--period", "2024-03", "--json")
    assert (done.exit_code, json.loads(done.output)) == (0, {"closed": ["2024-03"]})
    assert json.loads((await command("payouts", "close", "--period", "2024-03", "--json")).output) == {
        "closed": []
    }
    listed = await command("payouts", "list", "--json")
    assert sorted(json.loads(line)["creator"] for line in listed.output.splitlines()) == ["globex", "studio"]
    assert "tax_check" in (await command("payouts", "list", "--state", "tax_check")).output
    verified = await command("ledger", "verify", "--json")
    assert (verified.exit_code, json.loads(verified.output)["statements"]) == (0, 2)
    refused = await command("payouts", "close", "--period", "2024-06")
    assert (refused.exit_code, "2024-04 is not closed yet" in refused.output) == (1, True)
    async with books.works.system("tests") as work:
        await work.run(
            text("insert into payout_reversals select id, creator, currency, 5, period, now() from payouts")
        )
    assert (await command("ledger", "verify")).exit_code == 1


async def test_an_export_that_is_killed_is_carried_on_after_its_last_whole_line(
    books: Books, data: Path, monkeypatch: pytest.MonkeyPatch
):
    for tenant in (books.studio, books.globex):
        for currency in ("USD", "EUR"):
            await books.sell(tenant, 1_000, currency=currency)
    books.go_to(12, 3)
    await books.close()
    file = data / "report.csv"
    assert (await command("payouts", "export", str(file))).exit_code == 0
    whole = file.read_bytes()
    assert whole.count(b"\r\n") == 5
    file.unlink()
    part = data / ".report.csv.all.part"
    monkeypatch.setattr(exporting, "LINES_AT_ONCE", 1)
    for kept in (0, 10, len(whole) // 3, len(whole) // 2, len(whole)):
        part.write_bytes(whole[:kept])
        done = await command("payouts", "export", str(file))
        assert (done.exit_code, file.read_bytes(), part.exists()) == (0, whole, False)
    assert len(await books.audited("payout.export")) == 6
