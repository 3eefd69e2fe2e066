"""Publishing, and what a publisher sees of it, as a person does it."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from aei_marketplace.catalog import jobs as catalog_jobs
from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.events import ReleasePublished
from aei_marketplace.ground.ports import SandboxRefused
from tests.browser.conftest import VIEWS, OpenWindow, inspect
from tests.browser.site import Site
from tests.browser.waiting import follow
from tests.executions.test_failures import fail
from tests.packages import make_package


def package(folder: Path, name: str, version: str = "1.0.0", content: bytes | None = None) -> Path:
    file = folder / f"{name}-{version}.aeiplugin"
    file.write_bytes(make_package({"id": f"acme.{name}", "version": version}) if content is None else content)
    return file


async def prepare(site: Site, plugin_id: str) -> None:
    """What the job process does with a release that was published."""
    async with site.deps.works.system("tests") as work:
        release = await catalog.find_release(work, plugin_id, "1.0.0")
    event = ReleasePublished(release.release_id, plugin_id, "1.0.0", release.component_sha256)
    await catalog_jobs.prepare_release(site.deps, event, "0" * 32)


@pytest.mark.parametrize(("width", "theme"), VIEWS)
def test_a_release_is_published_followed_live_deprecated_and_yanked(
    open_window: OpenWindow, site: Site, tmp_path: Path, width: int, theme: str
):
    name = f"weather-{width}"
    page = open_window("admin", width=width, theme=theme)
    page.goto("/publisher/upload")
    inspect(page, "publisher-upload")
    page.get_by_label("Package", exact=True).set_input_files(package(tmp_path, name))
    follow(page.get_by_role("button", name="Publish", exact=True))
    expect(page.get_by_text("Compiling its component")).to_be_visible()
    inspect(page, "publisher-processing")
    site.run(prepare(site, f"acme.{name}"))
    expect(page.get_by_text("It is offered to everybody who may see the plugin.")).to_be_visible()
    inspect(page, "publisher-listed")
    page.get_by_label("Yank").check()
    follow(page.get_by_role("button", name="Change the release"))
    expect(page.get_by_role("alert")).to_contain_text("say why")
    inspect(page, "publisher-refused")
    page.get_by_label("Yank").check()
    page.get_by_label("Why").fill("It rains inside.")
    follow(page.get_by_role("button", name="Change the release"))
    expect(page.get_by_role("status").first).to_contain_text("is yanked now")
    expect(page.locator("blockquote")).to_have_text("It rains inside.")
    page.goto(f"/publisher/acme.{name}")
    expect(page.get_by_role("row").filter(has_text="1.0.0")).to_contain_text("Yanked")
    inspect(page, "publisher-plugin")
    page.goto("/publisher")
    expect(page.get_by_role("row").filter(has_text=f"acme.{name}")).to_contain_text("Yanked")
    inspect(page, "publisher")
    acme = site.people["admin"].tenant
    site.run(fail(site.deps.works, acme, 3, plugin=f"acme.{name}", outcome="denied", permission="network"))
    follow(page.get_by_role("link", name="Recent errors"))
    expect(page.get_by_role("row").filter(has_text=f"acme.{name}")).to_contain_text("Denied: network")
    inspect(page, "publisher-errors")


def test_what_the_gate_finds_is_listed_and_a_held_release_says_how_to_mend_it(
    open_window: OpenWindow, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    page = open_window("admin")
    page.goto("/publisher/upload")
    bad = make_package({"id": "acme.bad", "kind": "<script>alert(1)</script>", "license": 7})
    page.get_by_label("Package", exact=True).set_input_files(package(tmp_path, "bad", content=bad))
    follow(page.get_by_role("button", name="Publish", exact=True))
    expect(page.get_by_text("Nothing was published.")).to_be_visible()
    expect(page.locator("li.fault")).not_to_have_count(1)
    expect(page.get_by_text("/kind")).to_be_visible()
    inspect(page, "publisher-gate")

    async def refuse(*_: object) -> None:
        raise SandboxRefused("overreach", "It imports http.")

    monkeypatch.setattr(site.deps.sandbox, "prepare", refuse)
    page.get_by_label("Package", exact=True).set_input_files(package(tmp_path, "held"))
    follow(page.get_by_role("button", name="Publish", exact=True))
    expect(page.get_by_text("Compiling its component")).to_be_visible()
    site.run(prepare(site, "acme.held"))
    expect(page.get_by_text("The component imports more than its manifest requests.")).to_be_visible()
    expect(page.get_by_text("What to do:")).to_be_visible()
    page.goto("/publisher")
    expect(page.get_by_role("heading", name="Needs a look")).to_be_visible()
    expect(page.get_by_role("link", name="acme.held 1.0.0")).to_be_visible()
    inspect(page, "publisher-held")


def test_who_does_not_publish_is_refused(open_window: OpenWindow):
    page = open_window("viewer")
    for path in ("/publisher", "/publisher/upload", "/publisher/acme.echo/1.0.0"):
        answer = page.goto(path)
        assert answer is not None
        assert answer.status in (403, 404)
    expect(page.get_by_role("link", name="Publisher", exact=True)).to_have_count(0)
