"""Usage and caps: reserved at the start, counted once at the end, refused before it, charged by the month."""

import asyncio
import csv
import io
from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import msgspec
import pytest

from aei_marketplace.accounts import service as accounts
from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.billing.errors.purchases import PaymentRequired
from aei_marketplace.billing.rules.caps import Cap
from aei_marketplace.billing.rules.usage import UsageRecord, charge_key, month_end
from aei_marketplace.billing.service import caps, invoices, purchases, usage
from aei_marketplace.billing.store import charges
from aei_marketplace.billing.store import usage as store
from aei_marketplace.executions import service as executions
from aei_marketplace.executions.rules.tryouts import TryWanted
from aei_marketplace.executions.service import Runs
from aei_marketplace.executions.store import quick
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.paging import PageWanted
from aei_marketplace.notices import service as notices
from aei_protocol.outcomes import Outcome
from tests.billing.invoicing import ready_to_sell
from tests.billing.selling import METERED, buy, finance, publish_priced, receipt_root
from tests.builders import Tenant, make_tenant
from tests.clocks import Time
from tests.executions.conftest import TRACE, run, runs, until  # noqa: F401 a fixture
from tests.fakes import FakeSandbox, ended
from tests.plugins import install, work_off
from tests.serving import Client


@pytest.fixture
async def acme(deps: Deps) -> Tenant:
    """The publisher of a plugin that costs seven cents a run, the first two free."""
    acme = await make_tenant(deps.works, "acme")
    await publish_priced(deps, acme, {**METERED, "trial": {"executions": 2}})
    return acme


@pytest.fixture
async def globex(deps: Deps, acme: Tenant) -> Tenant:
    """A buyer of it, who has it installed."""
    globex = await make_tenant(deps.works, "globex")
    await ready_to_sell(deps.works, globex)
    await buy(deps, globex, METERED)
    assert (await install(deps, globex.admin)).state == "succeeded"
    return globex


async def spent(deps: Deps, tenant: Tenant) -> int:
    """What a tenant has spent this month, in millionths."""
    async with deps.works.begin(tenant.admin) as work:
        await caps.put_caps(work, [Cap("USD", None, 10**6, None)])
        (standing,) = await caps.find_caps(work)
        await caps.put_caps(work, [])
    return standing.spent_micros


async def fresh_token(deps: Deps, tenant: Tenant, role: str) -> str:
    """A token that begins now: those of the start have expired by the end of a month."""
    async with deps.works.system("tests") as work:
        owner = tenant.actors[role].id
        assert owner is not None
        token = await accounts.issue_token(work, name="later", owner=owner, tenant=tenant.id)
    return token.secret or ""


@pytest.fixture(autouse=True)
def within_a_month(time: Time) -> None:
    """No run of a test falls into another month than the one before it."""
    if (time.now() + timedelta(minutes=10)).month != time.now().month:
        time.ahead = timedelta(minutes=15)


async def test_every_tenant_is_told_of_its_cap_however_many_were_told_before(
    deps: Deps, acme: Tenant, globex: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caps, "_BATCH", 1)
    for tenant in (acme, globex):
        async with deps.works.begin(tenant.admin) as work:
            await caps.put_caps(work, [Cap("USD", None, 100, None)])
        async with deps.works.system("tests") as work:
            period = caps.this_month(work)
            await store.add_spend(work, tenant.id, period, "USD", "acme.echo", 600_000, capped=True)
    told = []
    for _ in range(3):
        async with deps.works.system("tests") as work:
            told.append(await caps.tell_near_caps(work))
    assert told == [1, 1, 0]


async def test_of_caps_that_two_set_at_once_one_set_stands(deps: Deps, globex: Tenant) -> None:
    async def put(most: int) -> None:
        async with deps.works.begin(globex.admin) as work:
            await caps.put_caps(work, [Cap("EUR", None, most, None)])

    await asyncio.gather(*(put(most) for most in (1, 2, 3)))
    async with deps.works.begin(globex.admin) as work:
        assert len(await caps.find_caps(work)) == 1


