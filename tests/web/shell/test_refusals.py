"""Forms that come from elsewhere, twice or malformed, on the real application."""

import re
from collections.abc import Iterator

import pytest
from fastapi import APIRouter
from starlette.routing import BaseRoute

from aei_marketplace.accounts import service as accounts
from aei_marketplace.accounts.service.sessions import Entrant, open_session
from aei_marketplace.app import ROUTERS
from aei_marketplace.ground.sign_in import Visit
from aei_marketplace.web.csrf import FIELD, token_for
from aei_marketplace.web.shell.forms import LARGEST_FORM, ONCE_FIELD, FormRoute, read_form
from tests.builders import make_tenant

HTML = {"Accept": "text/html"}


@pytest.fixture
async def signed_in(client, deps):
    """The headers of an Admin's browser, and the session's secret."""
    acme = await make_tenant(deps.works, "acme")
    person = acme.admin.id
    assert person is not None
    visit = Visit(client.url, True, "127.0.0.1", "a test", "test")
    session = await open_session(deps, visit, Entrant(person, acme.id, None, "password"))
    return {**HTML, "Cookie": f"aei_session={session.secret}"}, session.secret


MADE_UP = "00000000-0000-7000-8000-000000000000"


def form_addresses() -> list[str]:
    """Every address that a page posts to, from the routes of the application itself."""
    routes = [route for router in ROUTERS for route in routes_of(router) if isinstance(route, FormRoute)]
    paths = {route.path for route in routes if "POST" in route.methods}
    return sorted(re.sub(r"\{\w+\}", MADE_UP, path) for path in paths)


def routes_of(router: APIRouter) -> Iterator[BaseRoute]:
    """The routes of a router and of those that it includes."""
    for route in router.routes:
        included = getattr(route, "original_router", None)
        yield from routes_of(included) if included is not None else (route,)


@pytest.mark.parametrize("token", [None, "", "forged", "a" * 43])
async def test_every_form_without_its_sessions_token_is_refused(client, signed_in, token):
    headers, _ = signed_in
    assert len(form_addresses()) > 35
    for path in form_addresses():
        form = {} if token is None else {FIELD: token}
        answer = await client.post(path, headers=headers, data=form or {"x": "y"}, allow_redirects=False)
        assert answer.status == 403, path
        assert b"Not from this site" in answer.body, path


async def test_the_token_of_an_earlier_session_is_stale(client, signed_in, deps):
    headers, _ = signed_in
    stale = token_for("a secret that the session had before")
    answer = await client.post("/account/sessions/revoke-others", headers=headers, data={FIELD: stale})
    assert answer.status == 403


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
async def test_another_sites_form_is_refused_signed_in_or_not(client, signed_in, origin):
    headers, secret = signed_in
    for path, sent in (("/login", HTML), ("/appearance", HTML), ("/account/sessions/revoke-others", headers)):
        form = {FIELD: token_for(secret), "email": "a@b.example"}
        answer = await client.post(path, headers={**sent, "Origin": origin}, data=form, allow_redirects=False)
        assert answer.status == 403, path


async def test_a_form_that_is_sent_twice_happens_once(client, signed_in):
    headers, secret = signed_in
    form = {FIELD: token_for(secret), ONCE_FIELD: "one", "name": "twice", "days": "7", "everything": "on"}
    first = await client.post("/account/tokens", headers=headers, data=form)
    second = await client.post("/account/tokens", headers=headers, data=form)
    assert (first.status, second.status) == (200, 409)
    assert b"You sent this form before" in second.body
    assert b"aei_" not in second.body
    listed = await client.get("/account/tokens", headers=headers)
    assert listed.body.count(b"<bdi>twice</bdi>") == 1


async def test_a_redirect_is_given_again(client, signed_in):
    headers, secret = signed_in
    form = {FIELD: token_for(secret), ONCE_FIELD: "two"}
    for _ in range(2):
        answer = await client.post(
            "/account/sessions/revoke-others", headers=headers, data=form, allow_redirects=False
        )
        assert (answer.status, answer.headers["location"]) == (303, "/account/sessions")


