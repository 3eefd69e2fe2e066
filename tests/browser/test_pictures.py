"""What the pictures of the README show. With `AEI_SCREENSHOTS=docs/images` they are made anew."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
from playwright.sync_api import Page, expect

from aei_inspection.notes import SigningKey
from aei_marketplace.accounts import service as accounts
from aei_marketplace.adapters.checkpoints import CheckpointFolder
from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.audit.service import Signer
from aei_marketplace.ground.clock import utc_now
from aei_marketplace.seed import seed
from tests.browser.conftest import OpenWindow, add_people, copied_database
from tests.browser.site import Site, running_site
from tests.builders import sequence_all
from tests.packages import make_package
from tests.plugins import install
from tests.publishing import publish_listed

EXAMPLES = Path(__file__).parents[2] / "plugins"
#: What of an example's folder people see in its listing.
SEEN = ("README.md", "LICENSE", "icon.svg")
KEY = SigningKey("pictures.example/audit", bytes(range(32)))
#: So large may a picture be, in bytes.
LARGEST = 200_000


# Beside the marketplace of the other tests: what they leave behind is in no picture.
@pytest.fixture(scope="module")
def site(server: str, template: DatabaseUrls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A marketplace with the examples, two of them installed in acme."""
    folder = tmp_path_factory.mktemp("pictures")
    urls = copied_database(server, template, "pictures")
    with running_site(urls, folder) as running:
        running.run(_fill(running, folder))
        (folder / "checkpoints").mkdir()
        running.run(_prove(urls.system, folder / "checkpoints"))
        yield running


async def _fill(site: Site, folder: Path) -> None:
    await add_people(site)
    async with site.deps.works.system("tests") as work:
        studio = await accounts.create_tenant(work, "studio", "AEI Studio")
    await site.add_person("publisher", "Paula Publisher", "Admin", studio)
    publisher, admin = [
        await accounts.actor_for(site.deps.works, person.id, person.tenant)
        for person in (site.people["publisher"], site.people["admin"])
    ]
    for project in sorted(EXAMPLES.glob("*/plugin.json")):
        files = {name: (project.parent / name) for name in SEEN}
        kept = {name: path.read_bytes() for name, path in files.items() if path.exists()}
        package = make_package(json.loads(project.read_text()), files=kept)
        await publish_listed(site.deps, publisher, package=package)
    await seed(site.deps.works, (), folder / "tokens")
    for plugin_id in ("studio.langid", "studio.summarise"):
        await install(site.deps, admin, plugin_id)


async def _prove(system: str, checkpoints: Path) -> None:
    """Put all entries so far under a signed checkpoint."""
    signer = Signer(KEY, (KEY.verifying,), CheckpointFolder(checkpoints, "audit"), utc_now)
    await sequence_all(system)
    connection = await asyncpg.connect(system)
    await signer.sign(connection)
    await connection.close()


def keep(page: Page, name: str) -> None:
    """A picture of what the window shows, for the README."""
    if folder := os.environ.get("AEI_SCREENSHOTS"):
        path = Path(folder) / f"{name}.png"
        page.screenshot(path=path)
        assert path.stat().st_size < LARGEST, f"{path} has {path.stat().st_size:,} bytes"


def test_the_marketplace_shows_what_there_is_and_what_fits_to_each(open_window: OpenWindow):
    page = open_window("admin")
    page.goto("/marketplace")
    expect(page.get_by_role("region", name="Staff picks")).to_be_visible()
    expect(page.get_by_role("article", name="Language identifier")).to_contain_text("Installed 1.0.0")
    expect(page.get_by_role("article", name="Link checker")).to_contain_text("network")
    keep(page, "marketplace")


def test_a_listing_says_what_a_plugin_may_do_and_the_dialog_asks_for_it(open_window: OpenWindow):
    page = open_window("admin")
    page.goto("/marketplace/studio.linkcheck?tab=permissions")
    expect(page.get_by_role("heading", name="Network High risk")).to_be_visible()
    keep(page, "permissions")
    page.get_by_role("complementary").get_by_role("link", name="Install…").click()
    dialog = page.get_by_role("dialog", name="Install Link checker")
    expect(dialog.get_by_role("button", name="Install with 1 permission")).to_be_visible()
    keep(page, "consent")


def test_the_audit_log_says_who_did_what(open_window: OpenWindow):
    page = open_window("admin")
    page.goto("/admin/audit")
    entry = page.get_by_role("row").filter(has_text="installation.create").first
    expect(entry).to_contain_text("Proven")
    keep(page, "audit")