def month(time: Time) -> datetime:
    return time.now().astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


async def test_a_months_runs_are_charged_once_with_a_receipt_that_the_buyer_reckons_again(
    deps: Deps,
    acme: Tenant,
    globex: Tenant,
    runs: Runs,  # noqa: F811 the fixture
    sandbox: FakeSandbox,
    client: Client,
    time: Time,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(usage, "_AT_ONCE", 2)  # five runs are read in three parts
    # In the middle of the next month: no run of this test falls into another.
    time.ahead = month(time) + timedelta(days=45) - datetime.now(UTC)
    ends = Counter([Outcome.OK] * 5 + [Outcome.GUEST_ERROR, Outcome.TRAP, Outcome.CANCELLED])
    sandbox.guest = lambda _, task, __: ended(task, next(outcomes), output="{}", problem=None)
    outcomes = iter([Outcome.TRAP, Outcome.GUEST_ERROR, Outcome.CANCELLED, *[Outcome.OK] * 5])
    done = [await run(runs, globex.agent) for _ in range(ends.total())]
    sandbox.refuse = ("busy", "full")
    with pytest.raises(Exception, match="nothing ran"):
        await run(runs, globex.agent)
    sandbox.refuse, outcomes = None, iter([Outcome.OK] * 2)
    await executions.try_out(runs, globex.agent, TRACE, "acme.echo", TryWanted(task=msgspec.Raw(b"{}")))
    assert await spent(deps, globex) == 3 * 70_000  # five ended well, two of them were free

    period = month(time).date()
    assert await usage.charge_usage(deps.works) == 0  # the month is not over
    time.ahead = month_end(period) + timedelta(minutes=5) - datetime.now(UTC)
    assert await usage.charge_usage(deps.works) == 0  # a run of its last moment may still be on its way
    time.ahead += timedelta(days=20)
    assert [await usage.charge_usage(deps.works) for _ in range(2)] == [1, 0]
    await work_off(deps)
    async with deps.works.begin(globex.admin) as work:
        key = charge_key(globex.id, "acme.echo", period, "USD")
        charge = await charges.find(work, key)
        assert charge is not None
        (line,) = await invoices.lines_of(work, charge.invoice_id)
    assert (line.quantity, line.unit_micros, line.net_minor) == (3, 70_000, 21)
    assert line.earned_at == datetime(charge.period_start.year, charge.period_start.month, 1, tzinfo=UTC) + (
        charge.period_end - charge.period_start - timedelta(seconds=1)
    )
    assert charge.receipt_root is not None
    assert charge.receipt_root.hex() in line.text

    path = f"/api/billing/usage?plugin=acme.echo&period={period:%Y-%m}"
    token = await fresh_token(deps, globex, "Admin")
    answer = await client.get(path + "&limit=3", token)
    assert (answer.status, len(answer.json["items"])) == (200, 3)
    further = await client.get(f"{path}&cursor={answer.json['next_cursor']}", token)
    counted = [*answer.json["items"], *further.json["items"]]
    assert [i["execution"] for i in counted if i["state"] == "billed"] == [str(e.id) for e in done[3:]]
    assert answer.json["charges"][0]["receipt_root"] == charge.receipt_root.hex()
    sheet = await client.get(path + "&format=csv", token)
    rows = list(csv.DictReader(io.StringIO(sheet.body.decode())))
    assert len(rows) == 9
    again = [_record(row) for row in rows if row["state"] == "billed"]
    assert receipt_root(again) == charge.receipt_root
    assert (await client.get(path, await fresh_token(deps, globex, "Agent"))).status == 403
    assert (await client.get(path.replace("acme.echo", "nonsense"), token)).status == 404


def _record(row: dict[str, str]) -> UsageRecord:
    times = [datetime.fromisoformat(row[name]) for name in ("started_at", "ended_at")]
    return UsageRecord(
        UUID(row["execution"]),
        UUID(int=0),
        row["plugin"],
        row["version"],
        row["currency"],
        int(row["unit_micros"]),
        row["state"],
        row["outcome"],
        *times,
        row["usage_sha256"],
    )


async def test_no_number_of_runs_at_once_exceeds_a_cap_and_the_tenant_is_told(
    deps: Deps,
    globex: Tenant,
    runs: Runs,  # noqa: F811 the fixture
    sandbox: FakeSandbox,
    client: Client,
) -> None:
    token = globex.tokens["Admin"]
    path, cents = "/api/billing/caps", lambda n: {"amount_minor": n, "currency": "USD"}
    for body, status in (
        ({"caps": [{"currency": "USD", "month": cents(21)}]}, 200),
        ({"caps": [{"currency": "USD", "month": cents(-1)}]}, 422),
        ({"caps": [{"currency": "USD", "month": cents(1.5)}]}, 422),
        ({"caps": [{"currency": "EUR", "month": cents(1)}]}, 422),
        ({"caps": [{"currency": "XAU", "month": {"amount_minor": 1, "currency": "XAU"}}]}, 422),
        ({"caps": [{"currency": "USD"}]}, 422),
    ):
        assert (await client.send("PUT", path, token, json=body)).status == status, body
    assert (await client.send("PUT", path, globex.tokens["ProjectManager"], json={"caps": []})).status == 403

    sandbox.hold = asyncio.Event()
    started = [asyncio.create_task(run(runs, globex.agent)) for _ in range(12)]
    await until(lambda: sum(task.done() for task in started) == 7)
    sandbox.hold.set()
    came = await asyncio.gather(*started, return_exceptions=True)
    assert Counter(type(each).__name__ for each in came) == {"Execution": 5, "SpendCapReached": 7}
    standing = (await client.get(path, token)).json["items"][0]
    assert (standing["spent"]["amount_minor"], standing["percent"]) == (21, 100)
    assert sum(1 for _ in sandbox.sent) == 5  # what is refused never ran

    for _ in range(2):
        async with deps.works.system("tests") as work:
            await caps.tell_near_caps(work)
        await work_off(deps)
    async with deps.works.begin(globex.admin) as work:
        told = [n.words.title for n in (await notices.list_notices(work, PageWanted())).page.items]
    assert told.count("100 % of a spend cap is used") == 1

    # A token that is known from earlier runs meets the caps, and the end of a purchase, like any other.
    await client.send("PUT", path, token, json={"caps": [{"currency": "USD", "execution": cents(6)}]})
    execute = "/api/plugins/acme.echo/execute"
    answer = await client.post(execute, globex.tokens["Agent"], json={"task": {}})
    assert (answer.status, answer.json["type"].rpartition("/")[2]) == (409, "spend-cap-reached")
    await client.send("PUT", path, token, json={"caps": []})
    assert (await client.post(execute, globex.tokens["Agent"], json={"task": {}})).status == 200
    bought = (await client.get("/api/billing/purchases", token)).json["items"][0]
    ended_now = await client.post(f"/api/billing/purchases/{bought['id']}/cancel", token)
    assert (ended_now.status, ended_now.json["state"]) == (200, "ended")
    answer = await client.post(execute, globex.tokens["Agent"], json={"task": {}})
    assert (answer.status, answer.json["type"].rpartition("/")[2]) == (402, "payment-required")
    assert "POST /api/billing/purchases" in answer.json["detail"]


async def test_what_runs_when_a_purchase_ends_finishes_and_what_it_reserved_is_settled(
    deps: Deps,
    globex: Tenant,
    runs: Runs,  # noqa: F811 the fixture
    sandbox: FakeSandbox,
) -> None:
    for _ in range(2):
        await run(runs, globex.agent)  # the free ones
    sandbox.hold = asyncio.Event()
    under_way = asyncio.create_task(run(runs, globex.agent))
    await until(lambda: bool(runs.running))
    (id,) = runs.running
    await runs.running[id].started
    assert await spent(deps, globex) == 70_000
    async with deps.works.begin(globex.admin) as work:
        (bought,) = (await purchases.list_purchases(work, PageWanted())).items
        await purchases.cancel(work, bought.id)
    with pytest.raises(PaymentRequired):
        await run(runs, globex.agent)
    sandbox.hold.set()
    assert (await under_way).outcome == "ok"
    assert await spent(deps, globex) == 70_000


async def test_a_run_costs_as_many_statements_with_a_price_as_without(
    deps: Deps,
    globex: Tenant,
    runs: Runs,  # noqa: F811 the fixture
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Three: what applies, the start with its reservation, the end with its settlement."""
    asked: list[str] = []
    for name in ("fetchrow", "fetchval", "execute"):
        plain = getattr(asyncpg.Pool, name)

        async def noted(pool: object, statement: str, *values: object, _plain: object = plain) -> object:
            asked.append(statement.partition("(")[0])
            return await _plain(pool, statement, *values)  # type: ignore[operator]

        monkeypatch.setattr(asyncpg.Pool, name, noted)
    for _ in range(2):  # the first reads the release
        asked.clear()
        assert (await run(runs, globex.agent)).outcome == "ok"
    assert asked == [s.partition("(")[0] for s in (quick._TERMS, quick._START, quick._END)]


TABLES = (
    *("purchases", "purchase_charges", "purchase_credits", "usage_records", "spend_caps", "spend_months"),
    "buyer_accounts",
)


async def test_raw_sql_of_the_app_role_sees_and_changes_the_own_tenant_only(
    deps: Deps,
    urls: DatabaseUrls,
    globex: Tenant,
    acme: Tenant,
    runs: Runs,  # noqa: F811 the fixture
) -> None:
    for _ in range(3):
        await run(runs, globex.agent)
    await finance(deps)
    owner = await asyncpg.connect(urls.owner)
    app = await asyncpg.connect(urls.app)
    try:
        (bought,) = await owner.fetch("select * from purchases")
        await owner.execute(
            "insert into purchase_charges values ('k', $1, $2, 'acme.echo', 'one_time', 'USD', 1, 5, now(),"
            " null, null, gen_random_uuid(), now(), now())",
            *(globex.id, bought["id"]),
        )
        await owner.execute(
            "insert into purchase_credits values (gen_random_uuid(), 'k', $1, 5, now())", globex.id
        )
        await owner.execute("insert into spend_caps values ($1, 'USD', '', 5, null, $1, now())", globex.id)
        await owner.execute("insert into buyer_accounts values ($1, true, $1, now())", globex.id)
        for tenant, sees in ((globex.id, True), (acme.id, False), ("", False)):
            await app.execute("select set_config('aei.tenant', $1, false)", str(tenant))
            for table in TABLES:
                assert bool(await app.fetch(f"select * from {table}")) is sees, (table, tenant)
        await app.execute("select set_config('aei.tenant', $1, false)", str(acme.id))
        for change in (
            "update purchases set trial_left = 9",
            "update usage_records set charge_key = 'x'",
            "update spend_months set micros = 0",
            "update purchase_charges set paid_at = now()",
            "delete from spend_caps",
        ):
            assert (await app.execute(change)).endswith(" 0"), change
        # A tenant neither grants itself an account nor writes prices; prices and credits never change.
        await app.execute("select set_config('aei.tenant', $1, false)", str(globex.id))
        assert (await app.execute("update buyer_accounts set on_account = true")).endswith(" 0")
        for change in (
            "update plugin_prices set amount_minor = 1",
            "update purchase_credits set amount_minor = 1",
            "delete from purchases",
            "delete from usage_records",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await app.execute(change)
        with pytest.raises(asyncpg.PostgresError):
            await owner.execute("update plugin_prices set amount_minor = 1")
        # A price is as hidden as its plugin.
        await owner.execute("update plugins set visibility = 'private'")
        assert await app.fetch("select * from plugin_prices") == []
        with pytest.raises(asyncpg.PostgresError):
            await app.execute(
                "insert into plugin_prices values (gen_random_uuid(), 'acme.echo', '9.0.0', 'free', null, 0,"
                " null, null, null, now(), now())"
            )
    finally:
        await owner.close()
        await app.close()
