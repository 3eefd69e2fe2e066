"""Data keys: replaced by fresh ones while everything that they seal stays readable."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import text

from aei_marketplace.accounts import service as accounts
from aei_marketplace.accounts.service.providers import usable_provider
from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.data_keys import keep_data_key
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.sealing import OPERATOR, SealBroken, SealedValue
from aei_marketplace.ground.work import Work
from aei_marketplace.notices import service as notices
from aei_marketplace.notices.service.webhooks import valid_secrets
from aei_marketplace.tax_profiles.rules.declarations import Declaration, Form, Kind
from aei_marketplace.tax_profiles.service import reveal_profile, submit_profile
from aei_marketplace.vault import service as vault
from aei_marketplace.vault.service import data_keys as replacing
from aei_marketplace.vault.service.asking import _opened_key
from aei_marketplace.vault.service.endpoints import EndpointWanted
from aei_marketplace.vault.service.sealed_values import SHELVES, Shelf
from tests.builders import Tenant, make_staff, make_tenant

#: Every column with sealed bytes. Journals of executions have keys of their own, and end by age.
SEALED = {
    ("execution_journals", "sealed"),
    ("identity_providers", "secret_sealed"),
    ("model_endpoints", "key_sealed"),
    ("secrets", "ciphertext"),
    ("tax_profiles", "sealed"),
    ("webhooks", "old_sealed"),
    ("webhooks", "secret_sealed"),
}
DECLARED = Declaration(Form.SELF_DECLARATION, Kind.COMPANY, "DE", "Acme GmbH", "Hafen 1", "DE136695976")
MODELS = EndpointWanted("chat", "https://models.example/v1", {"small": "up"}, key="sk-model")
NO_KEY_SENT = EndpointWanted("chat", "https://models.example/v2", {"small": "up"}, keep_key=True)

_WAITING = (
    "select count(*) from pg_locks l join pg_database d on d.oid = l.database "
    "where not granted and locktype = 'advisory' and datname = current_database()"
)


def nowhere(_name: str, _port: int) -> bool:
    return False


@dataclass
class Keeper:
    """A tenant with one value of every sort, and the operator with a webhook."""

    deps: Deps
    tenant: Tenant
    hook: UUID
    hook_secrets: list[str]
    provider: UUID
    operator: Actor
    operators_hook: UUID
    operators_secret: str
    tax_profile: UUID

    async def readable(self) -> dict[str, object]:
        """All values, read as whoever needs them reads them."""
        key, works, admin = self.deps.master_key, self.deps.works, self.tenant.admin
        secret = await vault.secret_value(works, key, str(self.tenant.id), "API_KEY")
        async with works.begin(admin) as work:
            await keep_data_key(work, self.tenant.id)
            endpoint = await vault.find_endpoint(work, "main")
            model = await _opened_key(work, key, self.tenant.id, endpoint)
            hook = await notices.find_webhook(work, self.hook)
            hook_secrets = await valid_secrets(work, key, hook, work.now)
        provider = await usable_provider(self.deps, self.provider)
        async with works.system("tests") as work:
            await keep_data_key(work, OPERATOR)
            operators = await notices.find_webhook(work, self.operators_hook)
            operators_secrets = await valid_secrets(work, key, operators, work.now)
        return {
            "secret": secret,
            "model": model,
            "hook": hook_secrets,
            "provider": provider.client_secret,
            "operator": operators_secrets,
            "tax": await self._tax_id(),
        }

    async def _tax_id(self) -> str:
        works, key = self.deps.works, self.deps.master_key
        return (await reveal_profile(works, self.operator, "0" * 32, key, self.tax_profile)).tax_id

    @property
    def written(self) -> dict[str, object]:
        return {
            "secret": "hush",
            "model": "sk-model",
            "hook": self.hook_secrets,
            "provider": "between us",
            "operator": [self.operators_secret],
            "tax": "DE136695976",
        }

    async def change_endpoint(self, work: Work) -> None:
        await vault.put_endpoint(work, self.deps.master_key, nowhere, "main", NO_KEY_SENT)

    async def change_webhook(self, work: Work) -> None:
        await notices.change_webhook(work, nowhere, self.hook, notices.Change(name="another name"))

    async def put_secret(self, work: Work) -> None:
        await vault.put_secret(work, self.deps.master_key, "API_KEY", "hush")

    async def sealed(self) -> dict[tuple[str, str], list[bytes]]:
        """What lies in the tables."""
        async with self.deps.works.system("tests") as work:
            found = {}
            for table, column in SEALED:
                rows = await work.run(text(f"select {column} from {table} where {column} is not null"))
                found[table, column] = sorted(bytes(value) for value in rows.scalars())
            rows = await work.run(text("select wrapped from data_keys"))
            found["data_keys", "wrapped"] = sorted(bytes(value) for value in rows.scalars())
        return found


@pytest.fixture
async def keeper(deps: Deps) -> Keeper:
    acme = await make_tenant(deps.works, "acme")
    operator, _ = await make_staff(deps.works)
    key = deps.master_key
    async with deps.works.begin(acme.admin) as work:
        await vault.put_secret(work, key, "API_KEY", "hush")
        await vault.put_endpoint(work, key, nowhere, "main", MODELS)
        first = await notices.create_webhook(work, key, nowhere, "one", "https://a.example/hook")
        second = await notices.rotate_secret(work, key, first.webhook.id, 24)
        provider = await accounts.add_provider(
            work, key, name="login", issuer="https://login.example", client_id="m", client_secret="between us"
        )
        declared = await submit_profile(work, key, DECLARED)
    async with deps.works.begin(operator) as work:
        own = await notices.create_webhook(work, key, nowhere, "own", "https://b.example/hook")
    secrets = [second.secret, first.secret]
    hooks = (operator, own.webhook.id, own.secret)
    return Keeper(deps, acme, first.webhook.id, secrets, provider, *hooks, declared.id)


async def test_every_value_is_sealed_again_and_reads_as_before(keeper: Keeper) -> None:
    before = await keeper.sealed()
    done = await vault.replace_data_keys(keeper.deps.works, keeper.deps.master_key)
    assert (done.resumed, done.keys, done.values, done.shut) == (False, 2, 7, ())
    after = await keeper.sealed()
    for place, values in before.items():
        assert len(after[place]) == len(values), place
        assert not set(after[place]) & set(values), place
    assert await keeper.readable() == keeper.written
    assert (await vault.check_keys(keeper.deps.works, [keeper.deps.master_key])).shut == []


async def test_no_sealed_column_is_forgotten(keeper: Keeper) -> None:
    query = text(
        "select table_name, column_name from information_schema.columns "
        "where table_schema = 'public' and data_type = 'bytea' and column_name ~ '(sealed|cipher)'"
    )
    async with keeper.deps.works.system("tests") as work:
        there = {tuple(row) for row in await work.run(query)}
    assert there == SEALED
    filled = {place for place, values in (await keeper.sealed()).items() if values}
    assert filled >= SEALED - {("execution_journals", "sealed")}, "this test seals something in each of them"


async def test_an_older_row_put_back_does_not_open(keeper: Keeper, urls: DatabaseUrls) -> None:
    owner = await asyncpg.connect(urls.owner)
    try:
        old = await owner.fetchrow("select nonce, ciphertext from secrets")
        await vault.replace_data_keys(keeper.deps.works, keeper.deps.master_key)
        await owner.execute("update secrets set nonce = $1, ciphertext = $2", *old)
    finally:
        await owner.close()
    with pytest.raises(SealBroken):
        await vault.secret_value(keeper.deps.works, keeper.deps.master_key, str(keeper.tenant.id), "API_KEY")


async def test_readers_find_every_value_while_keys_are_replaced(keeper: Keeper) -> None:
    replaced = asyncio.Event()

    async def read() -> int:
        times = 0
        while not replaced.is_set() or times == 0:
            assert await keeper.readable() == keeper.written
            times += 1
        return times

    readers = [asyncio.create_task(read()) for _ in range(3)]
    for _ in range(5):
        await vault.replace_data_keys(keeper.deps.works, keeper.deps.master_key)
    replaced.set()
    assert all(times > 0 for times in await asyncio.gather(*readers))


@pytest.mark.parametrize("change", [Keeper.put_secret, Keeper.change_endpoint, Keeper.change_webhook])
async def test_a_write_under_way_is_waited_for_and_then_sealed_again(
    keeper: Keeper, urls: DatabaseUrls, change: Callable
) -> None:
    async with keeper.deps.works.begin(keeper.tenant.admin) as work:
        await change(keeper, work)
        replacing = asyncio.create_task(vault.replace_data_keys(keeper.deps.works, keeper.deps.master_key))
        await somebody_waits(urls)
    assert (await replacing).keys == 2
    assert await keeper.readable() == keeper.written


@pytest.mark.parametrize("change", [Keeper.put_secret, Keeper.change_endpoint, Keeper.change_webhook])
async def test_a_write_waits_for_a_replacement_under_way(
    keeper: Keeper, urls: DatabaseUrls, monkeypatch: pytest.MonkeyPatch, change: Callable
) -> None:
    async with paused(monkeypatch, keeper.tenant.id) as replacement:
        done = asyncio.create_task(vault.replace_data_keys(keeper.deps.works, keeper.deps.master_key))
        await replacement.began.wait()

        async def write() -> None:
            async with keeper.deps.works.begin(keeper.tenant.admin) as work:
                await change(keeper, work)

        writing = asyncio.create_task(write())
        await somebody_waits(urls)
        assert not writing.done()
        replacement.go_on.set()
        await writing
        assert (await done).keys == 2
    assert await keeper.readable() == keeper.written


@pytest.mark.parametrize(
    "read",
    [
        lambda keeper: vault.secret_value(
            keeper.deps.works, keeper.deps.master_key, str(keeper.tenant.id), "API_KEY"
        ),
        lambda keeper: usable_provider(keeper.deps, keeper.provider),
    ],
    ids=["secret", "provider"],
)
async def test_a_read_waits_for_a_replacement_under_way(
    keeper: Keeper, urls: DatabaseUrls, monkeypatch: pytest.MonkeyPatch, read: Callable
) -> None:
    async with paused(monkeypatch, keeper.tenant.id) as replacement:
        done = asyncio.create_task(vault.replace_data_keys(keeper.deps.works, keeper.deps.master_key))
        await replacement.began.wait()
        reading = asyncio.create_task(read(keeper))
        await somebody_waits(urls)
        replacement.go_on.set()
        assert await reading
        assert (await done).keys == 2


async def test_two_replacements_at_once_replace_each_key_once(keeper: Keeper) -> None:
    works, key = keeper.deps.works, keeper.deps.master_key
    await replacing.begin_replacement(works)
    one, other = await asyncio.gather(
        vault.replace_data_keys(works, key), vault.replace_data_keys(works, key)
    )
    assert one.keys + other.keys == 2
    assert await keeper.readable() == keeper.written


async def test_a_replacement_that_breaks_off_within_an_owner_leaves_its_values_whole(
    keeper: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    class BrokenOff(Exception):
        pass

    async def break_off(_work: Work, _value: SealedValue) -> None:
        raise BrokenOff

    works, key = keeper.deps.works, keeper.deps.master_key
    with monkeypatch.context() as patched:
        patched.setattr(replacing, "SHELVES", (*SHELVES[:2], Shelf(SHELVES[2].find, break_off)))
        with pytest.raises(BrokenOff):
            await vault.replace_data_keys(works, key)
    assert await keeper.readable() == keeper.written
    assert (await vault.check_keys(works, [key])).due == 2
    done = await vault.replace_data_keys(works, key)
    assert (done.resumed, done.keys) == (True, 2)
    assert (await vault.check_keys(works, [key])).due == 0
    assert await keeper.readable() == keeper.written


async def test_an_owner_of_whom_something_does_not_open_is_left_and_the_others_are_done(
    keeper: Keeper, urls: DatabaseUrls
) -> None:
    globex = await make_tenant(keeper.deps.works, "globex")
    async with keeper.deps.works.begin(globex.admin) as work:
        await vault.put_secret(work, keeper.deps.master_key, "KEY", "theirs")
    owner = await asyncpg.connect(urls.owner)
    try:
        await owner.execute("update secrets set ciphertext = ciphertext || 'x' where name = 'KEY'")
        done = await vault.replace_data_keys(keeper.deps.works, keeper.deps.master_key)
        assert (done.keys, done.shut) == (2, (globex.id,))
        await owner.execute("delete from secrets where name = 'KEY'")
    finally:
        await owner.close()
    again = await vault.replace_data_keys(keeper.deps.works, keeper.deps.master_key)
    assert (again.resumed, again.keys, again.shut) == (True, 1, ())
    assert await keeper.readable() == keeper.written


async def test_a_tenant_cannot_have_keys_replaced(keeper: Keeper, urls: DatabaseUrls) -> None:
    connection = await asyncpg.connect(urls.app)
    try:
        async with connection.transaction():
            await connection.execute("select set_config('aei.tenant', $1, true)", str(keeper.tenant.id))
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute("update data_keys set replacement_due = true")
    finally:
        await connection.close()


@dataclass
class Pause:
    """A replacement that stands still within an owner, and goes on when told."""

    began: asyncio.Event
    go_on: asyncio.Event


@asynccontextmanager
async def paused(monkeypatch: pytest.MonkeyPatch, within: UUID) -> AsyncIterator[Pause]:
    pause = Pause(asyncio.Event(), asyncio.Event())

    async def find(work: Work, owner: UUID) -> list[SealedValue]:
        if owner == within:
            pause.began.set()
            await pause.go_on.wait()
        return await SHELVES[0].find(work, owner)

    with monkeypatch.context() as patched:
        patched.setattr(replacing, "SHELVES", (Shelf(find, SHELVES[0].put), *SHELVES[1:]))
        yield pause


async def somebody_waits(urls: DatabaseUrls) -> None:
    """Return as soon as somebody waits for a lock of this database."""
    connection = await asyncpg.connect(urls.owner)
    try:
        async with asyncio.timeout(120):
            while not await connection.fetchval(_WAITING):  # noqa: ASYNC110 the database tells nobody
                await asyncio.sleep(0.01)
    finally:
        await connection.close()
