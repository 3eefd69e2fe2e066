"""Erasing a person: who they were is gone everywhere, and the log still proves every entry."""

import asyncio
from base64 import b64decode
from pathlib import Path

import pytest
from typer.testing import CliRunner

from aei_inspection.notes import open_checkpoint
from aei_marketplace.accounts import service as accounts
from aei_marketplace.accounts.errors import LastAdmin, NoSuchUser
from aei_marketplace.adapters.postgres.urls import write_urls
from aei_marketplace.audit.errors import ArchiveRefused
from aei_marketplace.audit.service import erase_person
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.errors import NotAllowed
from aei_marketplace.manage import app
from aei_marketplace.notices import service as notices
from aei_marketplace.settings import load_settings
from aei_protocol.merkle import check_inclusion
from tests.audit.conftest import KEY, Log
from tests.audit.test_archiving import archive
from tests.audit.test_tampering import verify
from tests.builders import make_staff, make_tenant, sequence_all

ADA = "agent@acme.example"


@pytest.fixture
async def log_of_two(log: Log) -> Log:
    """A signed log in which an Agent and an Admin of acme did things."""
    log.tenant = await make_tenant(log.works, "acme")
    await log.write(log.tenant.agent, 2)
    await log.write(log.tenant.admin, 2)
    async with log.works.begin(log.tenant.admin) as work:
        work.record(Fact("thing.do", "thing", "letter", personal={"note": f"Wrote to {ADA.upper()}, twice."}))
        other = f"x{ADA}"
        work.record(Fact("thing.do", "thing", "other", personal={"note": f"Wrote to {other}."}))
    await sequence_all(log.urls.system)
    await log.sign()
    return log


async def values(log: Log) -> list[str]:
    return [row[0] for row in await log.fetch("select value from audit_personal")]


async def erase(log: Log, email: str = ADA) -> int:
    return await erase_person(log.works, log.archives, email)


async def test_what_they_did_what_was_done_to_them_and_their_address_are_gone_from_the_log(log_of_two: Log):
    log = log_of_two
    before = await values(log)
    erased = await erase(log)
    after = await values(log)
    # Their name and address, two notes of theirs, and the one that names their address.
    assert (erased, len(before) - len(after)) == (5, 5)
    assert not any(value.lower().startswith(f"wrote to {ADA}") or value == "acme Agent" for value in after)
    assert f"Wrote to x{ADA}." in after
    assert after.count("by hand 0") == 1


async def test_every_proof_and_the_whole_log_verify_after_erasing(log_of_two: Log, client):
    log = log_of_two
    entry = (await log.fetch("select id from audit_entries where action = 'thing.do' order by id limit 1"))[
        0
    ][0]
    await erase(log)
    await sequence_all(log.urls.system)
    await log.sign()
    verdict = await verify(log)
    assert verdict.findings == ()
    assert verdict.erased == 5
    proof = (await client.get(f"/api/audit/proof/{entry}", log.tenant.tokens["Admin"])).json
    checkpoint = open_checkpoint(proof["checkpoint"]["note"], KEY.verifying)
    hashes = [b64decode(value) for value in proof["proof"]]
    leaf = b64decode(proof["leaf_hash"])
    check_inclusion(leaf, proof["sequence"], checkpoint.size, hashes, checkpoint.root)


async def test_the_account_is_closed_and_nameless_and_its_token_refused(log_of_two: Log, client):
    log = log_of_two
    user_id = log.tenant.agent.id
    async with log.works.begin(log.tenant.admin) as work:
        await accounts.invite(work, "Viewer", ADA)
    await erase(log)
    assert (await client.get("/api/audit", log.tenant.tokens["Agent"])).status == 401
    row = (await log.fetch(f"select * from users where id = '{user_id}'"))[0]
    assert (row["name"], row["email"], row["password_hash"]) == ("Erased account", None, None)
    assert row["disabled_at"] is not None
    for table in ("memberships", "sessions", "passkeys", "identities", "notices"):
        assert await log.fetch(f"select 1 from {table} where user_id = '{user_id}'") == []
    assert await log.fetch(f"select 1 from invitations where email = '{ADA}'") == []
    told = await log.fetch("select content from audit_entries where action = 'user.erase'")
    assert len(told) == 1
    assert ADA.encode() not in bytes(told[0][0])


async def test_the_address_is_free_again_and_who_is_gone_is_not_found_twice(log_of_two: Log):
    await erase(log_of_two)
    with pytest.raises(NoSuchUser):
        await erase(log_of_two)
    async with log_of_two.works.system("tests") as work:
        await accounts.create_user(work, name="Another Ada", email=ADA)


async def test_what_lies_in_archives_is_found_by_their_files_and_erased(log_of_two: Log):
    log = log_of_two
    await archive(log)
    assert await erase(log) == 5
    assert "acme Agent" not in await values(log)
    assert (await verify(log)).findings == ()


@pytest.mark.parametrize("damage", [Path.unlink, lambda file: file.write_text('{"entry": 1}\n')])
async def test_an_archive_that_cannot_be_read_erases_nothing(log_of_two: Log, damage):
    log = log_of_two
    await archive(log)
    [archived] = await log.fetch("select file_name from audit_archives")
    damage(Path(log.archives.place(archived["file_name"])))
    before = await values(log)
    with pytest.raises(ArchiveRefused, match="--archives"):
        await erase(log)
    assert await values(log) == before
    assert (await log.fetch(f"select disabled_at from users where email = '{ADA}'"))[0][0] is None


async def test_the_last_operator_is_not_erased_and_nothing_of_theirs(log_of_two: Log):
    await make_staff(log_of_two.works)
    before = await values(log_of_two)
    with pytest.raises(LastAdmin):
        await erase(log_of_two, "operator@operator.example")
    assert await values(log_of_two) == before


async def test_a_tenants_admin_has_no_right_to_erase_by_service_or_by_sql(log_of_two: Log):
    log = log_of_two
    for forbidden in (accounts.erase_account, notices.forget_person):
        with pytest.raises(NotAllowed):
            async with log.works.begin(log.tenant.admin) as work:
                await forbidden(work, log.tenant.agent.id)
    with pytest.raises(Exception, match="permission denied"):
        async with log.works.begin(log.tenant.admin) as work:
            await work.connection.exec_driver_sql("delete from audit_personal")


async def test_the_command_asks_first_and_says_what_it_did(log_of_two: Log, tmp_path: Path, monkeypatch):
    monkeypatch.setenv("AEI_DATA", str(tmp_path / "data"))
    write_urls(load_settings().database_secrets, log_of_two.urls)
    run = CliRunner().invoke
    refused = await asyncio.to_thread(run, app, ["user", "erase", ADA], input="n\n")
    assert refused.exit_code == 1
    done = await asyncio.to_thread(run, app, ["user", "erase", ADA, "--yes"])
    assert done.exit_code == 0, done.output
    assert "5 values in the audit log" in done.output
    again = await asyncio.to_thread(run, app, ["user", "erase", ADA, "--yes"])
    assert again.exit_code == 1
    assert "no such user" in again.output
