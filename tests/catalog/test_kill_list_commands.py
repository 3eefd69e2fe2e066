"""`aei-marketplace kill-list` as an operator runs it."""

import asyncio
import json
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from click.testing import Result
from typer.testing import CliRunner

from aei_inspection.gate import inspect_package
from aei_inspection.notes import SigningKey
from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.adapters.postgres.urls import write_urls
from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.errors import KilledElsewhere
from aei_marketplace.catalog.service import ReleaseState, ReleaseView
from aei_marketplace.catalog.store import imported_kills
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.deps import Deps
from aei_marketplace.manage import app
from aei_marketplace.settings import load_settings
from aei_protocol.kill_list import Killed, KillList
from tests.builders import Tenant
from tests.packages import make_package
from tests.publishing import prepare, publish, publish_listed

KEY = SigningKey.generate("other.example/kill-list")


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, urls: DatabaseUrls) -> None:
    """A data folder whose database is the test's."""
    monkeypatch.setenv("AEI_DATA", str(tmp_path / "data"))
    write_urls(load_settings().database_secrets, urls)


@pytest.fixture
async def release(deps: Deps, acme: Tenant) -> ReleaseView:
    return await publish_listed(deps, acme.manager)


async def run(*words: str) -> Result:
    """The command in a thread, since it runs a loop of its own."""
    return await asyncio.to_thread(CliRunner().invoke, app, ["kill-list", *words])


async def state(deps: Deps, actor: Actor) -> ReleaseState:
    async with deps.works.begin(actor) as work:
        return (await catalog.find_release(work, "acme.echo", "1.0.0")).state


def foreign(release: ReleaseView | None, tmp_path: Path, serial: int = 7, **other: Any) -> Path:
    """Another marketplace's list with one entry about a release, or about nothing that is here."""
    digests = (release.package_sha256, release.component_sha256) if release else ("0" * 64, "1" * 64)
    named = {"sha256": digests[0], "component_sha256": digests[1]} | other
    values = {"plugin": "x.y", "version": "9.9.9", "reason": "steals keys", "at": "2026-11-23T00:00:00Z"}
    listed = KillList(KEY.name, serial, "2026-11-23T00:00:00Z", (Killed(**{**values, **named}),))
    path = tmp_path / "list.txt"
    path.write_text(KEY.sign(listed.text()))
    return path


def killed(release: ReleaseView) -> Killed:
    """An entry about a release under another name."""
    digests = (release.package_sha256, release.component_sha256)
    return Killed(*digests, "x.y", "9.9.9", "steals keys", "2026-11-23T00:00:00Z")


async def test_a_release_is_put_on_the_list_shown_exported_and_lifted(
    deps: Deps, acme: Tenant, release: ReleaseView, tmp_path: Path
) -> None:
    added = await run("add", "acme.echo", "1.0.0", "--reason", "steals keys")
    assert added.exit_code == 0, added.output
    assert await state(deps, acme.manager) is ReleaseState.BLOCKED
    [entry] = json.loads((await run("list", "--json")).output)
    assert (entry["sha256"], entry["reason"]) == (release.package_sha256, "steals keys")
    await catalog.sign_kill_list(deps.works, KEY)
    exported = await run("export", str(tmp_path / "out.txt"))
    assert KEY.verifying.text() in exported.output
    assert release.package_sha256 in (tmp_path / "out.txt").read_text()
    lifted = await run("lift", "acme.echo", "1.0.0", "--reason", "it was another")
    assert lifted.exit_code == 0, lifted.output
    assert await state(deps, acme.manager) is ReleaseState.QUARANTINED
    assert "0 on the list." in (await run("list")).output


@pytest.mark.usefixtures("release")
async def test_what_is_not_on_the_list_is_not_lifted_and_what_is_not_there_is_not_added(
    deps: Deps, acme: Tenant
) -> None:
    for words in (("lift", "acme.echo", "1.0.0"), ("add", "acme.echo", "7.0.0"), ("add", "no id", "1.0.0")):
        refused = await run(*words, "--reason", "x")
        assert refused.exit_code == 1, refused.output
    assert (await run("add", "acme.echo", "1.0.0", "--reason", " ")).exit_code == 1
    assert await state(deps, acme.manager) is ReleaseState.LISTED


@pytest.mark.parametrize("part", ["package", "component"])
async def test_another_marketplaces_list_blocks_what_is_here_by_package_or_component(
    deps: Deps, acme: Tenant, release: ReleaseView, tmp_path: Path, part: str
) -> None:
    other = {"sha256": "0" * 64} if part == "component" else {"component_sha256": "1" * 64}
    path = foreign(release, tmp_path, **other)
    for blocked in (1, 0):
        result = await run("import", str(path), "--key", KEY.verifying.text())
        assert result.exit_code == 0, result.output
        assert f"1 entries, {blocked} blocked here now." in result.output
    async with deps.works.begin(acme.manager) as work:
        found = await catalog.find_release(work, "acme.echo", "1.0.0")
    assert found.state is ReleaseState.BLOCKED
    assert found.state_reason == f"On the kill list of {KEY.name}: steals keys"


