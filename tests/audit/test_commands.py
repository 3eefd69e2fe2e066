"""`aei-marketplace audit verify` as an operator runs it."""

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from aei_inspection.notes import SigningKey
from aei_marketplace.adapters.postgres.urls import write_urls
from aei_marketplace.ground.actor import system_actor
from aei_marketplace.manage import app
from aei_marketplace.settings import load_settings
from aei_marketplace.wiring import audit_log_keys, audit_signer, read_audit_log_key
from tests.audit.conftest import Log
from tests.builders import make_tenant


@pytest.fixture
async def data(log: Log, tmp_path: Path, monkeypatch) -> Path:
    """A data folder whose log was signed by its own key."""
    folder = tmp_path / "data"
    monkeypatch.setenv("AEI_DATA", str(folder))
    settings = load_settings()
    write_urls(settings.database_secrets, log.urls)
    log.signer = audit_signer(settings, log.works.clock)
    acme = await make_tenant(log.works, "acme")
    await log.write(acme.admin, 3)
    await log.sign()
    return folder


async def run(*arguments: str):
    """The command in a thread, since it runs a loop of its own."""
    return await asyncio.to_thread(CliRunner().invoke, app, ["audit", "verify", *arguments])


async def test_a_log_as_written_ends_with_0_and_says_what_is_not_protected(log: Log, data: Path):
    result = await run()
    assert result.exit_code == 0, result.output
    assert "all as they were written" in result.output
    assert "not protected until its checkpoint" in result.output
    await log.write(system_actor("tests"), 2)
    assert "The 2 after them have no checkpoint yet" in (await run()).output


async def test_a_changed_log_ends_with_1_and_names_what_was_done(log: Log, data: Path):
    await log.tamper("update audit_entries set outcome = 'no' where resource_id = '1'")
    told, as_json = await run(), await run("--json")
    assert told.exit_code == as_json.exit_code == 1
    assert "columns_changed" in told.output
    document = json.loads(as_json.output)
    assert document["as_written"] is False
    assert [finding["kind"] for finding in document["findings"]] == ["columns_changed"]


async def test_a_copy_of_the_checkpoints_elsewhere_counts_instead_of_the_folder(
    log: Log, data: Path, tmp_path: Path
):
    (tmp_path / "copy").mkdir()
    kept = data / "checkpoints" / "audit.notes"
    (tmp_path / "copy" / "audit.notes").write_bytes(kept.read_bytes())
    kept.unlink()
    assert (await run()).exit_code == 1
    assert (await run("--checkpoints", str(tmp_path / "copy"))).exit_code == 0


async def test_the_key_that_was_written_down_counts_instead_of_the_file(data: Path):
    own = audit_log_keys(load_settings())[0].text()
    assert (await run("--key", own)).exit_code == 0
    other = await run("--key", SigningKey.generate("log.example/audit").verifying.text())
    assert other.exit_code == 1
    assert "checkpoint_by_another_key" in other.output
    assert (await run("--key", "nonsense")).exit_code == 2


async def test_what_cannot_be_looked_at_ends_with_2(data: Path):
    (data / "keys" / "audit-log.vkeys").unlink()
    assert (await run()).exit_code == 2
    (data / "keys" / "database.json").unlink()
    assert (await run("--key", SigningKey.generate("a").verifying.text())).exit_code == 2


async def test_old_entries_are_archived_by_command(data: Path):
    result = await asyncio.to_thread(CliRunner().invoke, app, ["audit", "archive", "--older-than-days", "30"])
    assert (result.exit_code, result.output) == (0, "0 entries are old enough.\n")


async def test_the_help_has_an_example():
    result = await run("--help")
    assert "Example: aei-marketplace audit verify" in " ".join(result.output.split())


def test_keys_are_made_once_for_their_owner_alone_and_a_new_one_is_known_beside_the_old(data: Path):
    settings = load_settings()
    first = read_audit_log_key(settings)
    assert read_audit_log_key(settings) == first
    assert {path.stat().st_mode & 0o777 for path in (data / "keys").glob("audit-log.*")} == {0o600}
    assert first.name.endswith("/audit")
    (data / "keys" / "audit-log.key").unlink()
    second = read_audit_log_key(settings)
    assert second != first
    assert audit_log_keys(settings) == (first.verifying, second.verifying)
