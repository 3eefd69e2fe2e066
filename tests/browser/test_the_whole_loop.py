"""The way of a plugin and of its money through one browser and one marketplace, from an empty data folder.

Every process is a real one. What waits for a date, the close of the month, is done by a process whose clock
is ahead, as the job process would on that day.
"""

import asyncio
import csv
import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from aei_marketplace.adapters.queue import PostgresQueue
from aei_marketplace.ground.clock import utc_now
from aei_marketplace.ground.db import open_database
from aei_marketplace.ground.work import Works
from aei_marketplace.ledger.rules.periods import Period
from aei_marketplace.payouts import service as payouts
from aei_marketplace.settings import load_settings
from aei_marketplace.wiring import database_urls
from tests.browser.waiting import PATIENCE_MS, answered, follow
from tests.flows.conftest import Market, running_market, until
from tests.packages import make_package
from tests.sandbox.guests import AREA, REPLY_RESULT, Guest

PLUGIN, PASSWORD = "acme.almanac", "a long and quiet password"
PERMISSION = {"filesystem": {"persistent_mib": 1, "reason": "keeps what it was told"}}


@pytest.fixture(scope="module")
def market() -> Iterator[Market]:
    """A marketplace in an empty folder."""
    with running_market() as running:
        yield running


def package(version: str) -> dict[str, object]:
    """What a browser uploads: a plugin with a price that writes into a file, where it may."""
    guest = Guest("files.write")
    path = guest.text("persistent/almanac.json")
    write = guest.build(f"(call $files_write {path} {guest.text('1')} {AREA}) {REPLY_RESULT}")
    manifest = {
        "id": PLUGIN,
        "version": version,
        "name": "Almanac",
        "permissions": PERMISSION,
        "pricing": {"model": "one_time", "currency": "USD", "amount_minor": 10_000},
    }
    content = make_package(manifest, files={"plugin.wasm": write})
    return {"name": "almanac.aeiplugin", "mimeType": "application/zip", "buffer": content}


def join(browser: Browser, market: Market, who: str, role: str, email: str) -> Page:
    """A window of somebody new, who follows the link of an invitation."""
    status, invitation = market.as_(who).post("/api/invitations", {"role": role, "email": email})
    assert status == 201, invitation
    page = browser.new_context(base_url=market.url, reduced_motion="reduce").new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(invitation["link"])
    page.get_by_label("Your name").fill(email.partition("@")[0].title())
    page.get_by_label("Password").fill(PASSWORD)
    follow(page.get_by_role("button", name="Accept and sign in"))
    return page


def publish(page: Page, version: str) -> None:
    page.goto("/publisher/upload")
    page.get_by_label("Package", exact=True).set_input_files(package(version))  # type: ignore[arg-type]
    follow(page.get_by_role("button", name="Publish", exact=True))
    expect(page.get_by_text("It is offered to everybody who may see the plugin.")).to_be_visible()


def run(page: Page) -> None:
    page.goto(f"/executions/new?plugin={PLUGIN}")
    page.locator("textarea").first.fill("true")
    follow(page.get_by_role("button", name="Run", exact=True))


def close_month(market: Market) -> None:
    """Close the month that runs, in a process whose clock is ahead."""
    later = Period.of(utc_now()).closes_at + timedelta(hours=1)

    async def close() -> None:
        urls = database_urls(load_settings({"data": market.folder / "data"}))
        async with open_database(urls.app, urls.system, size=2) as database:
            await payouts.close_due(Works(database, PostgresQueue(), lambda: later))

    # The browser's driver keeps an event loop running in this thread.
    with ThreadPoolExecutor(1) as aside:
        aside.submit(asyncio.run, close()).result()


