"""A plugin's page over HTTP."""

import re

import pytest

from aei_marketplace.catalog import service as catalog
from aei_marketplace.ground.deps import Deps
from aei_marketplace.installations import service as installations
from tests.builders import Tenant
from tests.packages import component_wat, make_package
from tests.plugins import install
from tests.publishing import publish_listed
from tests.serving import Answer, Client
from tests.storefront.conftest import link_to, look, text_of

README = b"# Link checker\n\n## Use\n\n<script>alert(1)</script> [a](javascript:x) \x1b[31m\n"
CHANGELOG = (
    "# Changelog\n\n## 1.1.0\n\n- Signs in.\n- <script>alert(1)</script> \x1b[31mred \u202egpj.exe\n".encode()
)
DEPRECATED = (catalog.ReleaseState.DEPRECATED, "asks too often", "acme.summarise")
QUARANTINED = (catalog.ReleaseState.QUARANTINED, "a report is looked at")
TABS = ("overview", "versions", "permissions", "dependencies", "advisories", "proof")
ADVISORY = {
    "severity": "high",
    "title": "Follows redirects anywhere",
    "details": "Reads <b>what</b> it should not.\n\n# Way out\n\nUpdate.",
    "affected": "<1.1.0",
    "fixed": "1.1.0",
}


@pytest.fixture
async def newer(deps: Deps, acme: Tenant, shelf: None) -> None:
    """A second release of the link checker, with everything that a manifest can say."""
    manifest = {
        "id": "acme.links",
        "version": "1.1.0",
        "name": "Link checker",
        "permissions": {"secrets": {"names": ["LINKS_KEY"], "reason": "signs in </p><b>to pages"}},
        "dependencies": {"acme.summarise": "^1.0.0", "acme.gone": "*"},
        "homepage": "https://acme.example/links",
        "compatibility": {"aei": "^3.0.0"},
    }
    files = {"README.md": README, "CHANGELOG.md": CHANGELOG}
    package = make_package(manifest, wat=component_wat(imports=("secrets",)), files=files)
    await publish_listed(deps, acme.manager, package=package)


async def open_tab(client: Client, tab: str, query: str = "", token: str | None = None) -> Answer:
    answer = await look(client, f"/marketplace/acme.links?tab={tab}{query}", token)
    assert answer.status == 200
    return answer


async def test_the_page_shows_the_readme_the_facts_and_who_made_it(newer: None, client: Client):
    answer = await open_tab(client, "overview")
    said = text_of(answer)
    for words in ("Link checker 1.1.0", "Use", "Apache-2.0", "Acme", "Free", "secrets: 1"):
        assert words in said
    assert "Does not work with this AEI, 2.3.1" in said
    assert b"<script>alert" not in answer.body
    assert b"javascript:" not in re.sub(rb"\[a\]\(javascript:x\)", b"", answer.body)
    assert b"\x1b" not in answer.body
    assert link_to(answer, "Homepage") == "https://acme.example/links"


async def test_each_permission_says_what_why_and_how_much_harm(newer: None, client: Client):
    answer = await open_tab(client, "permissions")
    said = text_of(answer)
    for words in ("May read the secret LINKS_KEY", "Secrets High risk", "signs in </p><b>to pages"):
        assert words in said
    assert b"</p><b>to pages" not in answer.body


async def test_versions_say_their_state_and_what_changed(
    newer: None, client: Client, deps: Deps, acme: Tenant
):
    async with deps.works.begin(acme.manager) as work:
        await catalog.change_state(work, "acme.links", "1.0.0", *DEPRECATED)
    answer = await open_tab(client, "versions")
    said = text_of(answer)
    for words in ("Versions (2)", "Deprecated", "asks too often", "Changes up to 1.1.0", "Signs in."):
        assert words in said
    for never in ("<script>alert", "\x1b", "\u202e"):
        assert never not in answer.body.decode(), never
    old = await open_tab(client, "overview", "&version=1.0.0")
    assert "Version 1.0.0 is deprecated." in text_of(old)
    assert link_to(old, "acme.summarise") == "/marketplace/acme.summarise"


