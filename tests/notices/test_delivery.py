"""Notices to webhooks: signed, tried again, once, whatever stops or stalls."""

import asyncio
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import asyncpg

from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.paging import PageWanted
from aei_marketplace.notices import service
from aei_marketplace.notices.rules.deliveries import Delivery
from aei_marketplace.notices.rules.notices import to_holders, to_staff, to_user
from aei_marketplace.notices.rules.retries import MOST_ATTEMPTS
from aei_marketplace.notices.service import Dispatch
from aei_marketplace.notices.service.dispatch import LEASE, MOST_A_TENANT
from tests.builders import Tenant, make_staff
from tests.notices.acts import blocked, deliver, hook, read_by, route, tell, until, yanked
from tests.notices.conftest import LATER, Watch
from tests.notices.hooks import Hooks, hang_up, stall, status, waits_for


async def deliveries(deps: Deps, acme: Tenant, webhook_id: UUID) -> list[Delivery]:
    async with deps.works.begin(acme.admin) as work:
        return list((await service.list_deliveries(work, webhook_id, PageWanted())).items)


async def test_a_webhook_gets_a_signed_notice(deps: Deps, acme: Tenant, hooks: Hooks) -> None:
    shown = await hook(deps, acme, hooks.url("/in?token=t"))
    (notice_id,) = await tell(deps, yanked(to_holders(acme.id, "plugin.install")))
    await route(deps)
    await deliver(deps)
    (got,) = hooks.received
    assert got.path == "/in?token=t"
    assert got.signed_by(shown.secret)
    assert not got.signed_by("whsec_" + "A" * 43 + "=")
    assert got.json["type"] == "release.yanked"
    assert got.json["data"]["id"] == str(notice_id)
    assert got.json["data"]["subject"] == {"type": "release", "id": "acme.echo@1.0.0"}
    (delivery,) = await deliveries(deps, acme, shown.webhook.id)
    assert (delivery.state, delivery.status, delivery.attempts) == ("delivered", 200, 1)
    assert str(delivery.id) == got.id


async def test_a_webhook_gets_its_tenants_kinds_and_nothing_personal(
    deps: Deps, acme: Tenant, globex: Tenant, hooks: Hooks
) -> None:
    operator, _ = await make_staff(deps.works)
    await hook(deps, acme, hooks.url("/acme"), "release.yanked")
    await hook(deps, operator, hooks.url("/operator"))
    ours, theirs = to_holders(acme.id, "plugin.install"), to_holders(globex.id, "plugin.install")
    await tell(
        deps,
        yanked(ours),
        blocked(ours),
        yanked(theirs),
        yanked(to_user(acme.admin.id, acme.id), "acme.mine"),
        blocked(to_staff("plugin.moderate"), "acme.staff"),
    )
    await route(deps)
    await deliver(deps)
    got = sorted((r.path, r.json["type"], r.json["data"]["data"]["plugin"]) for r in hooks.received)
    assert got == [("/acme", "release.yanked", "acme.echo"), ("/operator", "release.blocked", "acme.staff")]


async def test_an_answer_500_and_a_broken_connection_are_tried_again_with_growing_pauses(
    deps: Deps, acme: Tenant, hooks: Hooks, watch: Watch
) -> None:
    shown = await hook(deps, acme, hooks.url())
    hooks.plan = [status(500), hang_up]
    await tell(deps, yanked(to_holders(acme.id, "plugin.install")))
    await route(deps)
    await deliver(deps)
    (delivery,) = await deliveries(deps, acme, shown.webhook.id)
    assert (delivery.state, delivery.status, delivery.problem) == ("waiting", 500, "answered 500")
    first_pause = delivery.due_at - watch.now
    await deliver(deps)
    assert len(hooks.received) == 1, "not before its time"
    watch.now = delivery.due_at
    await deliver(deps)
    (delivery,) = await deliveries(deps, acme, shown.webhook.id)
    assert delivery.status is None
    assert delivery.due_at - watch.now > first_pause
    watch.now = delivery.due_at
    await deliver(deps)
    (delivery,) = await deliveries(deps, acme, shown.webhook.id)
    assert (delivery.state, delivery.attempts) == ("delivered", 3)
    assert len({r.id for r in hooks.received}) == 1, "one id, so that the receiver can drop the repetition"
    async with deps.works.begin(acme.admin) as work:
        assert (await service.find_webhook(work, shown.webhook.id)).failing_since is None