@pytest.mark.parametrize(
    "wanted", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:x"]
)
async def test_nobody_is_sent_elsewhere_after_signing_in(client, signed_in, deps, wanted):
    headers, _ = signed_in
    signed = await client.get("/login", headers=headers, params={"next": wanted}, allow_redirects=False)
    assert (signed.status, signed.headers["location"]) == (303, "/")
    async with deps.works.system("tests") as work:
        user = await accounts.create_user(
            work, name="Pia", email=f"pia{hash(wanted)}@acme.example", password="a long and quiet password"
        )
        tenant = await accounts.find_tenant(work, "acme")
        await accounts.add_member(work, user, "Viewer", tenant)
    form = {
        "email": f"pia{hash(wanted)}@acme.example",
        "password": "a long and quiet password",
        "next": wanted,
    }
    answer = await client.post("/login", headers=HTML, data=form, allow_redirects=False)
    assert (answer.status, answer.headers["location"]) == (303, "/")


async def test_a_session_that_was_planted_before_signing_in_is_not_used(client, signed_in, deps):
    """Session fixation: the secret after signing in is another than any that the browser brought."""
    _, planted = signed_in
    async with deps.works.system("tests") as work:
        user = await accounts.create_user(
            work, name="Vic", email="vic@acme.example", password="a long and quiet password"
        )
        await accounts.add_member(work, user, "Viewer", await accounts.find_tenant(work, "acme"))
    form = {"email": "vic@acme.example", "password": "a long and quiet password", FIELD: token_for(planted)}
    cookie = {**HTML, "Cookie": f"aei_session={planted}"}
    answer = await client.post("/login", headers=cookie, data=form, allow_redirects=False)
    assert answer.status == 303
    assert f"aei_session={planted}" not in answer.headers["set-cookie"]
    after = await client.get("/account", headers=cookie, allow_redirects=False)
    assert after.headers["location"].startswith("/login")


async def test_programs_get_problem_documents_and_people_get_pages(client):
    program = await client.get("/no-such-page")
    person = await client.get("/no-such-page", headers=HTML)
    api = await client.get("/api/me", headers=HTML)
    assert program.headers["content-type"] == "application/problem+json"
    assert person.headers["content-type"].startswith("text/html")
    assert api.headers["content-type"] == "application/problem+json"
    assert (program.status, person.status, api.status) == (404, 404, 401)


async def test_every_page_has_safe_headers_and_nothing_of_whom_is_signed_in_is_stored(client, signed_in):
    headers, _ = signed_in
    for path, sent in (("/login", HTML), ("/account", headers), ("/no-such-page", HTML)):
        answer = await client.get(path, headers=sent)
        assert answer.headers["content-security-policy"].startswith("default-src 'none'; script-src 'self';")
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["cache-control"] == ("no-store" if sent is headers else "no-cache")


@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        ("application/json", b"{}"),
        ("multipart/form-data; boundary=x", b"--x--"),
        ("application/x-www-form-urlencoded", b"a=%00"),
        ("application/x-www-form-urlencoded", b"a=%FF"),
        ("application/x-www-form-urlencoded", "a=é".encode()),
        ("application/x-www-form-urlencoded", b"no equals sign"),
        ("application/x-www-form-urlencoded", b"&".join(b"a=1" for _ in range(501))),
    ],
)
async def test_what_is_no_form_of_ours_is_refused(client, media_type: str, body: bytes):
    answer = await client.post("/login", headers={**HTML, "Content-Type": media_type}, data=body)
    assert answer.status == 422


async def test_a_form_beyond_all_limits_is_refused_unread(client):
    answer = await client.post("/login", headers=HTML, data={"email": "a" * LARGEST_FORM})
    assert answer.status == 413


def test_a_form_keeps_every_value_of_a_field_in_order():
    form = read_form("application/x-www-form-urlencoded; charset=utf-8", b"a=1&b=&a=2&c=%0D%0Ax")
    assert form.every("a") == ("1", "2")
    assert (form.text("a"), form.text("b"), form.text("gone", "x")) == ("2", "", "x")
    assert form.secret("c") == "\nx"
