"""`aei-marketplace ledger` as an operator runs it."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest
from click.testing import Result
from typer.testing import CliRunner

from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.adapters.postgres.urls import write_urls
from aei_marketplace.ground.work import Works
from aei_marketplace.ledger import service as ledger
from aei_marketplace.ledger.service import OPERATOR, Account, Entry, Posting
from aei_marketplace.manage import app
from aei_marketplace.settings import load_settings


async def verify(*words: str) -> Result:
    """The command in a thread, since it runs a loop of its own."""
    return await asyncio.to_thread(CliRunner().invoke, app, ["ledger", "verify", *words])


async def test_a_ledger_is_verified_from_a_shell(
    works: Works, urls: DatabaseUrls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("AEI_DATA", str(tmp_path / "data"))
    write_urls(load_settings().database_secrets, urls)
    moved = (Posting(Account("cash", OPERATOR, "USD"), 5), Posting(Account("creator", OPERATOR, "USD"), -5))
    async with works.system("tests") as work:
        await ledger.post(work, [Entry("sale:1", "transfer", datetime(2026, 11, 2, tzinfo=UTC), moved)])
    whole = await verify()
    assert (whole.exit_code, "1 entries with 2 postings" in whole.output) == (0, True)
    connection = await asyncpg.connect(urls.owner)
    try:
        await connection.execute("alter table ledger_postings disable trigger append_only")
        await connection.execute("update ledger_postings set amount = 6 where line = 0")
    finally:
        await connection.close()
    found = await verify("--json")
    assert found.exit_code == 1
    said = json.loads(found.output)
    assert said["totals"] == {"USD": 1}
    assert sorted((f["kind"], f["subject"]) for f in said["findings"]) == [
        ("altered", "sale:1"),
        ("unbalanced", "sale:1"),
    ]
    write_urls(load_settings().database_secrets, DatabaseUrls(*(f"{u}&port=1" for u in (urls.owner,) * 3)))
    nobody = await verify()
    assert (nobody.exit_code, "Is the marketplace up?" in nobody.output) == (1, True)
