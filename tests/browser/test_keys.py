"""Tokens, secrets and model endpoints of a tenant, as an administrator handles them."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import VIEWS, OpenWindow, inspect
from tests.browser.site import Site
from tests.browser.waiting import follow

SECRET = "a-value-that-no-page-may-show"


def test_a_token_for_a_member_is_shown_once_and_revoked_with_a_confirmation(open_window: OpenWindow):
    page = open_window("admin")
    page.goto("/admin/tokens/new")
    inspect(page, "admin-tokens-new")
    page.get_by_label("Name").fill("nightly publisher")
    page.get_by_label("Publish only").fill("acme.summarise, acme.*")
    follow(page.get_by_role("button", name="Issue the token"))
    secret = page.locator(".secret-once code").inner_text()
    assert re.fullmatch(r"aei_[\w-]{43}", secret)
    inspect(page, "admin-tokens-issued")
    page.goto("/admin/tokens?state=valid")
    assert secret not in page.content()
    row = page.get_by_role("row").filter(has_text="nightly publisher")
    expect(row).to_contain_text("Publish plugins: acme.summarise")
    expect(row).to_contain_text("Ada Admin")
    follow(row.get_by_role("link", name="Revoke nightly publisher"))
    inspect(page, "admin-token")
    follow(page.get_by_role("button", name="Revoke nightly publisher"))
    expect(page.get_by_role("status").first).to_contain_text("The token is revoked.")
    page.goto("/admin/tokens?state=revoked")
    expect(page.get_by_role("row").filter(has_text="nightly publisher")).to_contain_text("Revoked")


@pytest.mark.parametrize(("width", "theme"), VIEWS)
def test_a_service_account_gets_a_role_and_its_first_token(open_window: OpenWindow, width: int, theme: str):
    name = f"orchestrator {width}"
    page = open_window("admin", width=width, theme=theme)
    page.goto("/admin/tokens")
    page.get_by_label("Its name").fill(name)
    follow(page.get_by_role("button", name="Add it"))
    expect(page.get_by_label("Acts as").locator("option:checked")).to_have_text(f"{name} (service)")
    page.get_by_label("Name").fill(f"of {name}")
    follow(page.get_by_role("button", name="Issue the token"))
    page.goto("/admin/tokens")
    expect(page.get_by_role("row").filter(has_text=f"of {name}")).to_contain_text(name)
    inspect(page, "admin-tokens-services")


def test_a_token_that_cannot_be_is_refused_beside_its_fields(open_window: OpenWindow):
    page = open_window("admin", width=360, theme="dark")
    page.goto("/admin/tokens/new")
    page.get_by_label("Name").fill("too wide")
    page.get_by_label("Publish plugins").check()
    page.get_by_label("Publish only").fill("acme.echo")
    follow(page.get_by_role("button", name="Issue the token"))
    expect(page.get_by_role("alert")).to_contain_text("they publish anywhere")
    inspect(page, "admin-tokens-refused")
    page.get_by_label("Publish plugins").uncheck()
    page.get_by_label("Publish only").fill("no place at all!")
    follow(page.get_by_role("button", name="Issue the token"))
    expect(page.get_by_role("alert")).to_contain_text("unknown")


@pytest.mark.parametrize(("width", "theme"), VIEWS)
def test_a_secret_is_kept_rotated_and_deleted_and_never_shown(
    open_window: OpenWindow, width: int, theme: str
):
    page = open_window("admin", width=width, theme=theme)
    name = f"KEY_{width}"
    page.goto("/admin/secrets")
    page.get_by_label("Name").fill("not a name")
    page.get_by_label("Value").fill(SECRET)
    follow(page.get_by_role("button", name="Keep the secret"))
    expect(page.get_by_role("alert")).to_contain_text("capital letters")
    assert SECRET not in page.content()
    page.get_by_label("Name").fill(name)
    page.get_by_label("Value").fill(SECRET)
    follow(page.get_by_role("button", name="Keep the secret"))
    expect(page.get_by_role("status").first).to_contain_text(f"{name} is kept.")
    inspect(page, "admin-secrets")
    assert SECRET not in page.content()
    page.get_by_label("Name").fill(name)
    page.get_by_label("Value").fill("another")
    follow(page.get_by_role("button", name="Keep the secret"))
    expect(page.get_by_role("alert")).to_contain_text("is kept already")
    follow(page.get_by_role("link", name=f"Change {name}"))
    inspect(page, "admin-secret")
    page.get_by_label("Value").fill(SECRET + "2")
    follow(page.get_by_role("button", name="Replace the value"))
    follow(page.get_by_role("link", name=f"Change {name}"))
    assert SECRET not in page.content()
    follow(page.get_by_role("button", name=f"Delete {name}"))
    expect(page.get_by_role("row").filter(has_text=name)).to_have_count(0)


@pytest.mark.parametrize(("width", "theme"), VIEWS)
def test_a_model_endpoint_is_added_changed_and_deleted_and_its_key_never_shown(
    open_window: OpenWindow, site: Site, width: int, theme: str
):
    page = open_window("admin", width=width, theme=theme)
    name = f"house-{width}"
    page.goto("/admin/models/new")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Address").fill("http://plain.example/v1")
    page.get_by_label("Models").fill(f"small-{width} = example-small-1")
    page.get_by_label("New key").fill(SECRET)
    follow(page.get_by_role("button", name="Add the endpoint"))
    expect(page.get_by_role("alert")).to_contain_text("The URL cannot be used.")
    assert SECRET not in page.content()
    inspect(page, "admin-model-refused")
    page.get_by_label("Address").fill("https://api.models.example/v1")
    page.get_by_label("New key").fill(SECRET)
    follow(page.get_by_role("button", name="Add the endpoint"))
    expect(page.get_by_role("status").first).to_contain_text("The endpoint is kept.")
    assert SECRET not in page.content()
    expect(page.get_by_label("Keep the present key")).to_be_checked()
    page.get_by_label("Plugins may ask it").uncheck()
    follow(page.get_by_role("button", name="Save the endpoint"))
    page.goto("/admin/models")
    expect(page.get_by_role("row").filter(has_text=name)).to_contain_text("Switched off")
    inspect(page, "admin-models")
    follow(page.get_by_role("link", name=f"Change {name}"))
    inspect(page, "admin-model")
    follow(page.get_by_role("button", name=f"Delete {name}"))
    expect(page.get_by_role("row").filter(has_text=name)).to_have_count(0)


@pytest.mark.parametrize(
    "path", ["/admin/tokens", "/admin/tokens/new", "/admin/secrets", "/admin/models/new"]
)
@pytest.mark.parametrize("who", ["viewer", "operator"])
def test_who_does_not_administer_them_is_refused(open_window: OpenWindow, who: str, path: str):
    page = open_window(who)
    answer = page.goto(path)
    assert answer is not None
    assert answer.status == 403
    expect(
        page.get_by_role("link", name=re.compile("^(Tokens|Secrets|Models)$")).locator("visible=true")
    ).to_have_count(0)
