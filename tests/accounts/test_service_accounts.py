"""Service accounts on the page of tokens: added by who administers both members and tokens."""

from aei_marketplace.accounts import service
from aei_marketplace.ground.deps import Deps
from tests.builders import make_tenant
from tests.serving import Client

PAGE = "/admin/tokens"
HTML = {"Accept": "text/html"}


async def test_a_service_account_is_added_with_a_role_and_leads_to_its_token(client: Client, deps: Deps):
    acme = await make_tenant(deps.works, "acme")
    token = acme.tokens["Admin"]
    wanted = {"name": "night orchestrator", "role": "Agent"}
    for wrong in ({"name": " "}, {"name": "x" * 121}, {"role": "Operator"}, {"role": ""}):
        refused = await client.post(f"{PAGE}/services", token, headers=HTML, data={**wanted, **wrong})
        assert refused.status == 422
    added = await client.post(f"{PAGE}/services", token, headers=HTML, data=wanted, allow_redirects=False)
    assert added.status == 303
    form = (await client.get(added.headers["location"], token, headers=HTML)).body.decode()
    owner = added.headers["location"].partition("owner=")[2]
    assert f'<option value="{owner}" selected>night orchestrator (service)' in form
    listed = (await client.get(PAGE, token, headers=HTML)).body.decode()
    assert f'href="/admin/tokens/new?owner={owner}"' in listed
    async with deps.works.begin(acme.admin) as work:
        (made,) = [m for m in await service.list_members(work) if m["kind"] == "service"]
    assert (made["name"], made["roles"], made["email"]) == ("night orchestrator", ["Agent"], None)


async def test_who_administers_tokens_alone_sees_no_service_accounts_and_adds_none(
    client: Client, deps: Deps
):
    acme = await make_tenant(deps.works, "acme")
    async with deps.works.begin(acme.admin) as work:
        await service.create_role(work, "Key keeper", ["token.administer", "plugin.browse"])
        await service.change_member(work, acme.viewer.id, ["Key keeper"])
    token = acme.tokens["Viewer"]
    page = await client.get(PAGE, token, headers=HTML)
    assert (page.status, b"Service accounts" in page.body) == (200, False)
    for role in ("Viewer", "Agent"):
        data = {"name": "sneaky", "role": "Agent"}
        answer = await client.post(f"{PAGE}/services", acme.tokens[role], headers=HTML, data=data)
        assert answer.status == 403
