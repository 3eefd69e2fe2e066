"""`aei-marketplace user` as an operator types it: whoever is let go is out at once."""

import asyncio
import json
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner, Result

from aei_marketplace.accounts import service
from aei_marketplace.accounts.errors import (
    AccountDisabled,
    NoSuchUser,
    SessionEnded,
    TokenRevoked,
    WrongPassword,
)
from aei_marketplace.accounts.service import PasskeyAsked, SignedIn
from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.adapters.postgres.urls import write_urls
from aei_marketplace.ground.deps import Deps
from aei_marketplace.manage import app
from aei_marketplace.settings import load_settings
from tests.accounts.authenticator import Authenticator
from tests.accounts.people import ORIGIN, PASSWORD, VISIT, enter, make_person
from tests.accounts.test_passkeys import register

EMAIL = "ada@acme.example"
HOSTILE = [
    "",
    "nobody",
    "nobody@acme.example",
    "ada@acme.example\n",
    " ada@acme.example",
    "ada@acme.example,olga@acme.example",
    "%@acme.example",
    "ada@acme.example'; drop table users; --",
    "ada\x00@acme.example",
    "ada\udcff@acme.example",
    "ädä@acme.example",
    "a" * 100_000 + "@acme.example",
]


@pytest.fixture(autouse=True)
def data(urls: DatabaseUrls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A data folder that leads to this test's database."""
    monkeypatch.setenv("AEI_DATA", str(tmp_path / "data"))
    write_urls(load_settings().database_secrets, urls)


@pytest.fixture
async def ada(deps: Deps) -> SignedIn:
    await make_person(deps.works, EMAIL, "acme")
    return await enter(deps, EMAIL)


async def run(*arguments: str) -> Result:
    """The command in a thread, since it runs a loop of its own."""
    return await asyncio.to_thread(CliRunner().invoke, app, ["user", *arguments])


async def people_as_stored(deps: Deps) -> list[tuple[object, ...]]:
    async with deps.works.system("tests") as work:
        rows = await work.run(text("select id, email, disabled_at from users order by id"))
        return [tuple(row) for row in rows]


async def test_who_is_closed_is_out_of_sessions_and_tokens_at_once(deps: Deps, ada: SignedIn) -> None:
    async with deps.works.begin(ada.actor) as work:
        token = await service.issue_token(work, name="robot")
    assert (await deps.authenticate(token.secret or "", "t")).id == ada.actor.id
    done = await run("close", EMAIL)
    assert (done.exit_code, done.output) == (0, f"{EMAIL} is closed.\n")
    with pytest.raises(AccountDisabled):
        await deps.authenticate_session(ada.secret, "t")
    with pytest.raises(AccountDisabled):
        await deps.authenticate(token.secret or "", "t")
    with pytest.raises(WrongPassword):
        await enter(deps, EMAIL)


async def test_who_is_opened_again_signs_in_anew_and_nothing_older_works(deps: Deps, ada: SignedIn) -> None:
    async with deps.works.begin(ada.actor) as work:
        token = await service.issue_token(work, name="robot")
    await run("close", EMAIL)
    done = await run("open", EMAIL.upper())
    assert done.exit_code == 0, done.output
    with pytest.raises(SessionEnded):
        await deps.authenticate_session(ada.secret, "t")
    with pytest.raises(TokenRevoked):
        await deps.authenticate(token.secret or "", "t")
    assert (await enter(deps, EMAIL)).actor.id == ada.actor.id


async def test_lost_passkeys_are_forgotten_and_the_session_with_them(deps: Deps, ada: SignedIn) -> None:
    for name in ("laptop", "telephone"):
        await register(deps, ada, Authenticator(ORIGIN, "market.example"), name)
    asked = await service.sign_in_with_password(deps, VISIT, EMAIL, PASSWORD)
    assert isinstance(asked, PasskeyAsked)
    done = await run("forget-passkeys", EMAIL)
    assert (done.exit_code, done.output) == (0, f"2 passkeys of {EMAIL} are removed.\n")
    with pytest.raises(SessionEnded):
        await deps.authenticate_session(ada.secret, "t")
    assert await enter(deps, EMAIL), "the password alone opens a session again"


async def test_each_command_stands_in_the_log_with_who_gave_it(deps: Deps, ada: SignedIn) -> None:
    for command in ("close", "open", "forget-passkeys"):
        await run(command, EMAIL)
    async with deps.works.system("tests") as work:
        query = text("select content from audit_entries where resource_id = :id order by id desc limit 3")
        rows = await work.run(query, {"id": str(ada.actor.id)})
        entries = [json.loads(bytes(row.content).partition(b"\n")[2]) for row in rows]
    told = [(e["action"], e["actor"]["kind"], e["actor"]["id"]) for e in entries]
    system = ("system", "aei-marketplace")
    assert told == [("passkey.forget", *system), ("user.open", *system), ("user.close", *system)]
    assert not any(EMAIL in json.dumps(entry) for entry in entries), "who it is can be erased"


async def test_a_command_that_changes_nothing_says_so(deps: Deps, ada: SignedIn) -> None:
    opened = await run("open", EMAIL)
    await run("close", EMAIL)
    closed = await run("close", EMAIL)
    assert (opened.exit_code, closed.exit_code) == (1, 1)
    assert "no such account that is closed" in opened.output
    assert "no such account that is open" in closed.output


async def test_of_two_who_close_an_account_at_once_one_does(deps: Deps, ada: SignedIn) -> None:
    async def close() -> None:
        async with deps.works.system("aei-marketplace") as work:
            await service.close_account(work, await service.find_user(work, EMAIL))

    both = await asyncio.gather(close(), close(), return_exceptions=True)
    assert {type(result) for result in both} == {type(None), NoSuchUser}


async def test_the_last_operator_is_not_closed(deps: Deps) -> None:
    await make_person(deps.works, "olga@operator.example", staff="Operator")
    refused = await run("close", "olga@operator.example")
    assert refused.exit_code == 1
    assert "Make somebody else an Operator first" in refused.output
    assert await enter(deps, "olga@operator.example")


@pytest.mark.parametrize("command", ["close", "open", "forget-passkeys"])
async def test_an_address_that_is_nobodys_is_refused_and_changes_nothing(
    deps: Deps, ada: SignedIn, command: str
) -> None:
    before = await people_as_stored(deps)
    for address in HOSTILE:
        refused = await run(command, address)
        assert refused.exit_code == 1, (address[:40], refused.output)
        assert isinstance(refused.exception, SystemExit), (address[:40], refused.exception)
        assert len(refused.output) < 500
    assert await people_as_stored(deps) == before
    assert await deps.authenticate_session(ada.secret, "t")
