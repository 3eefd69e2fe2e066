"""What staff administer: tenants, the kill list, what runs in the background."""

import pytest
from playwright.sync_api import expect
from sqlalchemy import text

from aei_marketplace.accounts import service as accounts
from aei_marketplace.catalog import service as catalog
from aei_marketplace.operations import service as operations
from aei_marketplace.operations.events import OperationFailed
from aei_protocol.kill_list import KillList
from tests.browser.conftest import VIEWS, OpenWindow, inspect
from tests.browser.site import Site
from tests.browser.waiting import follow
from tests.plugins import publish


@pytest.mark.parametrize(("width", "theme"), VIEWS)
def test_a_tenant_is_opened_for_its_first_admin_and_found_again(
    open_window: OpenWindow, width: int, theme: str
):
    page = open_window("operator", width=width, theme=theme)
    page.goto("/admin")
    assert "/admin/" in page.url
    page.goto("/admin/tenants")
    page.get_by_label("Short name", exact=True).fill("Not a slug")
    page.get_by_label("Name", exact=True).fill("Studio")
    follow(page.get_by_role("button", name="Open the tenant"))
    expect(page.get_by_role("alert")).to_contain_text("lower-case letters")
    inspect(page, "admin-tenants-refused")
    page.get_by_label("Short name", exact=True).fill(f"studio-{width}")
    follow(page.get_by_role("button", name="Open the tenant"))
    link = page.locator(".secret-once code").inner_text()
    inspect(page, "admin-tenants-opened")
    page.goto(f"/admin/tenants?q=studio-{width}")
    expect(page.get_by_role("row").filter(has_text=f"studio-{width}")).to_contain_text("0")
    guest = open_window(width=width)
    guest.goto(link)
    guest.get_by_label("Your name").fill("Stu Studio")
    guest.get_by_label("E-mail").fill(f"stu{width}@studio.example")
    guest.get_by_label("Password").fill("a password of good length")
    follow(guest.get_by_role("button", name="Accept and sign in"))
    expect(guest.get_by_role("status").first).to_contain_text("Welcome.")
    guest.goto("/admin/members")
    expect(guest.get_by_role("row").filter(has_text="Stu Studio")).to_contain_text("Admin")
    page.goto("/admin/tenants")
    page.get_by_label("Name or short name").fill(f"STUDIO-{width}")
    follow(page.get_by_role("button", name="Search", exact=True))
    expect(page.get_by_role("row").filter(has_text="Studio")).to_have_count(1)
    expect(page.get_by_role("row").filter(has_text="Studio")).to_contain_text("1")
    page.goto("/admin/tenants?q=nobody-at-all")
    expect(page.get_by_role("heading", name="No such tenant")).to_be_visible()


@pytest.mark.parametrize(("width", "theme"), VIEWS)
def test_a_release_is_blocked_with_a_reason_typed_twice_and_lifted_again(
    open_window: OpenWindow, site: Site, width: int, theme: str
):
    plugin = f"acme.harm-{width}"
    site.run(publish(site.deps, site.actor("admin"), {"id": plugin}))
    theirs = KillList("other.example/kill-list", 3, "2026-11-23T10:00:00Z", ())
    site.run(catalog.import_kill_list(site.deps.works, theirs, "other.example/kill-list+0+0"))
    page = open_window("operator", width=width, theme=theme)
    page.goto(f"/admin/kill-list?plugin={plugin}&version=1.0.0")
    expect(page.get_by_role("table", name="Lists of other marketplaces")).to_contain_text(theirs.origin)
    page.get_by_label("Why").fill("It mines coins.")
    page.get_by_label("Once more: plugin and version").fill("yes")
    follow(page.get_by_role("button", name="Block everywhere"))
    expect(page.get_by_role("alert")).to_contain_text(f"type {plugin} 1.0.0")
    inspect(page, "admin-kill-list-refused")
    page.get_by_label("Once more: plugin and version").fill(f"{plugin} 1.0.0")
    follow(page.get_by_role("button", name="Block everywhere"))
    expect(page.get_by_role("status").first).to_contain_text("is blocked.")
    row = page.get_by_role("row").filter(has_text=plugin)
    expect(row).to_contain_text("It mines coins.")
    inspect(page, "admin-kill-list")
    follow(row.get_by_role("link", name=f"Lift the block of {plugin} 1.0.0"))
    inspect(page, "admin-kill-list-lift")
    page.get_by_label("Why").fill("It did not.")
    follow(page.get_by_role("button", name="Lift the block"))
    expect(page.get_by_role("status").first).to_contain_text("off the list")

    async def state() -> str:
        async with site.deps.works.system("tests") as work:
            return str((await catalog.find_release(work, plugin, "1.0.0")).state)

    assert site.run(state()) == "quarantined"


@pytest.mark.parametrize("path", ["/admin/tenants", "/admin/staff", "/admin/kill-list", "/admin/operations"])
def test_a_tenants_admin_and_a_moderator_are_refused(open_window: OpenWindow, path: str):
    for who in ("admin", "moderator"):
        page = open_window(who)
        answer = page.goto(path)
        assert answer is not None
        assert answer.status == 403
        expect(page.get_by_role("link", name="Kill list")).to_have_count(0)


def test_the_step_up_page_stands_before_the_kill_list(open_window: OpenWindow, site: Site):
    page = open_window("operator")

    async def age() -> None:
        async with site.deps.works.system("tests") as work:
            await work.run(
                text("update sessions set proven_at = now() - interval '1 hour' where user_id = :u"),
                {"u": site.people["operator"].id},
            )

    site.run(age())
    page.goto("/admin/kill-list")
    assert "/account/confirm?next=/admin/kill-list" in page.url


