"""The pages of installations on the real application: forms, refusals, and what comes of them."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import text as sql

from aei_marketplace.accounts.service.sessions import Entrant, open_session
from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.app import create_app
from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.service import ReleaseState
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.sign_in import Visit
from aei_marketplace.installations import service
from aei_marketplace.installations.pages import acting, installed, operations, settings
from aei_marketplace.web.csrf import FIELD, token_for
from tests.builders import Tenant
from tests.plugins import install, publish, uninstall, work_off
from tests.serving import Answer, Client, serving

PLUGIN = "/marketplace/acme.echo"
SETTINGS = "/marketplace/installed/acme.echo"
HOST, PATTERN = "api.acme.example", "*.data.example:8443"


@pytest.fixture
async def client(deps: Deps, urls: DatabaseUrls) -> AsyncIterator[Client]:
    async with serving(create_app(deps, urls.app)) as client:
        yield client


@dataclass
class Browser:
    """Somebody's browser: their session, and the token that their forms carry."""

    client: Client
    secret: str

    async def open(self, path: str, *, part: bool = False, **rest: Any) -> Answer:
        return await self.client.get(path, headers=self._headers(part), **rest)

    async def send(
        self, path: str, fields: dict[str, Any] | None = None, *, part: bool = False, **rest: Any
    ) -> Answer:
        data = [(FIELD, token_for(self.secret))]
        for name, value in (fields or {}).items():
            data += [(name, each) for each in (value if isinstance(value, list) else [value])]
        return await self.client.post(
            path, headers=self._headers(part), data=data, allow_redirects=False, **rest
        )

    def _headers(self, part: bool) -> dict[str, str]:
        asks = {"HX-Request": "true"} if part else {"Accept": "text/html"}
        return {**asks, "Cookie": f"aei_session={self.secret}"}


async def browser_of(client: Client, deps: Deps, actor: Actor) -> Browser:
    assert actor.id is not None
    visit = Visit(client.url, True, "127.0.0.1", "a test", "test")
    session = await open_session(deps, visit, Entrant(actor.id, actor.tenant, None, "password"))
    return Browser(client, session.secret)


@pytest.fixture
async def admin(client: Client, deps: Deps, globex: Tenant) -> Browser:
    return await browser_of(client, deps, globex.admin)


@pytest.fixture
async def viewer(client: Client, deps: Deps, globex: Tenant) -> Browser:
    return await browser_of(client, deps, globex.viewer)


def text(answer: Answer) -> str:
    return answer.body.decode()