async def test_a_list_about_nothing_that_is_here_blocks_nothing(
    deps: Deps, acme: Tenant, release: ReleaseView, tmp_path: Path
) -> None:
    result = await run("import", str(foreign(None, tmp_path)), "--key", KEY.verifying.text())
    assert "0 blocked here now." in result.output
    assert await state(deps, acme.manager) is ReleaseState.LISTED


@pytest.mark.parametrize("harm", ["changed", "another key", "no key", "not a list", "missing"])
async def test_a_list_that_the_key_did_not_sign_blocks_nothing(
    deps: Deps, acme: Tenant, release: ReleaseView, tmp_path: Path, harm: str
) -> None:
    path, key = foreign(release, tmp_path), KEY.verifying.text()
    if harm == "changed":
        path.write_text(path.read_text().replace("steals", "shares"))
    elif harm == "another key":
        key = SigningKey.generate(KEY.name).verifying.text()
    elif harm == "no key":
        key = "nonsense"
    elif harm == "not a list":
        path.write_text(KEY.sign("hello\n"))
    else:
        path.unlink()
    result = await run("import", str(path), "--key", key)
    assert result.exit_code == 1
    assert "Nothing was blocked" in result.output
    assert await state(deps, acme.manager) is ReleaseState.LISTED


# ---------------------------------------------------------------- what an imported list goes on to say


def digests() -> tuple[str, str]:
    """Of the package that the tests publish next, and of the component in it."""
    package = inspect_package(make_package())
    return package.sha256, package.component_sha256


async def take(path: Path) -> Result:
    return await run("import", str(path), "--key", KEY.verifying.text())


async def test_what_an_imported_list_names_is_not_published_afterwards_until_a_newer_one_lets_it_go(
    deps: Deps, acme: Tenant, tmp_path: Path
) -> None:
    package, component = digests()
    by_component = foreign(None, tmp_path, component_sha256=component, reason="steals\x00 keys")
    assert (await take(by_component)).exit_code == 0
    for submitted in ({}, {"visibility": "private"}):
        with pytest.raises(
            KilledElsewhere, match=r"On the kill list of other\.example/kill-list: steals keys"
        ):
            await publish_listed(deps, acme.manager, **submitted)
    by_package = await take(foreign(None, tmp_path, serial=8, sha256=package))
    assert "List 8" in by_package.output
    older = await take(foreign(None, tmp_path, component_sha256=component))
    assert (older.exit_code, "list 8, made" in older.output) == (1, True), older.output
    with pytest.raises(KilledElsewhere):
        await publish_listed(deps, acme.manager)
    known = json.loads((await run("imported", "--json")).output)
    assert [(each["origin"], each["serial"], each["entries"]) for each in known] == [(KEY.name, 8, 1)]
    assert (await take(foreign(None, tmp_path, serial=9))).exit_code == 0
    assert (await publish_listed(deps, acme.manager)).state is ReleaseState.LISTED


async def test_a_release_that_came_while_the_list_did_is_held_and_not_installed(
    deps: Deps, acme: Tenant, release: ReleaseView, tmp_path: Path
) -> None:
    """As when an import breaks off between remembering a list and blocking what is here."""
    waiting = await publish(deps, acme.manager, {"version": "1.1.0"})
    listed = KillList(KEY.name, 7, "2026-11-23T00:00:00Z", (killed(waiting),))
    async with deps.works.system("tests") as work:
        await imported_kills.replace(work, listed, KEY.verifying.text())
    with pytest.raises(KilledElsewhere, match=r"acme\.echo 1\.0\.0: On the kill list of other"):
        await catalog.check_not_killed(deps, release)
    await prepare(deps, waiting)
    async with deps.works.begin(acme.manager) as work:
        assert (await catalog.find_release(work, "acme.echo", "1.1.0")).state is ReleaseState.HELD
    assert len(await catalog.import_kill_list(deps.works, listed, KEY.verifying.text())) == 2
    async with deps.works.system("tests") as work:
        for state in (ReleaseState.QUARANTINED, ReleaseState.LISTED):
            await catalog.change_state(work, "acme.echo", "1.0.0", state, "it was another")
    await catalog.check_not_killed(deps, release)
    assert await catalog.import_kill_list(deps.works, listed, KEY.verifying.text()) == []


async def test_a_forgotten_list_keeps_nothing_out_and_one_that_is_not_known_is_not_forgotten(
    deps: Deps, acme: Tenant, tmp_path: Path
) -> None:
    assert (await take(foreign(None, tmp_path, component_sha256=digests()[1]))).exit_code == 0
    assert (await run("forget", KEY.name)).exit_code == 0
    again = await run("forget", KEY.name)
    assert (again.exit_code, "No list of" in again.output) == (1, True)
    assert (await publish_listed(deps, acme.manager)).state is ReleaseState.LISTED
    assert "0 remembered." in (await run("imported")).output


async def test_no_web_process_changes_what_is_remembered(urls: DatabaseUrls) -> None:
    connection = await asyncpg.connect(urls.app)
    try:
        for table in ("imported_kill_lists", "imported_kills"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(f"delete from {table}")
    finally:
        await connection.close()