async def test_dependencies_are_named_and_those_nobody_offers_are_said_to_be(newer: None, client: Client):
    answer = await open_tab(client, "dependencies")
    said = text_of(answer)
    assert "acme.summarise ^1.0.0 1.0.0" in said
    assert "acme.gone * Not offered to you" in said
    assert link_to(answer, "acme.summarise") == "/marketplace/acme.summarise"


async def test_an_advisory_stands_first_on_the_releases_that_it_concerns(
    newer: None, client: Client, deps: Deps, acme: Tenant
):
    assert "Advisories" not in text_of(await open_tab(client, "overview"))
    async with deps.works.begin(acme.manager) as work:
        await catalog.file_advisory(work, "acme.links", ADVISORY)
    concerned = await open_tab(client, "overview", "&version=1.0.0")
    assert "High advisory about version 1.0.0: Follows redirects anywhere . Fixed in 1.1.0." in text_of(
        concerned
    )
    assert "High advisory" not in text_of(await open_tab(client, "overview"))
    told = await open_tab(client, "advisories")
    assert "Reads <b>what</b> it should not. Way out Update." in text_of(told)
    assert "by its publisher" in text_of(told)
    assert b"<b>what" not in told.body
    assert "Advisory" in text_of(await open_tab(client, "versions"))


async def test_the_proof_says_how_to_check(newer: None, client: Client, deps: Deps):
    assert "has no place in the public log yet" in text_of(await open_tab(client, "proof"))
    await catalog.sequence_releases(deps.works)
    answer = await open_tab(client, "proof")
    assert "aei info acme.links --verify" in text_of(answer)
    assert re.search(r"place \d+ of the public log", text_of(answer))
    assert link_to(answer, "The proof as JSON") == "/api/plugins/acme.links/versions/1.1.0/proof"


async def test_a_version_is_chosen_by_the_address_and_offered_in_the_box(
    newer: None, client: Client, acme: Tenant
):
    answer = await open_tab(client, "permissions", "&version=1.0.0", acme.tokens["Admin"])
    assert "May reach api.acme.example (HTTPS)" in text_of(answer)
    assert "The listing describes 1.1.0" in text_of(answer)
    assert 'href="/marketplace/acme.links/install"' in answer.body.decode(), "1.1.0 is for another AEI"
    newest = await open_tab(client, "permissions", "", acme.tokens["Admin"])
    assert "That concerns 1.0.0; this page shows 1.1.0." in text_of(newest)
    assert link_to(newest, "Install 1.1.0…") == "/marketplace/acme.links/install?version=1.1.0"


async def test_what_is_installed_is_run_and_another_version_of_it_tried(
    client: Client, deps: Deps, acme: Tenant
):
    path, run, words = "/marketplace/acme.summarise", "/executions/new?plugin=acme.summarise", "before you"
    token = acme.tokens["Admin"]
    fresh = await look(client, path, token)
    assert link_to(fresh, "Try it before you install it") == f"{path}/try"
    assert run not in fresh.body.decode()
    await install(deps, acme.admin, "acme.summarise")
    installed = await look(client, path, token)
    assert link_to(installed, "Run it") == run
    assert words not in text_of(installed)
    await publish_listed(deps, acme.manager, {"id": "acme.summarise", "version": "1.1.0"})
    newer = await look(client, path, token)
    assert link_to(newer, "Try 1.1.0 before you change to it") == f"{path}/try"
    assert link_to(newer, "Run it") == run
    viewer = text_of(await look(client, path, acme.tokens["Viewer"]))
    assert "Run it" not in viewer
    assert words not in viewer
    async with deps.works.begin(acme.admin) as work:
        await installations.toggle(work, "acme.summarise", enabled=False)
    assert "Run it" not in text_of(await look(client, path, token))


