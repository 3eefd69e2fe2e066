"""The page of what is known against the packages inside of a plugin."""

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from aei_inspection.checks.report import Component
from aei_marketplace.catalog import service as catalog
from aei_marketplace.certification.service import advisories
from tests.browser.conftest import VIEWS, OpenWindow, inspect
from tests.browser.site import Site
from tests.browser.waiting import follow
from tests.builders import make_tenant
from tests.inspection.advisories.osv import before, record

PLUGIN = "catalogue.vulnerable-browser"
_LONG = "github.com/a-rather-long-organisation-name/and-a-repository/with/a/path/v12"
_RECORDS = (
    record(
        "GHSA-aaaa-bbbb-cccc",
        package="browser-jinja",
        events=before("2.11.3"),
        aliases=["CVE-2020-28493"],
        summary="A pattern takes <b>very</b> long on hostile text",
        details="The regular expression backtracks.\n\nTake a newer version.",
        references=[{"type": "WEB", "url": "https://one.example/advisory"}],
        severity=[{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
    ),
    record("PYSEC-2026-1", package="browser-urls", versions=["1.0", "1.1"], summary="Redirects leak cookies"),
    record(
        "GO-2026-7",
        package=_LONG,
        ecosystem="Go",
        events=before("1.0.0"),
        database_specific={"severity": "LOW"},
    ),
)
_INSIDE = (
    Component("PyPI", "browser-jinja", "2.11.2", "embedded"),
    Component("PyPI", "browser-jinja", "2.11.2", "sbom"),
    Component("PyPI", "browser-urls", "latest", "sbom"),
    Component("Go", _LONG, "v0.3.1", "sbom"),
    Component("npm", "harmless", "1.0.0", "embedded"),
)


@pytest.fixture(scope="module")
def plugin(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A plugin with vulnerable packages inside; its advisories are gone again afterwards."""
    path = tmp_path_factory.mktemp("advisories") / "records.jsonl"
    works = site.deps.works

    async def bring(records: tuple[dict, ...]) -> None:
        path.write_text("\n".join(map(json.dumps, records)))
        await advisories.import_export(works, path, "browser", lambda _done, _of: None, even_if_older=True)

    async def make() -> None:
        tenant = await make_tenant(works, "vulnerable")
        table = ["name\tsummary", "vulnerable-browser\tHolds old packages"]
        await catalog.load_listings(works, tenant.id, table, 1, lambda _: None)
        compared = await advisories.compare_packages(works, _INSIDE)
        async with works.system("tests") as work:
            release = await catalog.find_release(work, PLUGIN)
            await advisories.keep_packages(work, release.release_id, _INSIDE, compared.matches)

    site.run(bring(_RECORDS))
    site.run(make())
    yield PLUGIN
    site.run(bring((record("NONE-1", package="nothing"),)))


@pytest.mark.parametrize(("width", "theme"), VIEWS)
def test_a_reader_sees_what_is_known_the_worst_first_and_what_to_take_instead(
    open_window: OpenWindow, plugin: str, width: int, theme: str
) -> None:
    page = open_window(width=width, theme=theme)
    page.goto(f"/marketplace/{plugin}/vulnerabilities")
    rows = page.get_by_role("row").filter(has=page.get_by_role("link"))
    expect(rows).to_have_count(3)
    expect(rows.nth(0)).to_contain_text("browser-jinja 2.11.2")
    expect(rows.nth(0)).to_contain_text("found inside and named by the SBOM")
    expect(rows.nth(0)).to_contain_text("2.11.3")
    expect(rows.nth(1)).to_contain_text(_LONG)
    expect(rows.nth(2)).to_contain_text("cannot be told")
    expect(page.get_by_text("5 pieces of software")).to_be_visible()
    inspect(page, "vulnerabilities")
    follow(page.get_by_role("link", name="GHSA-aaaa-bbbb-cccc"))
    expect(page.get_by_role("heading", level=1)).to_have_text("GHSA-aaaa-bbbb-cccc")
    expect(page.get_by_text("A pattern takes <b>very</b> long on hostile text")).to_be_visible()
    expect(page.get_by_role("link", name="https://one.example/advisory")).to_be_visible()
    inspect(page, "package-advisory")
