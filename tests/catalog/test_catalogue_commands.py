"""`aei-marketplace catalogue load` as an operator runs it."""

import asyncio
from pathlib import Path

import asyncpg
import pytest
from click.testing import Result
from typer.testing import CliRunner

from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.adapters.postgres.urls import write_urls
from aei_marketplace.manage import app
from aei_marketplace.settings import load_settings


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, urls: DatabaseUrls) -> None:
    """A data folder whose database is the test's."""
    monkeypatch.setenv("AEI_DATA", str(tmp_path / "data"))
    write_urls(load_settings().database_secrets, urls)


async def load(*words: str) -> Result:
    """The command in a thread, since it runs a loop of its own."""
    return await asyncio.to_thread(CliRunner().invoke, app, ["catalogue", "load", *words])


async def test_a_table_becomes_listings_once_and_the_database_knows_how_many(
    tmp_path: Path, urls: DatabaseUrls
) -> None:
    table = tmp_path / "names.tsv"
    rows = "".join(f"name-{n}\tDoes number {n}\t{n or ''}\n" for n in range(40))
    table.write_text(f"name\tsummary\trank\n{rows}")
    first = await load(str(table), "--limit", "30")
    assert (first.exit_code, "30 listings were added." in first.output) == (0, True), first.output
    again = await load(str(table))
    assert "10 listings were added." in again.output
    connection = await asyncpg.connect(urls.system)
    try:
        assert await connection.fetchval("select count(*) from plugins") == 40
        assert await connection.fetchval("select reltuples from pg_class where relname = 'plugins'") == 40
    finally:
        await connection.close()


@pytest.mark.parametrize("content", ["", "other\tcolumns\nx\ty\n"])
async def test_a_table_without_its_columns_loads_nothing(tmp_path: Path, content: str) -> None:
    table = tmp_path / "names.tsv"
    table.write_text(content)
    refused = await load(str(table))
    assert refused.exit_code == 1
    assert "Nothing more was loaded" in refused.output


async def test_a_table_that_is_not_there_loads_nothing(tmp_path: Path) -> None:
    refused = await load(str(tmp_path / "nowhere.tsv"))
    assert refused.exit_code == 1
    assert "Nothing more was loaded" in refused.output
