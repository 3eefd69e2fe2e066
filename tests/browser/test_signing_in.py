"""Signing in and out, and one's own account, as a person does."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import VIEWS, OpenWindow, inspect
from tests.browser.site import PASSWORD, Site
from tests.browser.waiting import follow, next_page


def sign_in(page: Page, site: Site, who: str, password: str = PASSWORD) -> None:
    page.get_by_label("E-mail").fill(site.people[who].email)
    page.get_by_label("Password").fill(password)
    follow(page.get_by_role("button", name="Sign in"))


@pytest.mark.parametrize(("width", "theme"), VIEWS)
def test_the_pages_of_sign_in_are_accessible_and_fit(open_window: OpenWindow, width: int, theme: str):
    page = open_window(width=width, theme=theme)
    page.goto("/login")
    inspect(page, "login")


@pytest.mark.parametrize(("width", "theme"), VIEWS)
@pytest.mark.parametrize("who", ["admin", "viewer", "operator"])
def test_the_pages_of_an_account_are_accessible_and_fit(
    open_window: OpenWindow, who: str, width: int, theme: str
):
    page = open_window(who, width=width, theme=theme)
    for path in (
        "/account",
        "/account/passkeys",
        "/account/passkeys/new",
        "/account/sessions",
        "/account/tokens",
    ):
        page.goto(path)
        inspect(page, f"{path.strip('/').replace('/', '-')}-{who}")
    page.goto("/account/confirm")
    inspect(page, f"confirm-{who}")


def test_the_person_menu_is_accessible_and_closes_by_escape(open_window: OpenWindow):
    page = open_window("admin", width=360)
    page.goto("/account")
    page.get_by_role("button", name="Ada Admin").click()
    expect(page.get_by_role("button", name="Sign out", exact=True)).to_be_visible()
    inspect(page, "person-menu")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Sign out", exact=True)).not_to_be_visible()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_somebody_signs_in_where_they_wanted_to_go_and_out_again(
    open_window: OpenWindow, site: Site, scripts: bool
):
    page = open_window(scripts=scripts)
    page.goto("/account/tokens")
    assert page.url.endswith("/login?next=/account/tokens")
    sign_in(page, site, "admin")
    assert page.url.endswith("/account/tokens")
    page.get_by_role("button", name="Ada Admin").click()
    follow(page.get_by_role("button", name="Sign out", exact=True))
    assert page.url.endswith("/login")
    expect(page.get_by_role("status").first).to_contain_text("You are signed out.")
    page.goto("/account")
    assert "/login" in page.url


def test_a_wrong_password_says_so_and_keeps_the_address_but_not_the_password(
    open_window: OpenWindow, site: Site
):
    page = open_window()
    page.goto("/login")
    sign_in(page, site, "viewer", "not the password at all")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("E-mail and password do not belong together.")
    expect(alert).to_be_focused()
    expect(page.get_by_label("E-mail")).to_have_value(site.people["viewer"].email)
    expect(page.get_by_label("Password")).to_have_value("")
    inspect(page, "login-refused")


def test_a_token_is_shown_once_and_can_be_revoked(open_window: OpenWindow):
    page = open_window("admin")
    page.goto("/account/tokens")
    page.get_by_label("Name").fill("nightly run")
    page.get_by_label("Everything that I may do").uncheck()
    page.get_by_label("Run plugins").check()
    follow(page.get_by_role("button", name="Issue the token"))
    secret = page.locator(".secret-once code").inner_text()
    assert re.fullmatch(r"aei_[\w-]{43}", secret)
    inspect(page, "token-issued")
    page.goto("/account/tokens")
    assert secret not in page.content()
    row = page.get_by_role("row").filter(has_text="nightly run")
    expect(row).to_contain_text("plugin.execute")
    follow(row.get_by_role("button", name="Revoke nightly run"))
    expect(page.get_by_role("row").filter(has_text="nightly run")).to_contain_text("Revoked")


def test_a_token_without_a_right_is_refused_beside_its_field(open_window: OpenWindow):
    page = open_window("viewer")
    page.goto("/account/tokens")
    page.get_by_label("Name").fill("nothing")
    page.get_by_label("Everything that I may do").uncheck()
    follow(page.get_by_role("button", name="Issue the token"))
    expect(page.get_by_role("alert")).to_contain_text("tick at least one action")
    expect(page.get_by_label("Name")).to_have_value("nothing")
    inspect(page, "tokens-refused")


def test_a_hostile_name_of_a_token_is_only_text(open_window: OpenWindow):
    page = open_window("viewer")
    page.goto("/account/tokens")
    name = "<img src=x onerror=alert(1)>\N{RIGHT-TO-LEFT OVERRIDE}evil"
    page.get_by_label("Name").fill(name)
    follow(page.get_by_role("button", name="Issue the token"))
    expect(
        page.get_by_role("cell", name="<img src=x onerror=alert(1)>\N{REPLACEMENT CHARACTER}evil", exact=True)
    ).to_be_visible()
    expect(page.locator("main img")).to_have_count(0)


def test_another_session_is_ended_and_is_signed_out_at_once(open_window: OpenWindow):
    mine, other = open_window("viewer"), open_window("viewer")
    other.goto("/account")
    mine.goto("/account/sessions")
    follow(mine.get_by_role("button", name="End all others"))
    expect(mine.get_by_role("status").first).to_contain_text("ended")
    other.goto("/account")
    assert "/login" in other.url


def test_a_page_before_the_proof_asks_for_it_and_goes_on(open_window: OpenWindow, site: Site):
    page = open_window("operator")
    page.goto("/account/confirm?next=/account/sessions")
    page.get_by_label("Password").fill("not it")
    follow(page.get_by_role("button", name="Confirm"))
    expect(page.get_by_role("alert")).to_contain_text("This is not your password.")
    page.get_by_label("Password").fill(PASSWORD)
    follow(page.get_by_role("button", name="Confirm"))
    assert page.url.endswith("/account/sessions")


def test_a_passkey_is_registered_and_then_asked_for(open_window: OpenWindow, site: Site):
    page = open_window("passkey_holder")
    devices = page.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    devices.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
            }
        },
    )
    here = site.url.replace("127.0.0.1", "localhost")  # an address is no name that a passkey is bound to
    page.goto(f"{here}/login?next=/account/passkeys/new")
    sign_in(page, site, "passkey_holder")
    page.get_by_label("Name").fill("Work laptop")
    page.get_by_role("button", name="Register the passkey").click()
    expect(page.get_by_label("Name of the passkey")).to_have_value("Work laptop")
    inspect(page, "passkeys-one")
    page.get_by_role("button", name="account, appearance").click()
    follow(page.get_by_role("button", name="Sign out", exact=True))
    sign_in(page, site, "passkey_holder")
    page.wait_for_url(f"{here}/marketplace")
    page.goto(f"{here}/account/sessions")
    expect(page.get_by_role("row").filter(has_text="This one")).to_contain_text("Password and passkey")


def test_a_second_click_on_a_form_does_nothing_more(open_window: OpenWindow, site: Site):
    page = open_window("viewer")
    page.goto("/account/tokens")
    page.get_by_label("Name").fill("clicked twice")
    with next_page(page):
        page.evaluate(
            "() => { const form = document.querySelector('form[action=\"/account/tokens\"]');"
            " form.requestSubmit(); form.requestSubmit(); }"
        )
    page.goto("/account/tokens")
    expect(page.get_by_role("row").filter(has_text="clicked twice")).to_have_count(1)
