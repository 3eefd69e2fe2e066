"""Tenants as staff see them: searched, opened, and given their first Admin."""

import pytest

from aei_marketplace.accounts import service
from aei_marketplace.accounts.errors import HasMembers, NoSuchTenant
from aei_marketplace.ground.actor import MissingAction
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.errors import Invalid
from aei_marketplace.ground.paging import PageWanted
from tests.builders import make_staff, make_tenant
from tests.serving import Client

HTML = {"Accept": "text/html"}


async def test_tenants_are_found_by_part_of_a_name_and_come_in_pages_with_their_members(deps: Deps):
    for slug in ("acme", "globex", "glass-house", "under-score"):
        await make_tenant(deps.works, slug)
    operator, _ = await make_staff(deps.works)
    async with deps.works.begin(operator) as work:
        found = await service.search_tenants(work, "GL", PageWanted(1))
        rest = await service.search_tenants(work, "GL", PageWanted.read(1, found.next_cursor))
        assert (await service.search_tenants(work, "a_e", PageWanted())).total == 0
        assert (await service.search_tenants(work, "", PageWanted())).total == 4
        with pytest.raises(Invalid):
            await service.search_tenants(work, "", PageWanted(1, {"not": "ours"}))
    assert [row.slug for row in (*found.items, *rest.items)] == ["glass-house", "globex"]
    assert (found.total, rest.next_cursor) == (2, None)
    assert found.items[0].members == 4


async def test_a_tenants_admin_and_other_staff_do_not_see_all_tenants(client: Client, deps: Deps):
    acme = await make_tenant(deps.works, "acme")
    moderator, _ = await make_staff(deps.works, "Moderator")
    for actor in (acme.admin, moderator):
        with pytest.raises(MissingAction):
            async with deps.works.begin(actor) as work:
                await service.search_tenants(work, "", PageWanted())
    form = {"slug": "mine", "name": "Mine"}
    answer = await client.post("/admin/tenants", acme.tokens["Admin"], headers=HTML, data=form)
    assert answer.status == 403
    with pytest.raises(NoSuchTenant):
        async with deps.works.system("tests") as work:
            await service.find_tenant(work, "mine")


async def test_staff_invite_a_first_admin_and_nobody_after_that(deps: Deps):
    acme = await make_tenant(deps.works, "acme")
    operator, _ = await make_staff(deps.works)
    async with deps.works.begin(operator) as work:
        fresh = await service.create_tenant(work, "studio", "Studio")
        made = await service.invite_first_admin(work, fresh, "stu@studio.example")
        assert (made.role, made.email) == ("Admin", "stu@studio.example")
    with pytest.raises(HasMembers):
        async with deps.works.begin(operator) as work:
            await service.invite_first_admin(work, acme.id)
    with pytest.raises(MissingAction):
        async with deps.works.begin(acme.admin) as work:
            await service.invite_first_admin(work, fresh)


async def test_a_tenant_that_exists_is_not_opened_again_and_nobody_is_invited(client: Client, deps: Deps):
    await make_tenant(deps.works, "acme")
    _, token = await make_staff(deps.works)
    form = {"slug": "acme", "name": "Acme again", "email": "new@acme.example"}
    answer = await client.post("/admin/tenants", token, headers=HTML, data=form)
    assert answer.status == 409
    assert b"invitation=" not in answer.body


async def test_administration_leads_to_the_first_place_that_a_role_may_see(client: Client, deps: Deps):
    acme = await make_tenant(deps.works, "acme")
    _, operator = await make_staff(deps.works)
    for token, place in ((acme.tokens["Admin"], "/admin/members"), (operator, "/admin/")):
        answer = await client.get("/admin", token, headers=HTML, allow_redirects=False)
        assert answer.status == 303
        assert answer.headers["location"].startswith(place)
    assert (await client.get("/admin", acme.tokens["Agent"], headers=HTML)).status == 403
