"""Members, roles and invitations, as an administrator handles them."""

import re

import pytest
from playwright.sync_api import Page, expect

from aei_marketplace.accounts.pages.words import ACTION_WORDS
from aei_marketplace.accounts.rules import TENANT_ACTIONS
from tests.browser.conftest import VIEWS, OpenWindow, inspect
from tests.browser.waiting import follow


def invite(page: Page, role: str, email: str = "") -> str:
    page.goto("/admin/members")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Role").select_option(role)
    follow(page.get_by_role("button", name="Make the invitation"))
    return page.locator(".secret-once code").inner_text()


def test_every_action_of_a_tenant_has_its_words():
    assert {words.action for words in ACTION_WORDS} == TENANT_ACTIONS


@pytest.mark.parametrize(("width", "theme"), VIEWS)
def test_the_pages_of_administration_are_accessible_and_fit(open_window: OpenWindow, width: int, theme: str):
    page = open_window("admin", width=width, theme=theme)
    for path in ("/admin/members", "/admin/roles", "/admin/roles/new"):
        page.goto(path)
        inspect(page, path.strip("/").replace("/", "-"))
    page.goto("/admin/members")
    follow(page.get_by_role("link", name="Change Vera Viewer"))
    inspect(page, "admin-member")


@pytest.mark.parametrize("path", ["/admin/members", "/admin/roles"])
def test_who_does_not_administer_is_refused_with_what_to_do(open_window: OpenWindow, path: str):
    page = open_window("viewer")
    answer = page.goto(path)
    assert answer is not None
    assert answer.status == 403
    expect(page.get_by_role("heading", name="Not allowed")).to_be_visible()
    expect(page.get_by_role("link", name="Admin", exact=True)).to_have_count(0)
    inspect(page, "refused")


def test_a_role_is_made_by_ticking_and_given(open_window: OpenWindow):
    page = open_window("admin")
    page.goto("/admin/roles/new")
    page.get_by_label("Name").fill("Auditor")
    page.get_by_label("Read the audit log").check()
    follow(page.get_by_role("button", name="Make the role"))
    expect(page.get_by_role("row").filter(has_text="Auditor")).to_contain_text("Read the audit log")
    page.goto("/admin/members")
    follow(page.get_by_role("link", name="Change Kim Keyes"))
    page.get_by_label("Auditor").check()
    follow(page.get_by_role("button", name="Give these roles"))
    expect(page.get_by_role("row").filter(has_text="Kim Keyes")).to_contain_text("Auditor")
    page.goto("/admin/roles")
    follow(page.get_by_role("link", name="Change Auditor"))
    follow(page.get_by_role("button", name="Remove Auditor"))
    expect(page.get_by_role("status").first).to_contain_text("Members have the role Auditor")


def test_a_member_without_any_role_is_refused(open_window: OpenWindow):
    page = open_window("admin")
    page.goto("/admin/members")
    follow(page.get_by_role("link", name="Change Vera Viewer"))
    page.get_by_label("Viewer", exact=True).uncheck()
    follow(page.get_by_role("button", name="Give these roles"))
    expect(page.get_by_role("alert")).to_contain_text("A member has a role.")


def test_an_invited_person_joins_and_can_be_removed_again(open_window: OpenWindow):
    page = open_window("admin")
    link = invite(page, "Viewer")
    inspect(page, "invitation-made")
    guest = open_window(width=360)
    guest.goto(link)
    expect(guest.get_by_text("Ada Admin")).to_be_visible()
    inspect(guest, "invitation")
    guest.get_by_label("Your name").fill("Nora New")
    guest.get_by_label("E-mail").fill("nora@acme.example")
    guest.get_by_label("Password").fill("short")
    guest.locator("form.card").evaluate("form => form.noValidate = true")
    follow(guest.get_by_role("button", name="Accept and sign in"))
    expect(guest.get_by_role("alert")).to_contain_text("at least 12 characters")
    expect(guest.get_by_label("Your name")).to_have_value("Nora New")
    guest.get_by_label("Password").fill("a password of good length")
    follow(guest.get_by_role("button", name="Accept and sign in"))
    expect(guest.get_by_role("status").first).to_contain_text("Welcome.")
    page.goto("/admin/members")
    follow(page.get_by_role("link", name="Change Nora New"))
    follow(page.get_by_role("button", name="Remove Nora New"))
    expect(page.get_by_role("status").first).to_contain_text("is no member any more")
    guest.goto("/account")
    assert "/login" in guest.url


def test_an_invitation_that_was_taken_back_opens_nothing(open_window: OpenWindow):
    page = open_window("admin")
    link = invite(page, "Agent", "late@acme.example")
    page.goto("/admin/members")
    follow(page.get_by_role("button", name=re.compile("Take back .*late@acme.example")))
    guest = open_window()
    answer = guest.goto(link)
    assert answer is not None
    assert answer.status == 404
    expect(guest.get_by_text("This invitation is not valid any more.")).to_be_visible()
    inspect(guest, "invitation-over")


def test_the_form_for_a_lost_password_answers_everybody_alike(open_window: OpenWindow):
    for address in ("viewer@acme.example", "nobody@acme.example"):
        page = open_window()
        page.goto("/login/recovery")
        inspect(page, "recovery")
        page.get_by_label("E-mail").fill(address)
        follow(page.get_by_role("button", name="Mail me a link"))
        expect(page.get_by_role("heading", name="Look into your mailbox")).to_be_visible()
    inspect(page, "recovery-sent")
    page.goto("/login/recovery?token=never-made")
    page.get_by_label("New password").fill("a password of good length")
    follow(page.get_by_role("button", name="Set the password"))
    expect(page.get_by_role("alert")).to_contain_text("This link is not valid any more.")
