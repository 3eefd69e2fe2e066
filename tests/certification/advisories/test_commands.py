"""`aei-marketplace advisories` as an operator runs it."""

import asyncio
import json
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.adapters.postgres.urls import write_urls
from aei_marketplace.manage import app
from aei_marketplace.settings import load_settings
from tests.inspection.advisories.osv import encoded, record


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, urls: DatabaseUrls) -> None:
    """A data folder whose database is the test's."""
    monkeypatch.setenv("AEI_DATA", str(tmp_path / "data"))
    write_urls(load_settings().database_secrets, urls)


async def run(*words: str) -> Result:
    """The command in a thread, since it runs a loop of its own."""
    return await asyncio.to_thread(CliRunner().invoke, app, ["advisories", *words])


async def test_an_operator_imports_and_sees_how_new_it_is(tmp_path: Path) -> None:
    empty = await run("status")
    assert (empty.exit_code, "There are no advisories" in empty.output) == (1, True)
    folder = tmp_path / "PyPI"
    folder.mkdir()
    (folder / "A-1.json").write_bytes(encoded(record("A-1")))
    (folder / "other.json").write_text("{}")
    taken = await run("import", str(folder))
    assert taken.exit_code == 0, taken.output
    assert "pypi: 1 advisories, 1 of them new or changed, 0 gone." in taken.output
    assert "something else than advisories: other.json" in taken.output
    again = await run("import", str(folder), "--json")
    assert json.loads(again.stdout)["changed"] == 0
    assert "pypi  1 advisories, the newest of 2026-01-02" in (await run("status")).output
    assert json.loads((await run("status", "--json")).stdout)[0]["name"] == "pypi"


async def test_what_is_refused_says_that_nothing_changed(tmp_path: Path) -> None:
    spoilt = tmp_path / "spoilt.jsonl"
    spoilt.write_text("{")
    refused = await run("import", str(spoilt))
    assert (refused.exit_code, "Nothing was changed" in refused.output) == (1, True)
    assert (await run("import", str(tmp_path / "missing.zip"))).exit_code == 2
    assert (await run("import", str(spoilt), "--source", "Not A Name")).exit_code == 2
    unreachable = await run("refresh", "http://127.0.0.1:1/PyPI")
    assert (unreachable.exit_code, "Nothing was changed" in unreachable.output) == (1, True)
