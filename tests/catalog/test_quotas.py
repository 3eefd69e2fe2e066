"""Quotas of publishers: what is refused, what staff may change, and who is warned."""

import asyncio
from dataclasses import replace

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.announcements import quota_near
from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.errors import NoSuchPublisher, PublishRateExceeded, QuotaExceeded
from aei_marketplace.catalog.events import QuotaNear
from aei_marketplace.catalog.rules.quotas import QuotaUse, came_near
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.clock import new_id
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.errors import NotAllowed
from aei_marketplace.ground.paging import PageWanted
from aei_marketplace.ground.publisher_quota import PublisherQuota
from aei_marketplace.notices import service as notices
from tests.builders import Tenant
from tests.packages import make_package
from tests.publishing import publish
from tests.serving import Client


def limited(deps: Deps, **quota: int) -> Deps:
    return replace(deps, publisher_quota=PublisherQuota(**quota))


async def version(deps: Deps, actor: Actor, number: int) -> None:
    await publish(deps, actor, {"version": f"1.{number}.0"})


async def test_one_release_too_many_is_refused_with_what_is_used_and_allowed(
    deps: Deps, acme: Tenant
) -> None:
    deps = limited(deps, releases=2)
    for number in range(2):
        await version(deps, acme.manager, number)
    with pytest.raises(QuotaExceeded) as refused:
        await version(deps, acme.manager, 2)
    assert refused.value.extensions == {"quota": "releases", "used": 3, "allowed": 2}


async def test_a_package_that_does_not_fit_any_more_is_refused(deps: Deps, acme: Tenant) -> None:
    size = len(make_package())
    deps = limited(deps, storage_bytes=size)
    with pytest.raises(QuotaExceeded) as refused:
        await publish(limited(deps, storage_bytes=size - 1), acme.manager)
    assert refused.value.extensions == {"quota": "storage_bytes", "used": size, "allowed": size - 1}
    await publish(deps, acme.manager)


async def test_publishing_too_fast_is_refused_until_the_hour_is_over(deps: Deps, acme: Tenant) -> None:
    deps = limited(deps, releases_per_hour=2)
    for number in range(2):
        await version(deps, acme.manager, number)
    with pytest.raises(PublishRateExceeded) as refused:
        await version(deps, acme.manager, 2)
    assert 3000 < int(refused.value.headers["Retry-After"]) <= 3601


async def test_publishes_at_once_do_not_slip_through(deps: Deps, urls: DatabaseUrls, acme: Tenant) -> None:
    deps = limited(deps, releases_per_hour=1)
    results = await asyncio.gather(
        *(version(deps, acme.manager, number) for number in range(2)), return_exceptions=True
    )
    assert sorted(type(r).__name__ for r in results if r is not None) == ["PublishRateExceeded"]
    owner = await asyncpg.connect(urls.owner)
    assert await owner.fetchval("select count(*) from releases") == 1
    await owner.close()


async def test_first_publishes_at_once_into_two_new_namespaces_do_not_wait_for_one_another(
    deps: Deps, acme: Tenant
) -> None:
    await version(deps, acme.manager, 0)
    released = await asyncio.gather(
        *(publish(deps, acme.manager, {"id": f"{name}.tool"}) for name in ("hooli", "umbrella"))
    )
    assert [release.plugin_id for release in released] == ["hooli.tool", "umbrella.tool"]


async def publisher_of(urls: DatabaseUrls, tenant: Tenant):  # type: ignore[no-untyped-def]  # asyncpg's own UUID
    owner = await asyncpg.connect(urls.owner)
    found = await owner.fetchval("select id from publishers where tenant_id = $1", tenant.id)
    await owner.close()
    return found


async def test_staff_allow_one_publisher_more_and_nobody_else_does(
    deps: Deps, urls: DatabaseUrls, acme: Tenant, operator: tuple[Actor, str]
) -> None:
    deps = limited(deps, releases=1)
    await version(deps, acme.manager, 0)
    publisher = await publisher_of(urls, acme)
    more = {"storage_bytes": None, "releases": 2, "releases_per_hour": None}
    with pytest.raises(NotAllowed):
        async with deps.works.begin(acme.admin) as work:
            await catalog.decide_quota(work, publisher, more)
    async with deps.works.begin(operator[0]) as work:
        await catalog.decide_quota(work, publisher, more)
        with pytest.raises(NoSuchPublisher):
            await catalog.decide_quota(work, new_id(), more)
    await version(deps, acme.manager, 1)
    with pytest.raises(QuotaExceeded):
        await version(deps, acme.manager, 2)


async def test_the_policies_let_no_tenant_see_or_write_anothers_quota(
    deps: Deps, urls: DatabaseUrls, acme: Tenant, globex: Tenant, operator: tuple[Actor, str]
) -> None:
    await version(deps, acme.manager, 0)
    async with deps.works.begin(operator[0]) as work:
        await catalog.decide_quota(work, await publisher_of(urls, acme), {"releases": 5})
    app = await asyncpg.connect(urls.app)
    for tenant, seen in ((acme, 1), (globex, 0)):
        async with app.transaction():
            await app.execute("select set_config('aei.tenant', $1, true)", str(tenant.id))
            assert await app.fetchval("select count(*) from publisher_quotas") == seen
            assert await app.execute("update publisher_quotas set releases = 9") == "UPDATE 0"
    await app.close()


async def test_who_publishes_is_warned_when_a_quota_is_near(deps: Deps, acme: Tenant) -> None:
    await quota_near(deps, QuotaNear(acme.id, "releases", 8, 10), "trace")
    async with deps.works.begin(acme.manager) as work:
        inbox = await notices.list_notices(work, PageWanted())
    assert [notice.kind for notice in inbox.page.items] == ["quota.near"]


async def test_the_event_is_emitted_once_when_the_share_is_passed(
    deps: Deps, urls: DatabaseUrls, acme: Tenant
) -> None:
    deps = limited(deps, releases=5)
    for number in range(5):
        await version(deps, acme.manager, number)
    owner = await asyncpg.connect(urls.owner)
    waiting = await owner.fetchval("select count(*) from pgqueuer where entrypoint = $1", QuotaNear.kind)
    await owner.close()
    assert waiting == 1


async def test_the_route_tells_what_is_used_and_allowed(client: Client, deps: Deps, acme: Tenant) -> None:
    token = acme.tokens["ProjectManager"]
    assert (await client.get("/api/publisher/quota", token)).json["used"]["releases"] == 0
    release = await publish(deps, acme.manager)
    answer = await client.get("/api/publisher/quota", token)
    assert answer.json["used"] == {"storage_bytes": release.size_bytes, "releases": 1, "releases_per_hour": 1}
    assert answer.json["allowed"]["releases"] == 10_000
    assert (await client.get("/api/publisher/quota", acme.tokens["Viewer"])).status == 403


@given(st.integers(1, 1000))
def test_a_share_is_passed_by_exactly_one_release(most: int) -> None:
    quota = PublisherQuota(10**9, most, 10**9)
    uses = [QuotaUse(0, releases, 0) for releases in range(most + 1)]
    passed = [n for n in range(most) if "releases" in came_near(uses[n], uses[n + 1], quota)]
    assert len(passed) == 1
    assert (passed[0] + 1) * 100 >= most * 80 > passed[0] * 100