@pytest.mark.timeout(900)  # a way of many steps, with two compilations, on however busy a machine
def test_a_plugin_is_sold_run_reviewed_updated_removed_and_its_creator_is_paid(
    browser: Browser, market: Market, tmp_path: Path
) -> None:
    processes = dict(market.pids)
    creator = join(browser, market, "admin", "Admin", "cora@acme.example")
    buyer = join(browser, market, "globex_admin", "Admin", "ben@globex.example")
    staff = join(browser, market, "operator", "Operator", "otis@operator.example")

    publish(creator, "1.0.0")
    staff.goto("/admin/invoices/tax")
    staff.get_by_label("Name").fill("Almanac Market GmbH")
    staff.get_by_label("Address").fill("Uferweg 1\n10115 Berlin")
    staff.get_by_label("Country", exact=True).fill("DE")
    follow(staff.get_by_role("button", name="State the seller"))
    staff.get_by_label("Per cent").fill("8.1")
    staff.get_by_label("Country of the buyer").fill("CH")
    follow(staff.get_by_role("button", name="Add the rate"))
    buyer.goto("/admin/spend/details")
    buyer.get_by_label("Name").fill("Globex AG")
    buyer.get_by_label("Address").fill("Seestrasse 2\n8001 Zürich")
    buyer.get_by_label("Country").fill("CH")
    follow(buyer.get_by_role("button", name="Keep the details"))

    # Bought and installed without what it asks for, and paid.
    buyer.goto(f"/marketplace/{PLUGIN}/install")
    expect(buyer.get_by_text("USD 100.00").first).to_be_visible()
    buyer.locator("[data-permission] input:visible").fill("0")
    follow(buyer.get_by_role("button", name="Buy and install without permissions"))
    expect(buyer.get_by_role("main")).to_contain_text(f"Installed {PLUGIN} 1.0.0")
    staff.goto("/admin/invoices?state=open")
    follow(staff.get_by_role("link", name="INV-"))
    staff.get_by_label("Reference", exact=True).fill("statement 1, line 1")
    staff.get_by_label("Amount", exact=True).fill("108.10")
    follow(staff.get_by_role("button", name="Mark as paid"))
    until(lambda: _offers_to_run(buyer), pause=0.5)

    # It runs, and what it was not granted is denied and stands in the log.
    run(buyer)
    expect(buyer.get_by_role("region", name="Outcome")).to_contain_text("enied")
    buyer.goto("/admin/audit?action=permission.denied")
    expect(buyer.get_by_role("main")).to_contain_text("permission.denied")

    # A review moves the rating once it is approved.
    buyer.goto(f"/marketplace/{PLUGIN}?tab=reviews")
    follow(buyer.get_by_role("link", name="Write a review"))
    buyer.locator("label[for=rating-4]").click()
    buyer.get_by_label("Your words").fill("It keeps the days in order, and says plainly what it may not do.")
    follow(buyer.get_by_role("button", name="Hand in the review"))
    assert market.as_("viewer").get(f"/api/plugins/{PLUGIN}")[1]["rating"]["count"] == 0
    staff.goto("/marketplace/moderation")
    staff.get_by_role("article").filter(has_text=PLUGIN).get_by_role("button", name="Approve").click()
    rating = until(lambda: _rated(market), pause=0.2)
    assert rating == {"average": 4.0, "count": 1}

    # An update, off, and away, under the same processes.
    publish(creator, "1.1.0")
    buyer.goto(f"/marketplace/{PLUGIN}/update")
    follow(buyer.get_by_role("button", name="Update"))
    until(lambda: _installed(market) == "1.1.0", pause=0.2)
    buyer.goto("/marketplace/installed")
    switch = buyer.get_by_role("switch", name=f"{PLUGIN} runs")
    switch.click()
    expect(switch).not_to_be_checked()
    answered(buyer)
    buyer.goto(f"/marketplace/{PLUGIN}/uninstall")
    follow(buyer.get_by_role("button", name="Uninstall"))
    until(lambda: _installed(market) is None, pause=0.2)
    market.read_ready_file()
    assert dict(market.pids) == processes

    # The month closes, and the creator takes the report along.
    close_month(market)
    creator.goto("/publisher/revenue")
    with creator.expect_download() as download:
        creator.get_by_role("link", name="Payout report (CSV)").click()
    report = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text("utf-8-sig"))))
    (line,) = report
    assert (line["currency"], line["gross"], line["fees"], line["net"]) == ("USD", "10000", "1500", "8500")
    follow(creator.get_by_role("link", name=f"{utc_now():%B %Y}").first)
    expect(creator.get_by_role("region", name="The account")).to_contain_text("USD 85.00")


def _offers_to_run(page: Page) -> bool:
    """Whether what was paid gives access by now."""
    page.goto("/admin/spend")
    return "Active" in page.get_by_role("main").inner_text()


def _rated(market: Market) -> dict[str, object] | None:
    rating: dict[str, object] = market.as_("viewer").get(f"/api/plugins/{PLUGIN}")[1]["rating"]
    return rating if rating["count"] else None


def _installed(market: Market) -> str | None:
    items = market.as_("globex_admin").get("/api/plugins/installations")[1]["items"]
    return next((each["version"] for each in items if each["plugin_id"] == PLUGIN), None)