def field(answer: Answer, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', text(answer))
    assert found is not None, name
    return found.group(1).replace("&#34;", '"')


async def present(deps: Deps, tenant: Tenant, plugin_id: str = "acme.echo") -> service.Described:
    async with deps.works.begin(tenant.admin) as work:
        return await service.find_installation(work, plugin_id)


# ---------------------------------------------------------------- at once


async def test_a_simple_plugin_installs_with_one_form_shows_its_end_and_can_be_taken_back(
    admin: Browser, deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    await publish(deps, acme.manager, {"id": "acme.plain"})
    sent = await admin.send("/marketplace/acme.plain/install", {"at_once": "yes", "seen": "1.0.0"})
    assert sent.status == 303
    place = sent.headers["Location"]
    assert place.startswith("/marketplace/operations/")
    waiting = await admin.open(place)
    assert "Waiting for its turn" in text(waiting)
    assert "data-follows" in text(waiting)
    await work_off(deps)
    ended = await admin.open(place)
    assert "Installed acme.plain 1.0.0" in text(ended)
    assert "data-follows" not in text(ended)
    assert 'action="/marketplace/acme.plain/uninstall"' in text(ended)
    undone = await admin.send("/marketplace/acme.plain/uninstall")
    await work_off(deps)
    assert "bring acme.plain back" in text(await admin.open(undone.headers["Location"]))
    assert "Undo" not in text(await admin.open(place))  # it is gone; there is nothing to take back


async def test_a_script_gets_the_piece_and_follows_it_to_its_end(
    admin: Browser, deps: Deps, acme: Tenant
) -> None:
    await publish(deps, acme.manager, {"id": "acme.plain"})
    sent = await admin.send("/marketplace/acme.plain/install", {"at_once": "yes", "seen": "1.0.0"}, part=True)
    piece = await admin.open(sent.headers["Location"], part=True)
    assert piece.headers["AEI-Fragment"] == "yes"
    assert "<html" not in text(piece)
    operation = sent.headers["Location"].rpartition("/")[2]
    await work_off(deps)
    events = text(await admin.open(f"/marketplace/operations/events?of={operation}"))
    assert events.startswith(f"event: operation-{operation}\ndata: ")
    assert "Installed acme.plain 1.0.0" in events
    assert events.endswith("event: end\ndata: all have ended\n\n")


async def test_a_form_from_before_another_release_shows_what_is_offered_now(
    admin: Browser, deps: Deps, acme: Tenant
) -> None:
    await publish(deps, acme.manager, {"id": "acme.plain"})
    await publish(deps, acme.manager, {"id": "acme.plain", "version": "2.0.0"})
    late = await admin.send("/marketplace/acme.plain/install", {"at_once": "yes", "seen": "1.0.0"})
    assert late.status == 409
    assert "Version 2.0.0 is offered now; you were shown 1.0.0." in text(late)
    assert field(late, "seen") == "2.0.0"


async def test_who_installs_second_is_shown_that_it_is_installed(
    admin: Browser, client: Client, deps: Deps, globex: Tenant
) -> None:
    second = await browser_of(client, deps, globex.manager)
    page = await second.open(f"{PLUGIN}/install")
    await install(deps, globex.admin)
    late = await second.send(f"{PLUGIN}/install", {"seen": field(page, "seen")}, part=True)
    assert (late.status, late.headers["AEI-Fragment"]) == (409, "yes")
    assert "Installed 1.0.0" in text(late)
    assert "/api/" not in text(late)


async def test_who_clicks_while_another_installs_follows_the_same_work(
    admin: Browser, client: Client, deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    await publish(deps, acme.manager, {"id": "acme.plain"})
    second = await browser_of(client, deps, globex.manager)
    fields = {"at_once": "yes", "seen": "1.0.0"}
    first = await admin.send("/marketplace/acme.plain/install", fields)
    for path in ("install", "uninstall"):
        late = await second.send(f"/marketplace/acme.plain/{path}", fields, part=True)
        assert late.headers["Location"] == first.headers["Location"]


async def test_two_people_who_click_in_the_same_moment_see_one_truth(
    admin: Browser, client: Client, deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    await publish(deps, acme.manager, {"id": "acme.plain"})
    second = await browser_of(client, deps, globex.manager)
    place, fields = "/marketplace/acme.plain", {"at_once": "yes", "seen": "1.0.0"}
    clicks = await asyncio.gather(*(b.send(f"{place}/install", fields) for b in (admin, second) * 3))
    (operation,) = {click.headers["Location"] for click in clicks}
    await work_off(deps)
    for browser in (admin, second):
        assert "Installed acme.plain 1.0.0" in text(await browser.open(operation))
        assert "Installed 1.0.0" in text(await browser.open(place))
    leaving = await asyncio.gather(*(b.send(f"{place}/uninstall") for b in (admin, second)))
    assert len({answer.headers["Location"] for answer in leaving}) == 1
    await work_off(deps)
    for browser in (admin, second):
        assert "Uninstalled" in text(await browser.open(leaving[0].headers["Location"]))


async def test_a_form_that_is_sent_twice_opens_one_operation(
    admin: Browser, deps: Deps, acme: Tenant
) -> None:
    await publish(deps, acme.manager, {"id": "acme.plain"})
    fields = {"at_once": "yes", "seen": "1.0.0", "form_once": "a" * 32}
    first = await admin.send("/marketplace/acme.plain/install", fields)
    again = await admin.send("/marketplace/acme.plain/install", fields)
    assert again.headers["Location"] == first.headers["Location"]
    await work_off(deps)
    assert "Installed acme.plain" in text(await admin.open(first.headers["Location"]))


async def test_a_failure_says_why_and_offers_to_try_again(
    admin: Browser, viewer: Browser, deps: Deps, acme: Tenant
) -> None:
    await publish(deps, acme.manager, {"id": "acme.plain"})
    sent = await admin.send("/marketplace/acme.plain/install", {"at_once": "yes", "seen": "1.0.0"})
    async with deps.works.begin(acme.manager) as work:
        await catalog.change_state(work, "acme.plain", "1.0.0", ReleaseState.YANKED, "<b>wrong</b> build")
    await work_off(deps)
    page = await admin.open(sent.headers["Location"])
    assert "was yanked: &lt;b&gt;wrong&lt;/b&gt; build" in text(page)
    assert 'role="alert"' in text(page)
    assert "Try again" in text(page)
    assert "Try again" not in text(await viewer.open(sent.headers["Location"]))


async def test_an_attempt_that_failed_is_tried_again_with_the_same_ticks_for_a_week(
    admin: Browser, client: Client, deps: Deps, urls: DatabaseUrls, acme: Tenant, globex: Tenant
) -> None:
    only = "eu.data.example:8443"
    wish = {"seen": "1.0.0", "grant/network/hosts": HOST, "grant/network/hosts/only": only}
    sent = await admin.send(f"{PLUGIN}/install", wish)
    for state, reason in ((ReleaseState.YANKED, "wrong build"), (ReleaseState.LISTED, None)):
        async with deps.works.begin(acme.manager) as work:
            await catalog.change_state(work, "acme.echo", "1.0.0", state, reason)
        await work_off(deps)
    way = re.search(r'href="([^"]*again=[^"]*)"', text(await admin.open(sent.headers["Location"])))
    assert way is not None
    again = text(await admin.open(way.group(1)))
    for value, ticked in ((HOST, " checked"), (only, " checked"), (PATTERN, ""), ("ACME_KEY", "")):
        assert f'value="{value}"{ticked}>' in again
    stranger = text(await (await browser_of(client, deps, acme.admin)).open(way.group(1)))
    assert f'value="{only}"' not in stranger
    connection = await asyncpg.connect(urls.app)
    for tenant, seen in ((acme, 0), (globex, 1)):
        await connection.execute(f"set aei.tenant = '{tenant.id}'")
        assert await connection.fetchval("select count(*) from installation_wishes") == seen
    await connection.close()
    async with deps.works.system("tests") as work:
        await work.run(sql("update installation_wishes set created_at = now() - interval '8 days'"))
    await service.forget_wishes(deps.works)
    assert 'value="ACME_KEY" checked>' in text(await admin.open(way.group(1)))
    assert (await admin.open(f"{PLUGIN}/install?again=nonsense")).status == 422


async def test_a_server_that_starts_anew_meanwhile_tells_how_it_stands(
    deps: Deps, urls: DatabaseUrls, acme: Tenant, globex: Tenant
) -> None:
    await publish(deps, acme.manager, {"id": "acme.plain"})
    async with serving(create_app(deps, urls.app)) as before:
        browser = await browser_of(before, deps, globex.admin)
        sent = await browser.send("/marketplace/acme.plain/install", {"at_once": "yes", "seen": "1.0.0"})
    place = sent.headers["Location"]
    async with serving(create_app(deps, urls.app)) as after:
        browser = Browser(after, browser.secret)
        assert "Waiting for its turn" in text(await browser.open(place))
        await work_off(deps)
        events = await browser.open(f"/marketplace/operations/events?of={place.rpartition('/')[2]}")
        assert "Installed acme.plain 1.0.0" in text(events)
        assert "Installed acme.plain 1.0.0" in text(await browser.open(place))


# ---------------------------------------------------------------- the dialog


async def test_the_dialog_shows_every_permission_with_its_reason_and_grants_what_is_ticked(
    admin: Browser, deps: Deps, globex: Tenant
) -> None:
    page = await admin.open(f"{PLUGIN}/install", part=True)
    assert "May reach api.acme.example (HTTPS)" in text(page)
    assert "May reach any host right under data.example (HTTPS, port 8443)" in text(page)
    assert "May read the secret ACME_KEY" in text(page)
    assert text(page).count("High risk") == 2
    assert "<bdi>fetches</bdi>" in text(page)
    sent = await admin.send(
        f"{PLUGIN}/install",
        {"seen": "1.0.0", "grant/network/hosts": HOST, "grant/network/hosts/only": "eu.data.example:8443"},
    )
    assert sent.status == 303
    await work_off(deps)
    granted = (await present(deps, globex)).installation.grants
    assert granted == {"network": {"hosts": [HOST, "eu.data.example:8443"]}}


async def test_grants_beyond_the_request_come_back_beside_what_was_ticked(admin: Browser) -> None:
    sent = await admin.send(
        f"{PLUGIN}/install",
        {"seen": "1.0.0", "grant/network/hosts": [HOST, "evil.example"], "grant/secrets/names": []},
        part=True,
    )
    assert sent.status == 422
    assert (sent.headers["HX-Retarget"], sent.headers["AEI-Fragment"]) == ("#consent", "yes")
    assert "beyond the request: evil.example" in text(sent)
    assert f'value="{HOST}" checked' in text(sent)
    assert 'value="ACME_KEY" checked' not in text(sent)


async def test_an_update_shows_the_difference_first_and_keeps_what_was_granted(
    admin: Browser, deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    await install(deps, globex.admin, grants={"network": {"hosts": [HOST]}})
    wider = {
        "network": {"hosts": [HOST, PATTERN, "new.acme.example"], "reason": "fetches"},
        "filesystem": {"scratch_mib": 8, "reason": "sorts"},
    }
    hostile = {"CHANGELOG.md": "## 1.3.0\n\nSorts. <script>alert(1)</script> \x1b[31m\u202egpj\n".encode()}
    await publish(deps, acme.manager, {"version": "1.3.0", "permissions": wider}, files=hostile)
    page = text(await admin.open(f"{PLUGIN}/update"))
    assert "What its author says has changed" in page
    assert "Sorts. &lt;script&gt;" in page
    for never in ("<script>alert", "\x1b", "\u202e"):
        assert never not in page, never
    new = page.index("New in 1.3.0")
    assert new < page.index("What it may do")
    assert "Files while it runs: up to 8 MiB" in page
    assert f'value="{HOST}" checked' in page
    assert 'value="new.acme.example" checked' in page
    assert f'value="{PATTERN}" checked' not in page  # it was not granted before
    sent = await admin.send(f"{PLUGIN}/update", {"seen": "1.3.0", "grant/network/hosts": HOST})
    assert sent.status == 303
    await work_off(deps)
    found = (await present(deps, globex)).installation
    assert (found.version, found.grants) == ("1.3.0", {"network": {"hosts": [HOST]}})


async def test_what_needs_a_configuration_asks_for_it_and_says_what_does_not_fit(
    admin: Browser, deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    schema = {
        "type": "object",
        "required": ["tone"],
        "properties": {"tone": {"type": "string", "maxLength": 6, "title": "Tone"}},
    }
    await publish(deps, acme.manager, {"id": "acme.toned", "config_schema": schema})
    way = "/marketplace/acme.toned/install"
    assert 'name="config/tone"' in text(await admin.open(way))
    wrong = await admin.send(way, {"seen": "1.0.0", "configures": "yes", "config/tone": "far too long"})
    assert (wrong.status, "far too long" in text(wrong)) == (422, True)
    assert 'aria-invalid="true"' in text(wrong)
    right = await admin.send(way, {"seen": "1.0.0", "configures": "yes", "config/tone": "plain"})
    assert right.status == 303
    await work_off(deps)
    assert (await present(deps, globex, "acme.toned")).installation.config == {"tone": "plain"}


async def test_what_it_depends_on_comes_along_with_its_own_permissions(
    admin: Browser, deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    await publish(deps, acme.manager, {"id": "acme.lead", "dependencies": {"acme.echo": "^1.0.0"}})
    page = text(await admin.open("/marketplace/acme.lead/install"))
    assert "Installs along" in page
    assert 'name="along/acme.echo/grant/network/hosts"' in page
    fields = {"seen": "1.0.0", "along/acme.echo/grant/secrets/names": "ACME_KEY"}
    await admin.send("/marketplace/acme.lead/install", fields)
    await work_off(deps)
    assert (await present(deps, globex)).installation.grants == {"secrets": {"names": ["ACME_KEY"]}}
    leaving = text(await admin.open(f"{PLUGIN}/uninstall"))
    assert "Uninstall Echo" in leaving
    assert "acme.lead 1.0.0" in leaving
    assert "30 days" in leaving


# ---------------------------------------------------------------- what is installed


async def test_the_list_is_searched_narrowed_and_counts_what_it_hides(
    admin: Browser, deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    assert "Nothing is installed yet" in text(await admin.open("/marketplace/installed"))
    for name in ("plain", "other"):
        await publish(deps, acme.manager, {"id": f"acme.{name}", "name": name.title()})
        await install(deps, globex.admin, f"acme.{name}")
    await install(deps, globex.admin)
    found = text(await admin.open("/marketplace/installed?q=OTHER"))
    assert ("acme.other" in found, "acme.plain" in found) == (True, False)
    attention = text(await admin.open("/marketplace/installed?show=attention"))
    assert ("of network, secrets" in attention, "acme.plain" in attention) == (True, False)
    assert "Nothing fits" in text(await admin.open("/marketplace/installed?q=nowhere"))
    first = text(await admin.open("/marketplace/installed?limit=2"))
    assert ("acme.echo" in first, "acme.plain" in first, "2 of 3 plugins" in first) == (True, False, True)
    assert (await admin.open("/marketplace/installed?show=imagined")).status == 422


async def test_updates_that_need_no_decision_go_together_and_the_others_wait(
    admin: Browser, deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    for name in ("one", "two", "asking"):
        await publish(deps, acme.manager, {"id": f"acme.{name}"})
        await install(deps, globex.admin, f"acme.{name}")
        asks = {"secrets": {"names": ["KEY"], "reason": "signs in"}} if name == "asking" else {}
        await publish(deps, acme.manager, {"id": f"acme.{name}", "version": "1.1.0", "permissions": asks})
    assert "need no new permission (2)" in text(await admin.open("/marketplace/installed"))
    sent = await admin.send("/marketplace/installed/updates")
    assert sent.status == 303
    running = text(await admin.open("/marketplace/installed"))
    assert running.count("data-follows") == 1
    assert running.count("data-piece") == 2
    await work_off(deps)
    versions = [
        (await present(deps, globex, f"acme.{name}")).installation.version
        for name in ("one", "two", "asking")
    ]
    assert versions == ["1.1.0", "1.1.0", "1.0.0"]
    assert "Update to 1.1.0…" in text(await admin.open("/marketplace/installed"))


async def test_the_switch_turns_a_plugin_off_with_an_audit_entry_and_a_stale_one_does_not(
    admin: Browser, deps: Deps, globex: Tenant, urls: DatabaseUrls
) -> None:
    await install(deps, globex.admin)
    page = await admin.open("/marketplace/installed")
    etag = field(page, "etag")
    sent = await admin.send(f"{PLUGIN}/toggle", {"enabled": "no", "etag": etag, "next": "//evil.example"})
    assert (sent.status, sent.headers["Location"]) == (303, "/marketplace/installed")
    assert (await present(deps, globex)).installation.enabled is False
    assert await entries(urls, "installation.toggle") == 1
    late = await admin.send(f"{PLUGIN}/toggle", {"enabled": "no", "etag": etag}, part=True)
    assert (late.status, "It was changed meanwhile" in text(late)) == (412, True)
    assert 'aria-checked="false"' in text(late)
    on = await admin.send(f"{PLUGIN}/toggle", {"enabled": "yes", "etag": field(late, "etag")}, part=True)
    assert (on.status, 'aria-checked="true"' in text(on)) == (200, True)


async def test_grants_are_changed_narrowed_and_revoked_and_a_stale_editor_changes_nothing(
    admin: Browser, deps: Deps, globex: Tenant
) -> None:
    await install(deps, globex.admin, grants={"network": {"hosts": [HOST]}})
    page = await admin.open(SETTINGS)
    etag = field(page, "etag")
    fields = {"etag": etag, "grant/network/hosts": PATTERN, "grant/secrets/names": "ACME_KEY"}
    assert (await admin.send(f"{SETTINGS}/grants", fields)).status == 303
    granted = {"network": {"hosts": [PATTERN]}, "secrets": {"names": ["ACME_KEY"]}}
    assert (await present(deps, globex)).installation.grants == granted
    late = await admin.send(f"{SETTINGS}/grants", {"etag": etag})
    assert (late.status, "has changed since you read it" in text(late)) == (412, True)
    beyond = await admin.send(
        f"{SETTINGS}/grants", {"etag": field(late, "etag"), "grant/network/hosts": "evil.example"}
    )
    assert (beyond.status, "beyond the request: evil.example" in text(beyond)) == (422, True)
    assert (await present(deps, globex)).installation.grants == granted
    revoked = await admin.send(f"{SETTINGS}/grants", {"etag": field(beyond, "etag")})
    assert revoked.status == 303
    assert (await present(deps, globex)).installation.grants == {}


async def test_configuration_policy_and_pin_are_kept_and_faults_stand_beside_their_fields(
    admin: Browser, deps: Deps, globex: Tenant
) -> None:
    await install(deps, globex.admin)
    page = await admin.open(SETTINGS)
    wrong = await admin.send(
        f"{SETTINGS}/configuration", {"etag": field(page, "etag"), "config/tone": '"shrill"'}
    )
    assert (wrong.status, "shrill" in text(wrong) or "tone" in text(wrong).lower()) == (422, True)
    kept = await admin.send(
        f"{SETTINGS}/configuration", {"etag": field(page, "etag"), "config/tone": '"formal"'}
    )
    assert kept.status == 303
    page = await admin.open(SETTINGS)
    policy = {"etag": field(page, "etag"), "pinned": "on", "updates": "compatible", "journal": "on"}
    assert (await admin.send(f"{SETTINGS}/policy", policy)).status == 303
    found = (await present(deps, globex)).installation
    assert (found.config, found.pinned) == ({"tone": "formal"}, True)
    assert found.policy == {"updates": "compatible", "journal": True}
    page = await admin.open(SETTINGS)
    for wrong_choice in ({"updates": "never"}, {"channel": "nightly"}):
        unknown = await admin.send(f"{SETTINGS}/policy", {"etag": field(page, "etag"), **wrong_choice})
        assert unknown.status == 422


async def test_limits_and_channel_of_an_installation_are_changed_and_the_rest_of_its_policy_stays(
    admin: Browser, deps: Deps, globex: Tenant, urls: DatabaseUrls
) -> None:
    await install(deps, globex.admin)
    async with deps.works.begin(globex.admin) as work:
        policy = {"journal": True, "limits": {"memory_bytes": 64 * 2**20}}
        await service.change(work, "acme.echo", service.Change(policy=policy))
    page = await admin.open(SETTINGS)
    assert re.search(r'name="memory_mib" [^>]*value="64"', text(page))
    for typed in ("0", "-1", "1e3", "\u0663", "9" * 17):
        wrong = await admin.send(f"{SETTINGS}/limits", {"etag": field(page, "etag"), "wall_ms": typed})
        assert (wrong.status, "a whole number above 0" in text(wrong)) == (422, True)
    limits = {"etag": field(page, "etag"), "wall_ms": "1500", "memory_mib": "32", "instances": ""}
    assert (await admin.send(f"{SETTINGS}/limits", limits)).status == 303
    stale = await admin.send(f"{SETTINGS}/limits", limits)
    assert stale.status == 412
    found = (await present(deps, globex)).installation
    assert found.policy == {"journal": True, "limits": {"wall_ms": 1500, "memory_mib": 32}}
    page = await admin.open(SETTINGS)
    choices = {"etag": field(page, "etag"), "channel": "preview", "journal": "on"}
    assert (await admin.send(f"{SETTINGS}/policy", choices)).status == 303
    found = (await present(deps, globex)).installation
    assert (found.channel, found.policy["limits"]["wall_ms"]) == ("preview", 1500)
    none = {"etag": field(await admin.open(SETTINGS), "etag"), "wall_ms": ""}
    assert (await admin.send(f"{SETTINGS}/limits", none)).status == 303
    assert (await present(deps, globex)).installation.policy == {"journal": True}
    assert await entries(urls, "installation.configure") == 4


# ---------------------------------------------------------------- who may what


async def test_who_may_not_install_sees_no_button_but_why_and_is_refused_by_the_server(
    viewer: Browser, deps: Deps, globex: Tenant, urls: DatabaseUrls
) -> None:
    await install(deps, globex.admin)
    for path in ("/marketplace/installed", SETTINGS):
        page = text(await viewer.open(path))
        main = page[page.index("<main") : page.index("</main>")]
        assert "Your role does not install plugins." in main
        assert 'method="post"' not in main
    posts = [f"{PLUGIN}/{verb}" for verb in ("install", "update", "uninstall", "toggle")]
    posts += [f"{SETTINGS}/{part}" for part in ("grants", "configuration", "limits", "policy")]
    before = await entries(urls, "access.denied")
    for path in (*posts, "/marketplace/installed/updates"):
        assert (await viewer.send(path, {"config/tone": '"formal"'})).status == 403, path
    assert await entries(urls, "access.denied") == before + len(posts) + 1
    for verb in ("install", "update", "uninstall"):
        assert (await viewer.open(f"{PLUGIN}/{verb}")).status == 403


async def test_nobody_sees_or_follows_the_operation_of_another_tenant(
    client: Client, deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    operation = await install(deps, globex.admin)
    stranger = await browser_of(client, deps, acme.admin)
    for path in (
        f"/marketplace/operations/{operation.id}",
        f"/marketplace/operations/events?of={operation.id}",
    ):
        assert (await stranger.open(path)).status == 404
    assert (await stranger.open(SETTINGS)).status == 404
    own = await browser_of(client, deps, globex.viewer)
    both = f"/marketplace/operations/events?of={operation.id}&of={UUID(int=1)}"
    assert (await own.open(both)).status == 404
    many = "&".join(f"of={UUID(int=n)}" for n in range(201))
    assert (await own.open(f"/marketplace/operations/events?{many}")).status == 422


async def test_every_form_without_its_sessions_token_is_refused(admin: Browser) -> None:
    parts = (acting, installed, operations, settings)
    paths = [route.path for part in parts for route in part.router.routes if "POST" in route.methods]
    assert len(paths) == 9
    for path in paths:
        forged = await admin.client.post(
            path.format(plugin_id="acme.echo"),
            headers={"Accept": "text/html", "Cookie": f"aei_session={admin.secret}"},
            data={FIELD: "forged"},
            allow_redirects=False,
        )
        assert forged.status == 403, path


async def test_a_plugin_that_was_uninstalled_meanwhile_is_shown_as_it_is(
    admin: Browser, deps: Deps, globex: Tenant
) -> None:
    await install(deps, globex.admin)
    await uninstall(deps, globex.admin)
    for verb in ("uninstall", "toggle", "update"):
        late = await admin.send(f"{PLUGIN}/{verb}", {"enabled": "no", "at_once": "yes"})
        assert (late.status, "is not installed in your tenant" in text(late)) == (404, True), verb
        assert "Install…" in text(late)


async def entries(urls: DatabaseUrls, action: str) -> int:
    connection = await asyncpg.connect(urls.owner)
    try:
        count = await connection.fetchval("select count(*) from audit_entries where action = $1", action)
        return int(count)
    finally:
        await connection.close()