@pytest.mark.parametrize(("width", "theme"), VIEWS)
def test_a_job_that_gave_up_is_seen_and_tried_again(
    open_window: OpenWindow, site: Site, width: int, theme: str
):
    async def give_up() -> None:
        async with site.deps.works.begin(admin) as work:
            failed = await operations.open_operation(work, "install", f"acme.lost-{width}")
            await operations.fail(work, failed.id, {"title": "No", "detail": "Nobody answered."})
            await operations.open_operation(work, "update", f"acme.slow-{width}")
        async with site.deps.works.system("tests") as work:
            driver = (await work.connection.get_raw_connection()).driver_connection
            mine = "update pgqueuer set status = 'failed', attempts = 8 where entrypoint = $1"
            await driver.execute(mine, OperationFailed.kind)

    admin = site.actor("admin")
    site.run(give_up())
    page = open_window("operator", width=width, theme=theme)
    page.goto("/admin/operations")
    expect(page.get_by_role("row").filter(has_text=f"acme.lost-{width}")).to_contain_text("Failed")
    expect(page.get_by_role("row").filter(has_text=f"acme.slow-{width}")).to_contain_text("Waits")
    inspect(page, "admin-operations")
    row = page.get_by_role("row").filter(has_text="operations.failed").first
    follow(row.get_by_role("button", name="Try operations.failed"))
    expect(page.get_by_role("status").first).to_contain_text("waits for its turn again")


@pytest.mark.parametrize(("width", "theme"), VIEWS)
def test_roles_of_the_staff_are_given_and_taken_by_who_types_whom_they_mean(
    open_window: OpenWindow, site: Site, width: int, theme: str
):
    who = f"helper{width}"
    site.run(site.add_person(who, f"Hal Helper {width}", "Curator", None))
    page = open_window("operator", width=width, theme=theme)
    page.goto("/admin/staff")
    row = page.get_by_role("row").filter(has_text=f"Hal Helper {width}")
    expect(row).to_contain_text("Curator")
    expect(page.get_by_role("link", name="Change Olga Operator")).to_have_count(0)
    page.get_by_label("E-mail of the invited").fill(f"nia{width}@operator.example")
    follow(page.get_by_role("button", name="Make the invitation"))
    expect(page.locator(".secret-once code")).to_contain_text("invitation=")
    inspect(page, "admin-staff")
    follow(page.get_by_role("button", name=f"Take back the invitation for nia{width}@operator.example"))
    page.get_by_label("E-mail", exact=True).fill("nobody@operator.example")
    follow(page.get_by_role("button", name="Choose roles"))
    expect(page.get_by_role("alert")).to_contain_text("no such user")
    page.get_by_label("E-mail", exact=True).fill(f"{who}@operator.example")
    follow(page.get_by_role("button", name="Choose roles"))
    page.get_by_label("Moderator").check()
    page.get_by_label("Whom you mean").fill("somebody")
    follow(page.get_by_role("button", name="Give these roles"))
    expect(page.get_by_role("alert")).to_contain_text(f"type {who}@operator.example")
    expect(page.get_by_label("Moderator")).to_be_checked()
    inspect(page, "admin-staff-member")
    page.get_by_label("Whom you mean").fill(f"{who}@operator.example")
    follow(page.get_by_role("button", name="Give these roles"))
    expect(row).to_contain_text("Moderator")
    follow(row.get_by_role("link", name="Change"))
    for role in ("Curator", "Moderator"):
        page.get_by_label(role).uncheck()
    page.get_by_label("Whom you mean").fill(f"{who}@operator.example")
    follow(page.get_by_role("button", name="Give these roles"))
    expect(page.get_by_role("status").first).to_contain_text("not on the staff any more")
    expect(row).to_have_count(0)


@pytest.mark.parametrize(("width", "theme"), VIEWS)
def test_a_tenant_is_closed_by_who_types_its_name_and_opened_again(
    open_window: OpenWindow, site: Site, width: int, theme: str
):
    slug = f"leaving-{width}"
    tenant = site.run(open_tenant(site, slug))
    guest = open_window(slug, width=width, theme=theme)
    guest.goto("/admin/members")
    page = open_window("operator", width=width, theme=theme)
    page.goto(f"/admin/tenants?q={slug}")
    follow(page.get_by_role("link", name=f"Leaving {width}", exact=True))
    page.get_by_label("Why").fill("They left. <b>Really</b>")
    page.get_by_label("Its short name").fill("acme")
    follow(page.get_by_role("button", name="Close the tenant"))
    expect(page.get_by_role("alert")).to_contain_text(f"type {slug}")
    inspect(page, "admin-tenant-close")
    page.get_by_label("Its short name").fill(slug)
    follow(page.get_by_role("button", name="Close the tenant"))
    expect(page.get_by_role("status").first).to_contain_text("is closed")
    guest.reload()
    assert "/login" in guest.url
    page.goto(f"/admin/tenants/{tenant}")
    inspect(page, "admin-tenant-closed")
    follow(page.get_by_role("button", name="Open it again"))
    expect(page.get_by_role("status").first).to_contain_text("is open again")
    guest.reload()
    assert "/login" in guest.url


async def open_tenant(site: Site, slug: str) -> str:
    """A tenant of one person by the same name; its id."""
    async with site.deps.works.system("tests") as work:
        tenant = await accounts.create_tenant(work, slug, slug.title().replace("-", " "))
    await site.add_person(slug, "Lea Leaving", "Admin", tenant)
    return str(tenant)
