"""The pages of tokens, secrets and models: who is refused, and what of another tenant is not there."""

import pytest

from aei_marketplace.accounts import service as accounts
from aei_marketplace.ground.deps import Deps
from aei_marketplace.vault import service as vault
from tests.builders import make_tenant
from tests.plugins import ASKING, install, publish
from tests.serving import Client

HTML = {"Accept": "text/html"}


@pytest.mark.parametrize("path", ["/admin/tokens", "/admin/tokens/new", "/admin/secrets", "/admin/models"])
@pytest.mark.parametrize("role", ["ProjectManager", "Agent", "Viewer"])
async def test_a_role_that_does_not_administer_them_is_refused(
    client: Client, deps: Deps, path: str, role: str
):
    acme = await make_tenant(deps.works, "acme")
    assert (await client.get(path, acme.tokens[role], headers=HTML)).status == 403
    form = {"name": "KEY", "value": "v", "days": "7", "scope": "plugin.browse", "kind": "chat"}
    posted = path.removesuffix("/new")
    assert (await client.post(posted, acme.tokens[role], headers=HTML, data=form)).status == 403


async def test_another_tenants_token_is_not_there_and_is_not_revoked(client: Client, deps: Deps):
    acme, globex = await make_tenant(deps.works, "acme"), await make_tenant(deps.works, "globex")
    async with deps.works.begin(globex.admin) as work:
        theirs = (await accounts.list_tokens(work))[0]
    admin = acme.tokens["Admin"]
    assert (await client.get(f"/admin/tokens/{theirs.id}", admin, headers=HTML)).status == 404
    revoke = await client.post(f"/admin/tokens/{theirs.id}/revoke", admin, headers=HTML, data={"x": "y"})
    assert revoke.status == 404
    shown = (await client.get("/admin/tokens", admin, headers=HTML)).body
    assert b"acme Viewer" in shown
    assert b"globex" not in shown
    async with deps.works.begin(globex.admin) as work:
        assert all(token.revoked_at is None for token in await accounts.list_tokens(work))


async def test_another_tenants_secret_is_neither_shown_nor_changed_nor_deleted(client: Client, deps: Deps):
    acme, globex = await make_tenant(deps.works, "acme"), await make_tenant(deps.works, "globex")
    async with deps.works.begin(globex.admin) as work:
        await vault.put_secret(work, deps.master_key, "THEIRS", "kept")
    admin, here = acme.tokens["Admin"], "/admin/secrets/THEIRS"
    assert (await client.get(here, admin, headers=HTML)).status == 404
    assert (await client.post(here, admin, headers=HTML, data={"value": "stolen"})).status == 404
    assert (await client.post(f"{here}/delete", admin, headers=HTML, data={"x": "y"})).status == 404
    assert await vault.secret_value(deps.works, deps.master_key, str(globex.id), "THEIRS") == "kept"


@pytest.mark.parametrize("name", ["%00", "lower", "../x", "A" * 65])
async def test_a_name_that_no_secret_can_have_is_refused_and_breaks_nothing(
    client: Client, deps: Deps, name: str
):
    acme = await make_tenant(deps.works, "acme")
    answer = await client.get(f"/admin/secrets/{name}", acme.tokens["Admin"], headers=HTML)
    assert answer.status in (404, 422)


async def test_a_secret_says_to_which_installed_plugins_it_is_granted(client: Client, deps: Deps):
    acme = await make_tenant(deps.works, "acme")
    await publish(deps, acme.manager, ASKING)
    await install(deps, acme.admin, grants={"secrets": {"names": ["ACME_KEY"]}})
    async with deps.works.begin(acme.admin) as work:
        await vault.put_secret(work, deps.master_key, "ACME_KEY", "v")
        await vault.put_secret(work, deps.master_key, "UNUSED", "v")
    admin = acme.tokens["Admin"]
    assert b"acme.echo" in (await client.get("/admin/secrets/ACME_KEY", admin, headers=HTML)).body
    assert b"acme.echo" not in (await client.get("/admin/secrets/UNUSED", admin, headers=HTML)).body


async def test_an_endpoint_that_was_changed_meanwhile_is_not_overwritten(client: Client, deps: Deps):
    acme = await make_tenant(deps.works, "acme")
    admin = acme.tokens["Admin"]
    form = {
        "name": "house",
        "kind": "chat",
        "base_url": "https://api.models.example/v1",
        "models": "small = s-1\nlarge",
        "key_choice": "none",
        "enabled": "on",
    }
    made = await client.post("/admin/models", admin, headers=HTML, data=form, allow_redirects=False)
    assert (made.status, made.headers["location"]) == (303, "/admin/models/house")
    stale = await client.post(
        "/admin/models/house", admin, headers=HTML, data={**form, "models": "other", "seen": '"1-1"'}
    )
    assert stale.status == 412
    async with deps.works.begin(acme.admin) as work:
        assert (await vault.find_endpoint(work, "house")).models == {"small": "s-1", "large": "large"}
    taken = await client.post("/admin/models", admin, headers=HTML, data=form)
    assert taken.status == 409


async def test_an_agent_cannot_have_an_admin_issue_more_than_the_admin_holds(client: Client, deps: Deps):
    acme = await make_tenant(deps.works, "acme")
    role = {"name": "Keys", "actions": ["token.administer", "member.administer"]}
    assert (await client.post("/api/roles", acme.tokens["Admin"], json=role)).status == 201
    patch = {"roles": ["Keys"]}
    await client.send("PATCH", f"/api/members/{acme.viewer.id}", acme.tokens["Admin"], json=patch)
    form = {"name": "grab", "days": "7", "everything": "on", "owner": str(acme.admin.id)}
    answer = await client.post("/admin/tokens", acme.tokens["Viewer"], headers=HTML, data=form)
    assert answer.status == 403
    assert b"aei_" not in answer.body
