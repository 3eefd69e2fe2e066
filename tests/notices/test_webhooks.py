"""Webhooks: who administers them, what is kept of them, changing the secret, testing them."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

import asyncpg
import pytest

from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.adapters.webhooks import WebhookClient
from aei_marketplace.ground.actor import MissingAction
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.errors import TooMany
from aei_marketplace.ground.paging import PageWanted
from aei_marketplace.notices import service
from aei_marketplace.notices.errors import NoSuchWebhook, TooManyWebhooks, WebhookStale, WebhookUnfit
from aei_marketplace.notices.rules.notices import to_holders
from aei_marketplace.notices.rules.webhooks import MOST_WEBHOOKS
from tests.builders import Tenant, make_staff
from tests.notices.acts import deliver, hook, route, tell, yanked
from tests.notices.conftest import Watch
from tests.notices.hooks import Hooks, status


async def test_only_admins_of_the_tenant_and_of_the_operator_administer_webhooks(
    deps: Deps, acme: Tenant, hooks: Hooks
) -> None:
    shown = await hook(deps, acme, hooks.url())
    finance, _ = await make_staff(deps.works, "Finance")
    for actor in (acme.manager, acme.agent, acme.viewer, finance):
        with pytest.raises(MissingAction):
            await hook(deps, actor, hooks.url())
        for refused in (
            lambda work: service.list_webhooks(work, PageWanted()),
            lambda work: service.find_webhook(work, shown.webhook.id),
            lambda work: service.delete_webhook(work, shown.webhook.id),
            lambda work: service.rotate_secret(work, deps.master_key, shown.webhook.id, 0),
            lambda work: service.list_deliveries(work, shown.webhook.id, PageWanted()),
            lambda work: service.change_webhook(
                work, deps.webhooks.is_internal, shown.webhook.id, service.Change(enabled=False)
            ),
        ):
            with pytest.raises(MissingAction):
                async with deps.works.begin(actor) as work:
                    await refused(work)
        with pytest.raises(MissingAction):
            await service.try_webhook(deps, actor, "trace", shown.webhook.id)
    assert hooks.received == []


async def test_tenants_and_the_operator_do_not_see_each_others_webhooks(
    deps: Deps, acme: Tenant, globex: Tenant, hooks: Hooks
) -> None:
    operator, _ = await make_staff(deps.works)
    owners = {"acme": acme.admin, "globex": globex.admin, "operator": operator}
    ids = {
        name: (await hook(deps, actor, hooks.url(), name=name)).webhook.id for name, actor in owners.items()
    }
    for name, actor in owners.items():
        async with deps.works.begin(actor) as work:
            assert [w.name for w in (await service.list_webhooks(work, PageWanted())).items] == [name]
        for other in set(owners) - {name}:
            with pytest.raises(NoSuchWebhook):
                async with deps.works.begin(actor) as work:
                    await service.find_webhook(work, ids[other])
            with pytest.raises(NoSuchWebhook):
                await service.try_webhook(deps, actor, "trace", ids[other])


async def test_the_secret_is_shown_once_and_stored_sealed(
    deps: Deps, acme: Tenant, hooks: Hooks, urls: DatabaseUrls
) -> None:
    shown = await hook(deps, acme, hooks.url())
    assert shown.secret not in repr(shown)
    async with deps.works.begin(acme.admin) as work:
        assert shown.secret not in repr((await service.find_webhook(work, shown.webhook.id)).shape())
    assert not await anywhere(urls, shown.secret)


async def test_a_changed_secret_signs_beside_the_old_one_until_the_overlap_is_over(
    deps: Deps, acme: Tenant, hooks: Hooks, watch: Watch
) -> None:
    old = await hook(deps, acme, hooks.url(), "release.yanked")
    async with deps.works.begin(acme.admin) as work:
        new = await service.rotate_secret(work, deps.master_key, old.webhook.id, 24)
    assert new.webhook.old_secret is not None
    to = to_holders(acme.id, "plugin.install")
    for hours, both in ((0, True), (23, True), (2, False)):
        watch.pass_(hours=hours)
        await tell(deps, yanked(to, f"acme.p{hours}"))
        await route(deps)
        await deliver(deps)
        assert hooks.received[-1].signed_by(new.secret)
        assert hooks.received[-1].signed_by(old.secret) is both


async def test_without_overlap_the_old_secret_ends_at_once(deps: Deps, acme: Tenant, hooks: Hooks) -> None:
    old = await hook(deps, acme, hooks.url())
    async with deps.works.begin(acme.admin) as work:
        new = await service.rotate_secret(work, deps.master_key, old.webhook.id, 0)
    trial = await service.try_webhook(deps, acme.admin, "trace", old.webhook.id)
    assert trial.answer.status == 200
    assert hooks.received[0].signed_by(new.secret)
    assert not hooks.received[0].signed_by(old.secret)


async def test_the_operators_webhook_is_sealed_with_a_key_of_its_own(
    deps: Deps, hooks: Hooks, urls: DatabaseUrls
) -> None:
    operator, _ = await make_staff(deps.works)
    shown = await hook(deps, operator, hooks.url())
    await service.try_webhook(deps, operator, "trace", shown.webhook.id)
    assert hooks.received[0].signed_by(shown.secret)
    assert await rows(urls.owner, "select tenant_id, tenant from data_keys") == [(UUID(int=0), None)]


async def test_a_test_shows_how_the_other_side_answered(
    deps: Deps, acme: Tenant, hooks: Hooks, watch: Watch
) -> None:
    shown = await hook(deps, acme, hooks.url())
    hooks.plan = [status(403), status(302, Location="http://127.0.0.1/"), status(204)]
    answers = []
    for _ in range(3):
        answers.append((await service.try_webhook(deps, acme.admin, "trace", shown.webhook.id)).answer)
        watch.pass_(seconds=3)
    assert [a.status for a in answers] == [403, 302, 204]
    assert [a.problem for a in answers] == ["answered 403", "answered 302: redirects are not followed", None]
    assert len(hooks.received) == 3
    assert hooks.received[0].json["type"] == "webhook.test"
    async with deps.works.begin(acme.admin) as work:
        found = (await service.list_deliveries(work, shown.webhook.id, PageWanted())).items
        assert (await service.find_webhook(work, shown.webhook.id)).enabled, "a test disables nothing"
    assert [(d.kind, d.state, d.status) for d in found] == [
        ("webhook.test", "delivered", 204),
        ("webhook.test", "failed", 302),
        ("webhook.test", "failed", 403),
    ]


async def test_tests_in_quick_succession_are_refused(deps: Deps, acme: Tenant, hooks: Hooks) -> None:
    shown = await hook(deps, acme, hooks.url())
    await service.try_webhook(deps, acme.admin, "trace", shown.webhook.id)
    with pytest.raises(TooMany):
        await service.try_webhook(deps, acme.admin, "trace", shown.webhook.id)
    assert len(hooks.received) == 1


@pytest.mark.parametrize(
    "addresses",
    [["127.0.0.1"], ["10.0.0.8"], ["93.184.216.34", "192.168.0.1"], ["::1"], ["::ffff:127.0.0.1"]],
)
async def test_a_name_that_leads_to_a_private_address_gets_nothing(
    deps: Deps, acme: Tenant, hooks: Hooks, addresses: Sequence[str]
) -> None:
    async def look_up(name: str, port: int) -> list[str]:
        return list(addresses)

    client = WebhookClient({}, look_up)
    deps = replace(deps, webhooks=client)
    shown = await hook(deps, acme, f"https://rebound.example:{hooks.port}/in")
    trial = await service.try_webhook(deps, acme.admin, "trace", shown.webhook.id)
    await client.close()
    assert trial.answer.status is None
    assert trial.answer.problem == "nothing was sent: the name leads to an address that is not public"
    assert hooks.received == []


async def test_no_more_webhooks_than_may_be_kept_even_at_once(deps: Deps, acme: Tenant, hooks: Hooks) -> None:
    made = await asyncio.gather(
        *(hook(deps, acme, hooks.url()) for _ in range(MOST_WEBHOOKS + 3)), return_exceptions=True
    )
    assert sum(isinstance(m, TooManyWebhooks) for m in made) == 3
    async with deps.works.begin(acme.admin) as work:
        assert (await service.list_webhooks(work, PageWanted(5))).total == MOST_WEBHOOKS


async def test_a_change_based_on_an_older_state_is_refused(deps: Deps, acme: Tenant, hooks: Hooks) -> None:
    shown = await hook(deps, acme, hooks.url())
    is_internal = deps.webhooks.is_internal
    async with deps.works.begin(acme.admin) as work:
        change = service.Change(name="renamed", kinds=["release.yanked"])
        changed = await service.change_webhook(
            work, is_internal, shown.webhook.id, change, shown.webhook.etag
        )
    assert (changed.name, changed.url, changed.kinds) == ("renamed", shown.webhook.url, ("release.yanked",))
    for refused in (
        lambda work: service.change_webhook(work, is_internal, shown.webhook.id, change, shown.webhook.etag),
        lambda work: service.delete_webhook(work, shown.webhook.id, shown.webhook.etag),
    ):
        with pytest.raises(WebhookStale):
            async with deps.works.begin(acme.admin) as work:
                await refused(work)
    with pytest.raises(WebhookUnfit):
        async with deps.works.begin(acme.admin) as work:
            await service.change_webhook(
                work, is_internal, shown.webhook.id, service.Change(url="http://10.0.0.1/")
            )


async def test_every_change_of_a_webhook_is_an_entry_without_secrets(
    deps: Deps, acme: Tenant, hooks: Hooks, urls: DatabaseUrls, watch: Watch
) -> None:
    shown = await hook(deps, acme, hooks.url("/in?token=canary-71c2"))
    webhook_id = shown.webhook.id
    async with deps.works.begin(acme.admin) as work:
        off = service.Change(enabled=False)
        await service.change_webhook(work, deps.webhooks.is_internal, webhook_id, off)
        await service.rotate_secret(work, deps.master_key, webhook_id, 1)
    await service.try_webhook(deps, acme.admin, "trace", webhook_id)
    async with deps.works.begin(acme.admin) as work:
        await service.delete_webhook(work, webhook_id)
    found = await rows(
        urls.system,
        "select action, convert_from(content, 'UTF8') from audit_entries where resource_type = 'webhook'"
        " order by id",
    )
    assert [action for action, _ in found] == [
        "webhook.create", "webhook.change", "webhook.rotate", "webhook.test", "webhook.delete",
    ]  # fmt: skip
    assert "canary-71c2" not in str(found)
    assert "whsec_" not in str(found)


async def rows(url: str, query: str) -> list[tuple]:
    connection = await asyncpg.connect(url)
    try:
        return [tuple(row) for row in await connection.fetch(query)]
    finally:
        await connection.close()


async def anywhere(urls: DatabaseUrls, text: str) -> bool:
    """Whether a text stands in any row of any table."""
    connection = await asyncpg.connect(urls.owner)
    try:
        tables = await connection.fetch("select tablename from pg_tables where schemaname = 'public'")
        for (table,) in tables:
            query = f"select exists (select from {table} t where strpos(t::text, $1) > 0)"
            if await connection.fetchval(query, text):
                return True
        return False
    finally:
        await connection.close()
