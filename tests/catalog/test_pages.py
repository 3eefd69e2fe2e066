"""The publisher's pages: who sees what, what an upload must carry, and what moves a release."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from aei_inspection.notes import SigningKey
from aei_marketplace.accounts.service.sessions import Entrant, open_session
from aei_marketplace.adapters.checkpoints import CheckpointFolder
from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.app import create_app
from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.pages.releases import seen_of
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.sign_in import Visit
from aei_marketplace.web.csrf import UPLOAD_FIELD, token_for, upload_token_for
from tests.builders import Tenant, make_staff, make_tenant
from tests.packages import make_package
from tests.plugins import publish, work_off
from tests.serving import Client, serving

HTML = {"Accept": "text/html"}
UPLOAD = "/publisher/upload"
OWN = ("/publisher/namespaces", "/publisher/domains")


@pytest.fixture
async def client(deps: Deps, urls: DatabaseUrls) -> AsyncIterator[Client]:
    """A client of the whole application: pages stand in its frame."""
    async with serving(create_app(deps, urls.app)) as client:
        yield client


def form(package: bytes | None, **fields: str) -> aiohttp.FormData:
    data = aiohttp.FormData(default_to_multipart=True)
    if package is not None:
        data.add_field("package", package, filename="p.aeiplugin")
    for name, value in fields.items():
        data.add_field(name, value)
    return data


async def signed_in(client: Client, deps: Deps, tenant: Tenant) -> tuple[dict[str, str], str]:
    """The headers of an Admin's browser, and the session's secret."""
    assert tenant.admin.id is not None
    visit = Visit(client.url, True, "127.0.0.1", "a test", "test")
    session = await open_session(deps, visit, Entrant(tenant.admin.id, tenant.id, None, "password"))
    return {**HTML, "Cookie": f"aei_session={session.secret}"}, session.secret


async def test_an_upload_carries_the_sessions_token_for_uploads_and_no_other_will_do(
    client: Client, deps: Deps
):
    acme = await make_tenant(deps.works, "acme")
    headers, secret = await signed_in(client, deps, acme)
    package = make_package()
    for token in ("", "forged", token_for(secret), upload_token_for("another session")):
        path = f"{UPLOAD}?{UPLOAD_FIELD}={token}"
        refused = await client.post(path, headers=headers, data=form(package), allow_redirects=False)
        assert refused.status == 403
    wrong_place = {"upload_token": upload_token_for(secret), "csrf_token": token_for(secret)}
    elsewhere = await client.post(
        "/account/sessions/revoke-others", headers=headers, data=form(None, **wrong_place)
    )
    assert elsewhere.status == 403
    path = f"{UPLOAD}?{UPLOAD_FIELD}={upload_token_for(secret)}"
    done = await client.post(path, headers=headers, data=form(package), allow_redirects=False)
    assert (done.status, done.headers["location"]) == (303, "/publisher/acme.echo/1.0.0")
    again = await client.post(path, headers=headers, data=form(package), allow_redirects=False)
    assert again.status == 409


async def test_the_token_for_uploads_opens_no_other_form(client: Client, deps: Deps):
    acme = await make_tenant(deps.works, "acme")
    headers, secret = await signed_in(client, deps, acme)
    token = upload_token_for(secret)
    answer = await client.post(
        f"/account/sessions/revoke-others?{UPLOAD_FIELD}={token}", headers=headers, data={"csrf_token": token}
    )
    assert answer.status == 403


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (form(None, visibility="public"), b"There is no package."),
        (form(b"", visibility="public"), b"There is no package."),
        (form(b"not a zip at all"), b"Nothing was published."),
        (form(b"x", surprise="here"), b"Nothing was published."),
        (form(b"x", visibility="private", audience=",".join(f"t{n}" for n in range(101))), b"too long"),
    ],
)
async def test_what_cannot_be_published_is_told_on_the_page(
    client: Client, deps: Deps, data: aiohttp.FormData, said: bytes
):
    acme = await make_tenant(deps.works, "acme")
    answer = await client.post(UPLOAD, acme.tokens["Admin"], headers=HTML, data=data)
    assert answer.status == 422
    assert said in answer.body


async def test_a_body_that_is_no_form_with_files_is_refused(client: Client, deps: Deps):
    acme = await make_tenant(deps.works, "acme")
    answer = await client.post(UPLOAD, acme.tokens["Admin"], headers=HTML, data={"package": "x"})
    assert answer.status == 422


async def test_another_tenants_plugin_is_not_there_even_when_its_listing_is_public(
    client: Client, deps: Deps
):
    acme, globex = await make_tenant(deps.works, "acme"), await make_tenant(deps.works, "globex")
    release = await publish(deps, acme.manager)
    admin = globex.tokens["Admin"]
    for path in ("/publisher/acme.echo", "/publisher/acme.echo/1.0.0", "/publisher/acme.echo/1.0.0/state"):
        assert (await client.get(path, admin, headers=HTML)).status == 404
    moved = {"state": "yanked", "reason": "mine now", "seen": seen_of(release)}
    answer = await client.post("/publisher/acme.echo/1.0.0/state", admin, headers=HTML, data=moved)
    assert answer.status == 404
    assert b"acme.echo" not in (await client.get("/publisher", admin, headers=HTML)).body
    assert b"acme.echo" in (await client.get("/publisher", acme.tokens["Admin"], headers=HTML)).body


@pytest.mark.parametrize("role", ["Agent", "Viewer"])
async def test_who_does_not_publish_is_refused(client: Client, deps: Deps, role: str):
    acme = await make_tenant(deps.works, "acme")
    await publish(deps, acme.manager)
    token = acme.tokens[role]
    for path in ("/publisher", UPLOAD, "/publisher/acme.echo", "/publisher/acme.echo/1.0.0", *OWN):
        assert (await client.get(path, token, headers=HTML)).status == 403
    for path in (*OWN, "/publisher/namespaces/ask"):
        assert (await client.post(path, token, headers=HTML, data={"namespace": "akme"})).status == 403
    assert (await client.post(UPLOAD, token, headers=HTML, data=form(make_package()))).status == 403


async def test_a_release_that_moved_meanwhile_is_not_moved_again(client: Client, deps: Deps):
    acme = await make_tenant(deps.works, "acme")
    await publish(deps, acme.manager)
    async with deps.works.begin(acme.manager) as work:
        seen = seen_of(await catalog.require_own_release(work, "acme.echo", "1.0.0"))
        await catalog.change_state(work, "acme.echo", "1.0.0", catalog.ReleaseState.DEPRECATED, "old")
    token, path = acme.tokens["Admin"], "/publisher/acme.echo/1.0.0/state"
    stale = {"state": "yanked", "reason": "leaks", "seen": seen}
    answer = await client.post(path, token, headers=HTML, data=stale)
    assert answer.status in (409, 412)
    async with deps.works.begin(acme.manager) as work:
        now = await catalog.require_own_release(work, "acme.echo", "1.0.0")
    assert now.state is catalog.ReleaseState.DEPRECATED
    for state in ("blocked", "removed", "nonsense"):
        wanted = {"state": state, "reason": "x", "seen": seen_of(now)}
        assert (await client.post(path, token, headers=HTML, data=wanted)).status in (403, 409, 422)
    good = {"state": "yanked", "reason": "leaks", "seen": seen_of(now)}
    moved = await client.post(path, token, headers=HTML, data=good, allow_redirects=False)
    assert moved.status == 303


async def test_what_staff_yanked_is_said_to_be_theirs_to_take_back(client: Client, deps: Deps):
    acme, (operator, _) = await make_tenant(deps.works, "acme"), await make_staff(deps.works)
    await publish(deps, acme.manager)
    page = "/publisher/acme.echo/1.0.0"
    assert b'value="yanked"' in (await client.get(page, acme.tokens["Admin"], headers=HTML)).body
    async with deps.works.begin(operator) as work:
        await catalog.change_state(work, "acme.echo", "1.0.0", catalog.ReleaseState.YANKED, "it leaks")
        now = await catalog.find_release(work, "acme.echo", "1.0.0")
    shown = (await client.get(page, acme.tokens["Admin"], headers=HTML)).body
    assert b"staff decided this" in shown
    assert b'name="state"' not in shown
    wanted = {"state": "listed", "seen": seen_of(now)}
    answer = await client.post(page + "/state", acme.tokens["Admin"], headers=HTML, data=wanted)
    assert (answer.status, b"staff decided this" in answer.body) == (409, True)


async def test_a_page_that_waits_is_told_to_load_once_the_release_has_settled(client: Client, deps: Deps):
    acme = await make_tenant(deps.works, "acme")
    await client.post(UPLOAD, acme.tokens["Admin"], headers=HTML, data=form(make_package()))
    path, token = "/publisher/acme.echo/1.0.0/state", acme.tokens["Admin"]
    waiting = await client.get(path, token, headers=HTML)
    assert b"hx-trigger" in waiting.body
    assert "HX-Refresh" not in waiting.headers
    await work_off(deps)
    settled = await client.get(path, token, headers=HTML)
    assert settled.headers["HX-Refresh"] == "true"


async def test_own_plugins_come_in_pages(client: Client, deps: Deps):
    acme = await make_tenant(deps.works, "acme")
    for name in ("one", "two", "three"):
        await publish(deps, acme.manager, {"id": f"acme.{name}"})
    first = await client.get("/publisher?limit=2", acme.tokens["Admin"], headers=HTML)
    assert b"2 of 3 plugins" in first.body
    assert b"acme.two" not in first.body
    assert (await client.get("/publisher?cursor=e30", acme.tokens["Admin"], headers=HTML)).status == 422


async def test_a_name_that_is_refused_at_a_publish_leads_to_those_who_can_give_it(client: Client, deps: Deps):
    acme = await make_tenant(deps.works, "acme")
    token, data = acme.tokens["Admin"], form(make_package({"id": "official.tool"}))
    refused = await client.post(UPLOAD, token, headers=HTML, data=data)
    assert b'href="/publisher/namespaces?ask=official"' in refused.body
    page = await client.get("/publisher/namespaces?ask=official", token, headers=HTML)
    assert b'value="official"' in page.body
    for name, status in (("official", 303), ("acme", 409), ("Not a name", 422)):
        wish = {"name": name, "reason": "It is ours."}
        answer = await client.post(
            "/publisher/namespaces/ask", token, headers=HTML, data=wish, allow_redirects=False
        )
        assert answer.status == status


async def test_the_foot_of_a_page_says_how_far_the_public_log_is_signed(
    client: Client, deps: Deps, tmp_path: Path
):
    acme = await make_tenant(deps.works, "acme")
    await publish(deps, acme.manager)
    await catalog.sequence_releases(deps.works)
    key, shelf = SigningKey.generate("here.example/log"), CheckpointFolder(tmp_path, "releases")
    await catalog.sign_log(deps.works, key, shelf)
    foot = (await client.get("/login", headers=HTML)).body.decode().partition("<footer")[2]
    assert 'href="/api/log/checkpoint">Log of releases: 1 entry, signed <time' in foot