async def test_a_webhook_that_never_answers_well_is_disabled_with_a_notice_and_an_entry(
    deps: Deps, acme: Tenant, hooks: Hooks, watch: Watch, urls: DatabaseUrls
) -> None:
    shown = await hook(deps, acme, hooks.url(), "release.yanked")
    to = to_holders(acme.id, "plugin.install")
    await tell(deps, yanked(to))
    await route(deps)
    for _ in range(MOST_ATTEMPTS):
        hooks.plan = [status(503)] * 3
        await deliver(deps)
        watch.now += LATER
    hooks.plan = []
    await tell(deps, yanked(to, "acme.later"))
    await route(deps)
    await deliver(deps)
    async with deps.works.begin(acme.admin) as work:
        webhook = await service.find_webhook(work, shown.webhook.id)
    assert (webhook.enabled, webhook.disabled_reason) == (False, "answered 503")
    assert [d.state for d in await deliveries(deps, acme, webhook.id)] == ["failed"]
    told = [n for n in await read_by(deps, acme.admin) if n.kind == "webhook.disabled"]
    assert [n.data["name"] for n in told] == ["ops"]
    assert await entries(urls, "webhook.disable") == [acme.id]
    assert len(hooks.received) == MOST_ATTEMPTS


async def test_a_webhook_that_is_gone_is_disabled_at_once_and_can_be_enabled_again(
    deps: Deps, acme: Tenant, hooks: Hooks
) -> None:
    shown = await hook(deps, acme, hooks.url(), "release.yanked")
    to = to_holders(acme.id, "plugin.install")
    hooks.plan = [status(410)]
    await tell(deps, yanked(to))
    await route(deps)
    await deliver(deps)
    async with deps.works.begin(acme.admin) as work:
        assert not (await service.find_webhook(work, shown.webhook.id)).enabled
        change = service.Change(enabled=True)
        again = await service.change_webhook(work, deps.webhooks.is_internal, shown.webhook.id, change)
    assert (again.enabled, again.disabled_reason, again.failing_since) == (True, None, None)
    await tell(deps, yanked(to, "acme.later"))
    await route(deps)
    await deliver(deps)
    assert [d.state for d in await deliveries(deps, acme, shown.webhook.id)] == ["delivered", "failed"]


async def test_two_processes_never_send_the_same_at_once(deps: Deps, acme: Tenant, hooks: Hooks) -> None:
    await hook(deps, acme, hooks.url())
    to = to_holders(acme.id, "plugin.install")
    await tell(deps, *(yanked(to, f"acme.p{n}") for n in range(6)))
    await route(deps)
    processes = [Dispatch(deps) for _ in range(3)]
    for _ in range(8):
        await asyncio.gather(*(process.take_up() for process in processes))
        await asyncio.gather(*(process.settle() for process in processes))
    assert Counter(Counter(r.id for r in hooks.received).values()) == {1: 6}
    assert hooks.most == 1, "one at a time for one webhook"


async def test_a_process_that_is_killed_while_it_sends_loses_nothing(
    deps: Deps, acme: Tenant, hooks: Hooks, watch: Watch, urls: DatabaseUrls, tmp_path: Path
) -> None:
    await hook(deps, acme, hooks.url(), "release.yanked")
    await tell(deps, yanked(to_holders(acme.id, "plugin.execute")))
    await route(deps)
    hooks.plan = [stall]
    arguments = [urls.app, urls.system, str(tmp_path), str(hooks.port), watch.now.isoformat()]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.notices.courier_process", *arguments
    )
    await until(lambda: hooks.received or process.returncode is not None)
    assert process.returncode is None
    process.kill()
    await process.wait()
    await deliver(deps)
    assert len(hooks.received) == 1
    watch.now += LEASE
    await deliver(deps)
    first, second = hooks.received
    assert first.id == second.id
    assert first.body == second.body


async def test_what_a_stopped_process_had_claimed_is_sent_after_its_lease(
    deps: Deps, acme: Tenant, hooks: Hooks, watch: Watch
) -> None:
    shown = await hook(deps, acme, hooks.url())
    await tell(deps, yanked(to_holders(acme.id, "plugin.install")))
    await route(deps)
    hooks.plan = [stall]
    killed = Dispatch(deps)
    await killed.take_up()
    await until(lambda: hooks.received)
    await killed.stop()
    await deliver(deps)
    assert len(hooks.received) == 1, "it may still be under way somewhere"
    watch.now += LEASE
    await deliver(deps)
    first, second = hooks.received
    assert first.id == second.id
    (delivery,) = await deliveries(deps, acme, shown.webhook.id)
    assert (delivery.state, delivery.attempts) == ("delivered", 2)


async def test_a_process_that_was_too_slow_does_not_overwrite_what_another_wrote_down(
    deps: Deps, acme: Tenant, hooks: Hooks, watch: Watch
) -> None:
    shown = await hook(deps, acme, hooks.url())
    await tell(deps, yanked(to_holders(acme.id, "plugin.install")))
    await route(deps)
    go_on = asyncio.Event()

    async def fail_late(request):
        await go_on.wait()
        return await status(500)(request)

    hooks.plan = [fail_late]
    slow = Dispatch(deps)
    await slow.take_up()
    await until(lambda: hooks.received)
    watch.now += LEASE
    await deliver(deps)
    go_on.set()
    await slow.settle()
    (delivery,) = await deliveries(deps, acme, shown.webhook.id)
    assert (delivery.state, delivery.status) == ("delivered", 200)