async def test_the_preview_channel_is_offered_where_it_is_ahead_and_to_who_may_install(
    client: Client, deps: Deps, acme: Tenant
):
    path, words = "/marketplace/acme.summarise", "Follow the preview channel…"
    admin, viewer = acme.tokens["Admin"], acme.tokens["Viewer"]
    assert words not in text_of(await look(client, path, admin))
    await publish_listed(deps, acme.manager, {"id": "acme.summarise", "version": "1.1.0-beta.1"})
    offered = await look(client, path, admin)
    assert link_to(offered, words) == f"{path}/install?channel=preview"
    assert "Summarise 1.0.0" in text_of(offered)
    assert words not in text_of(await look(client, path, viewer))
    assert words not in text_of(await look(client, path))
    await publish_listed(deps, acme.manager, {"id": "acme.summarise", "version": "1.1.0"})
    assert words not in text_of(await look(client, path, admin))


async def test_a_private_plugin_is_as_absent_as_a_missing_one(client: Client, globex: Tenant):
    for token in (None, globex.tokens["Admin"]):
        for tab in TABS:
            told = set()
            for plugin_id in ("acme.hush", "acme.nothing"):
                answer = await look(client, f"/marketplace/{plugin_id}?tab={tab}", token)
                assert answer.status == 404
                told.add(re.sub(r"[0-9a-f]{32}", "TRACE", text_of(answer).replace(plugin_id, "ID")))
            assert len(told) == 1


async def test_its_own_tenant_sees_a_private_plugin_and_reads_why_there_is_no_proof(
    client: Client, acme: Tenant
):
    answer = await look(client, "/marketplace/acme.hush?tab=proof", acme.tokens["Viewer"])
    assert "Private" in text_of(answer)
    assert "The public log tells nothing of private plugins." in text_of(answer)


HOSTILE = {
    "/marketplace/acme.links?version=9.9.9": 404,
    "/marketplace/acme.links?version=" + "1" * 10_000: 404,
    "/marketplace/acme.links?version=%00": 404,
    "/marketplace/acme.links?tab=%3Cscript%3E": 200,
    "/marketplace/acme.links?cursor=forged": 422,
    "/marketplace/%3Cscript%3E.x": 404,
    "/marketplace/acme.links%00": 404,
    "/marketplace/" + "a" * 5_000 + ".b": 404,
}


async def test_a_hostile_address_is_answered_calmly(client: Client):
    for path, status in HOSTILE.items():
        answer = await look(client, path)
        assert answer.status == status, path
        assert b"<script>" not in answer.body


async def test_a_release_that_was_stopped_says_so_and_is_not_handed_out(
    client: Client, deps: Deps, acme: Tenant
):
    async with deps.works.system("tests") as work:
        await catalog.change_state(work, "acme.links", "1.0.0", *QUARANTINED)
    said = text_of(await open_tab(client, "proof"))
    assert "Version 1.0.0 is quarantined." in said
    assert "a report is looked at" in said
    assert "Download" not in said


async def test_a_texts_end_is_said_where_it_is_not_shown(deps: Deps, acme: Tenant, client: Client):
    package = make_package({"id": "acme.long"}, files={"README.md": b"word\n\n" * 150_000})
    await publish_listed(deps, acme.manager, package=package)
    answer = await look(client, "/marketplace/acme.long")
    assert "The README goes on; all of it is in the package." in text_of(answer)
    assert len(answer.body) < 300_000


async def test_a_report_is_handed_in_and_a_second_one_is_refused_on_the_form(
    client: Client, acme: Tenant, globex: Tenant
):
    path, token = "/marketplace/acme.links/report", globex.tokens["Viewer"]
    assert (await look(client, path)).headers["Location"].startswith("/login?")
    assert (await look(client, "/marketplace/acme.hush/report", token)).status == 404
    assert "What you saw" in text_of(await look(client, path, token))
    typed = {"kind": "broken", "text": "It finds no link.", "version": ""}
    sent = {"headers": {"Accept": "text/html"}, "allow_redirects": False}
    empty = await client.post(path, token, data={**typed, "text": " "}, **sent)
    assert empty.status == 422
    assert "say it in words" in text_of(empty)
    first = await client.post(path, token, data=typed, **sent)
    assert (first.status, first.headers["Location"]) == (303, "/marketplace/acme.links")
    again = await client.post(path, token, data=typed, **sent)
    assert again.status == 409
    assert "You have an open report about acme.links." in text_of(again)
