"""The audit log, as a tenant's Admin and as staff read it."""

import asyncpg
import pytest
from playwright.sync_api import expect

from aei_inspection.notes import SigningKey
from aei_marketplace.accounts import service as accounts
from aei_marketplace.adapters.checkpoints import CheckpointFolder
from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.audit.service import Signer
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.clock import utc_now
from tests.browser.conftest import VIEWS, OpenWindow, inspect
from tests.browser.site import Site
from tests.browser.waiting import follow
from tests.builders import sequence_all

HOSTILE = "<script>alert(1)</script>\N{RIGHT-TO-LEFT OVERRIDE}evil"
KEY = SigningKey("browsers.example/audit", bytes(range(32)))


@pytest.fixture
def proven(site: Site, template: DatabaseUrls, tmp_path_factory: pytest.TempPathFactory):
    """Some entries of acme under a signed checkpoint, and a function that has all later ones sequenced."""
    system = template.system.replace("/template_aei", "/browsers")
    folder = tmp_path_factory.getbasetemp() / "browsers-checkpoints"
    folder.mkdir(exist_ok=True)
    signer = Signer(KEY, (KEY.verifying,), CheckpointFolder(folder, "audit"), utc_now)
    admin = site.actor("admin")

    async def write() -> None:
        async with site.deps.works.begin(admin) as work:
            personal = {"reason": HOSTILE}
            work.record(Fact("thing.break", HOSTILE, "the-thing", outcome="failed", personal=personal))
        await sequence_all(system)
        connection = await asyncpg.connect(system)
        await signer.sign(connection)
        await connection.close()

    site.run(write())
    return lambda: site.run(sequence_all(system))


@pytest.mark.parametrize(("width", "theme"), VIEWS)
def test_an_entry_is_found_with_its_proof_and_taken_out(
    open_window: OpenWindow, proven, width: int, theme: str
):
    page = open_window("admin", width=width, theme=theme)
    page.goto("/admin/audit")
    expect(page.get_by_text("Proven up to")).to_be_visible()
    inspect(page, "admin-audit")
    page.get_by_label("Action").fill("thing.break")
    page.get_by_label("Who").select_option(label="Ada Admin")
    follow(page.get_by_role("button", name="Search"))
    assert "action=thing.break" in page.url
    expect(page.get_by_role("link", name="Leave out action: thing.break")).to_be_visible()
    expect(page.get_by_role("link", name="Leave out actor: Ada Admin")).to_be_visible()
    row = page.get_by_role("row").filter(has_text="thing.break").first
    expect(row).to_contain_text("Failed")
    expect(row).to_contain_text("Proven")
    expect(row).to_contain_text("<script>alert(1)</script>\N{REPLACEMENT CHARACTER}evil")
    inspect(page, "admin-audit-found")
    with page.expect_download() as download:
        page.get_by_role("link", name="Export what is found as CSV").click()
    lines = download.value.path().read_text().splitlines()
    assert "thing.break" in lines[1]
    follow(row.get_by_role("link", name="thing.break"))
    expect(page.get_by_text("It is in the log.")).to_be_visible()
    page.get_by_text("Path and checkpoint").click()
    expect(page.get_by_label("Checkpoint")).to_contain_text("browsers.example/audit")
    inspect(page, "admin-audit-entry")
    page.go_back()
    follow(page.get_by_role("link", name="Leave out action: thing.break"))
    assert "thing.break" not in page.url


def test_filters_that_cannot_be_read_are_said_and_nothing_is_searched(open_window: OpenWindow, proven):
    page = open_window("admin")
    answer = page.goto("/admin/audit?actor=nobody&since=yesterday&q=x")
    assert answer is not None
    assert answer.status == 422
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("an id, as entries show it")
    expect(alert).to_contain_text("at least two letters")
    inspect(page, "admin-audit-refused")
    page.goto("/admin/audit?action=no.such")
    expect(page.get_by_role("heading", name="No such entry")).to_be_visible()


def test_an_entry_that_is_newer_than_the_checkpoint_says_that_it_waits(
    open_window: OpenWindow, proven, site: Site
):
    async def write() -> None:
        async with site.deps.works.begin(admin) as work:
            work.record(Fact("thing.late", "thing", "late"))

    admin = site.actor("admin")
    site.run(write())
    proven()
    page = open_window("admin")
    page.goto("/admin/audit?action=thing.late")
    row = page.get_by_role("row").filter(has_text="thing.late")
    expect(row).to_contain_text("Waits")
    follow(row.get_by_role("link", name="thing.late"))
    expect(page.get_by_text("Not under a signed checkpoint yet.")).to_be_visible()
    inspect(page, "admin-audit-waits")


def test_staff_read_the_whole_log_and_other_tenants_do_not(open_window: OpenWindow, proven, site: Site):
    staff = open_window("operator")
    staff.goto("/admin/audit?action=thing.break")
    row = staff.get_by_role("row").filter(has_text="thing.break").first
    expect(row).to_contain_text("acme")
    inspect(staff, "admin-audit-staff")
    follow(row.get_by_role("link", name="thing.break"))
    address = staff.url

    async def other() -> None:
        async with site.deps.works.system("tests") as work:
            globex = await accounts.create_tenant(work, "globex-audit", "Globex")
        await site.add_person("globex_audit", "Gia Globex", "Admin", globex)

    if "globex_audit" not in site.people:
        site.run(other())
    proven()
    theirs = open_window("globex_audit")
    answer = theirs.goto(address)
    assert answer is not None
    assert answer.status == 404
    theirs.goto("/admin/audit?action=thing.break")
    expect(theirs.get_by_role("heading", name="No such entry")).to_be_visible()
    viewer = open_window("viewer")
    refused = viewer.goto("/admin/audit")
    assert refused is not None
    assert refused.status == 403
