"""Setting terms, by staff and in the open: who may, who is told, what stays, over HTTP and in the service."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from aei_marketplace.accounts import service as accounts
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.errors import NotAllowed
from aei_marketplace.ground.paging import PageWanted
from aei_marketplace.ground.work import Works
from aei_marketplace.notices import service as notices
from aei_marketplace.sales import service as sales
from aei_marketplace.sales.errors import AgreementUnfit, OwnAgreement
from aei_marketplace.sales.rules.shares import NOTICE
from aei_marketplace.sales.service import Terms
from tests.builders import Tenant, make_staff, make_tenant
from tests.plugins import work_off
from tests.sales.conftest import Tell, sale
from tests.sales.scenarios import list_plugin
from tests.serving import Client

PATH = "/api/share-agreements"


@pytest.fixture
async def acme(works: Works) -> Tenant:
    """Publishes a plugin."""
    tenant = await make_tenant(works, "acme")
    await list_plugin(works, tenant.id, "acme.echo")
    return tenant


async def test_finance_sets_terms_over_http_the_creator_is_told_and_reads_them_and_nobody_else(
    works: Works, deps: Deps, client: Client, acme: Tenant
):
    _, finance = await make_staff(works, "Finance")
    globex = await make_tenant(works, "globex")
    now = works.clock()
    body: dict[str, Any] = {
        "plugin_id": "acme.echo",
        "creator_share_bps": 9000,
        "effective_from": (now + timedelta(days=1)).isoformat(),
        "reason": "Sells well & long",
        "tiers": [{"currency": "USD", "from_gross_minor": 10_000_000, "creator_share_bps": 9250}],
    }
    made = await client.post(PATH, finance, json=body)
    assert (made.status, made.json["creator_share_bps"], made.json["reason"]) == (201, 9000, body["reason"])
    worse = {**body, "creator_share_bps": 8000, "effective_from": (now + timedelta(days=2)).isoformat()}
    answers = [
        (await client.post(PATH, finance, json=given)).status
        for given in (
            worse,
            {**body, "creator_share_bps": 10_001},
            {**body, "creator_share_bps": "9000"},
            {**body, "creator_share_bps": 90.5},
            {**body, "effective_from": (now - timedelta(days=40)).isoformat()},
            {**body, "effective_from": "2030-01-01T00:00:00"},
            {**body, "reason": " "},
            {**body, "more": 1},
            {**body, "plugin_id": "acme.none"},
        )
    ]
    assert answers == [422] * 8 + [404]
    too_soon = (await client.post(PATH, finance, json=worse)).json
    assert (too_soon["type"], "30 days" in too_soon["detail"]) == ("/problems/share-agreement-unfit", True)
    assert (await client.post(PATH, acme.tokens["Admin"], json=body)).status == 403
    assert (await client.post(PATH, json=body)).status == 401

    read = (await client.get(f"{PATH}/acme.echo", acme.tokens["ProjectManager"])).json
    assert (read["present"]["creator_share_bps"], read["present"]["agreement"]) == (8500, None)
    assert [a["id"] for a in read["announced"]] == [made.json["id"]] == [a["id"] for a in read["history"]]
    tier = {"from": {"amount_minor": 10_000_000, "currency": "USD"}, "creator_share_bps": 9250}
    assert read["announced"][0]["tiers"] == [tier]
    assert [s["plugin_id"] for s in (await client.get(PATH, finance)).json["items"]] == ["acme.echo"]
    assert (await client.get(PATH, globex.tokens["Admin"])).json["items"] == []
    assert (await client.get(f"{PATH}/acme.echo", globex.tokens["Admin"])).status == 403
    assert (await client.get(PATH, acme.tokens["Agent"])).status == 403

    await work_off(deps)
    async with works.begin(acme.admin) as work:
        inbox = await notices.list_notices(work, PageWanted())
    (told,) = inbox.page.items
    assert (told.kind, "90 % of what acme.echo sells" in told.words.title) == ("share.announced", True)
    assert "Sells well & long" in told.words.text


async def test_terms_apply_to_what_is_earned_from_their_moment_on_and_all_of_them_stay(
    works: Works, acme: Tenant, tell: Tell
):
    staff, _ = await make_staff(works, "Finance")
    begins = works.clock() + NOTICE + timedelta(hours=1)
    shares = (7000, 6000)
    for share in shares:
        async with works.begin(staff) as work:
            await sales.set_agreement(work, "acme.echo", Terms(share, begins, f"Now {share}"))
    before, at = begins - timedelta(microseconds=1), begins
    await tell(sale("before", creator=acme.id, earned_at=before), sale("at", creator=acme.id, earned_at=at))
    async with works.begin(acme.admin) as work:
        found = [
            (await sales.plugin_share(work, "acme.echo")).history,
            await sales.agreements_of(work, "acme.echo"),
        ]
        assert [[a.terms.creator_share_bps for a in each] for each in found] == [[6000, 7000], [7000, 6000]]
    async with works.system("tests") as work:
        sold = await sales.sales_of(work, {"before", "at"})
    assert (sold["before"].net, sold["at"].net) == (850, 600)


async def test_two_who_set_terms_at_once_are_held_against_each_other(works: Works, acme: Tenant):
    staff, _ = await make_staff(works, "Finance")
    begins = works.clock() + timedelta(days=5)

    async def set_share(share: int) -> None:
        async with works.begin(staff) as work:
            await sales.set_agreement(work, "acme.echo", Terms(share, begins, "At once"))

    ends = await asyncio.gather(*(set_share(9000) for _ in range(3)), set_share(9100), return_exceptions=True)
    async with works.begin(staff) as work:
        kept = [each.terms.creator_share_bps for each in await sales.agreements_of(work, "acme.echo")]
    assert len(kept) == sum(end is None for end in ends)
    assert kept == sorted(kept)  # in the order in which they were set: none of 9000 after 9100
    assert all(isinstance(end, AgreementUnfit) for end in ends if end is not None)
    with pytest.raises(NotAllowed):
        async with works.begin(acme.admin) as work:
            await sales.check_agreement(work, "acme.echo", Terms(9000, begins, "Mine"))


async def test_nobody_sets_the_share_of_a_tenant_that_they_belong_to(works: Works, acme: Tenant):
    finance, _ = await make_staff(works, "Finance")
    assert finance.id is not None
    async with works.system("tests") as work:
        await accounts.add_member(work, finance.id, "Viewer", acme.id)
    with pytest.raises(OwnAgreement):
        async with works.begin(finance) as work:
            terms = Terms(10_000, work.now + timedelta(days=1), "We are worth it")
            await sales.set_agreement(work, "acme.echo", terms)