async def test_a_tenant_whose_webhooks_stall_leaves_the_others_their_turn(
    deps: Deps, acme: Tenant, globex: Tenant, hooks: Hooks
) -> None:
    await asyncio.gather(*(hook(deps, acme, hooks.url(f"/acme/{n}")) for n in range(MOST_A_TENANT + 2)))
    go_on = asyncio.Event()
    hooks.plan = [waits_for(go_on)] * MOST_A_TENANT
    await tell(deps, yanked(to_holders(acme.id, "plugin.install")))
    await route(deps)
    dispatch = Dispatch(deps)
    await dispatch.take_up()
    await until(lambda: hooks.under_way == MOST_A_TENANT)
    await hook(deps, globex, hooks.url("/globex"))
    await tell(deps, yanked(to_holders(globex.id, "plugin.install")))
    await route(deps)
    await dispatch.take_up()
    await until(lambda: any(r.path == "/globex" for r in hooks.received))
    assert sum(r.path.startswith("/acme") for r in hooks.received) == MOST_A_TENANT
    go_on.set()
    await dispatch.settle()
    await deliver(deps)
    assert sum(r.path.startswith("/acme") for r in hooks.received) == MOST_A_TENANT + 2


async def test_no_transaction_is_open_while_something_is_sent(
    deps: Deps, acme: Tenant, hooks: Hooks, urls: DatabaseUrls
) -> None:
    await hook(deps, acme, hooks.url(), "release.yanked")
    open_ones: list[int] = []

    async def look(request):
        connection = await asyncpg.connect(urls.owner)
        try:
            open_ones.append(
                await connection.fetchval(
                    "select count(*) from pg_stat_activity where datname = current_database()"
                    " and state like 'idle in transaction%'"
                )
            )
        finally:
            await connection.close()
        return await status(200)(request)

    hooks.plan = [look]
    await tell(deps, yanked(to_holders(acme.id, "policy.administer")))
    await route(deps)
    await deliver(deps)
    assert open_ones == [0]


async def test_a_secret_that_does_not_open_is_a_failure_that_is_told(
    deps: Deps, acme: Tenant, hooks: Hooks
) -> None:
    shown = await hook(deps, acme, hooks.url())
    await tell(deps, yanked(to_holders(acme.id, "plugin.install")))
    await route(deps)
    await deliver(replace(deps, master_key=bytes(32)))
    (delivery,) = await deliveries(deps, acme, shown.webhook.id)
    assert delivery.state == "waiting"
    assert delivery.problem is not None
    assert "does not open" in delivery.problem
    assert hooks.received == []


async def test_deliveries_go_with_time_and_with_their_webhook(
    deps: Deps, acme: Tenant, hooks: Hooks, watch: Watch
) -> None:
    shown = await hook(deps, acme, hooks.url())
    await tell(deps, yanked(to_holders(acme.id, "plugin.install")))
    await route(deps)
    await deliver(deps)
    watch.pass_(days=31)
    await service.forget_old(deps.works)
    assert await deliveries(deps, acme, shown.webhook.id) == []
    await tell(deps, yanked(to_holders(acme.id, "plugin.install")))
    await route(deps)
    async with deps.works.begin(acme.admin) as work:
        await service.delete_webhook(work, shown.webhook.id)
    await deliver(deps)
    assert len(hooks.received) == 1


async def test_a_notice_on_its_way_when_its_webhook_is_switched_off_is_not_sent(
    deps: Deps, acme: Tenant, hooks: Hooks
) -> None:
    shown = await hook(deps, acme, hooks.url())
    await tell(deps, yanked(to_holders(acme.id, "plugin.install")))
    await route(deps)
    async with deps.works.begin(acme.admin) as work:
        off = service.Change(enabled=False)
        await service.change_webhook(work, deps.webhooks.is_internal, shown.webhook.id, off)
    await deliver(deps)
    assert hooks.received == []
    (delivery,) = await deliveries(deps, acme, shown.webhook.id)
    assert delivery.state == "failed"


async def entries(urls: DatabaseUrls, action: str) -> list[UUID]:
    """The tenants in whose log an action stands."""
    connection = await asyncpg.connect(urls.system)
    try:
        rows = await connection.fetch("select tenant_id from audit_entries where action = $1", action)
        return [UUID(str(row["tenant_id"])) for row in rows]
    finally:
        await connection.close()
