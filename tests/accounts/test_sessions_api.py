"""Sessions over the real application: cookies, forgery, fixation, ends."""

from http.cookies import SimpleCookie

import pytest
from sqlalchemy import text

from aei_marketplace.accounts import service
from aei_marketplace.ground.deps import Deps
from tests.accounts.people import PASSWORD, make_person
from tests.serving import Answer, Client

CREDENTIALS = {"email": "ada@acme.example", "password": PASSWORD}


def cookie_of(answer: Answer) -> str:
    """The secret that an answer has the browser keep."""
    for line in answer.headers.getall("Set-Cookie"):
        for morsel in SimpleCookie(line).values():
            if morsel.key.endswith("aei_session"):
                return morsel.value
    raise AssertionError("no session cookie")


def browser(secret: str, csrf: str = "", **more: str) -> dict[str, str]:
    """The headers that a browser with a session sends."""
    token = {"X-CSRF-Token": csrf} if csrf else {}
    return {"Cookie": f"aei_session={secret}", **token, **more}


async def sign_in(client: Client, **headers: str) -> Answer:
    return await client.post("/api/sign-in/password", json=CREDENTIALS, headers=headers)


async def signed_in(client: Client) -> tuple[str, str]:
    """A session's secret and its CSRF token."""
    answer = await sign_in(client)
    assert answer.status == 201
    return cookie_of(answer), answer.json["csrf_token"]


@pytest.fixture
async def ada(deps: Deps):
    return await make_person(deps.works, "ada@acme.example", "acme")


async def test_a_password_gives_a_session_in_a_cookie_that_scripts_cannot_read(client: Client, ada):
    answer = await sign_in(client)
    (line,) = [x for x in answer.headers.getall("Set-Cookie") if x.startswith("aei_session=")]
    assert {"HttpOnly", "Path=/", "SameSite=lax"} <= {part.strip() for part in line.split(";")}
    assert cookie_of(answer) not in answer.body.decode()
    me = await client.get("/api/me", headers=browser(cookie_of(answer)))
    assert (me.status, me.json["tenant"]) == (200, "acme")


async def test_only_the_hash_of_a_sessions_secret_is_stored(client: Client, ada, deps: Deps):
    secret, _ = await signed_in(client)
    async with deps.works.system("tests") as work:
        rows = (await work.run(text("select sessions::text from sessions"))).scalars().all()
    assert rows
    assert not any(secret in row for row in rows)


@pytest.mark.parametrize("name", ["absent", "foreign", "another session's"])
async def test_a_change_without_the_sessions_own_token_is_refused_and_recorded(
    client: Client, ada, deps: Deps, name: str
):
    secret, _ = await signed_in(client)
    _, other = await signed_in(client)
    csrf = {"absent": "", "foreign": "x" * 43, "another session's": other}[name]
    body = {"name": "stolen", "scopes": ["*"]}
    answer = await client.post("/api/tokens", json=body, headers=browser(secret, csrf))
    assert (answer.status, answer.json["type"]) == (403, "/problems/forged-request")
    async with deps.works.system("tests") as work:
        denied = "select count(*) from audit_entries where action = 'access.denied' and actor_id = :a"
        assert (await work.run(text(denied), {"a": ada})).scalar_one() == 1
        assert (await work.run(text("select count(*) from tokens"))).scalar_one() == 0


async def test_a_form_carries_the_token_as_a_field(client: Client, ada):
    secret, csrf = await signed_in(client)
    headers = browser(secret)
    refused = await client.send("DELETE", "/api/session", headers=headers, data={"csrf_token": "no"})
    done = await client.send("DELETE", "/api/session", headers=headers, data={"csrf_token": csrf})
    assert (refused.status, done.status) == (403, 204)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_another_sites_page_changes_nothing_even_with_the_token(client: Client, ada, headers):
    secret, csrf = await signed_in(client)
    answer = await client.post("/api/tokens", json={"name": "x"}, headers=browser(secret, csrf, **headers))
    assert (answer.status, answer.json["type"]) == (403, "/problems/forged-request")


async def test_another_sites_page_cannot_sign_a_browser_in(client: Client, ada):
    answer = await sign_in(client, Origin="https://evil.example")
    assert (answer.status, answer.json["type"]) == (403, "/problems/forged-request")


async def test_a_bearer_token_needs_no_csrf_token_and_goes_before_the_cookie(client: Client, ada, deps: Deps):
    secret, _ = await signed_in(client)
    async with deps.works.system("tests") as work:
        other = await make_user_token(work)
    answer = await client.post("/api/tokens", other, json={"name": "x"}, headers=browser(secret))
    assert answer.status == 201


async def make_user_token(work) -> str:
    tenant = await service.create_tenant(work, "globex", "Globex")
    user = await service.create_user(work, name="Gil")
    await service.add_member(work, user, "Admin", tenant)
    return (await service.issue_token(work, name="t", owner=user, tenant=tenant)).secret


async def test_a_session_that_a_browser_brought_along_is_never_the_one_it_signs_in_to(client: Client, ada):
    planted, _ = await signed_in(client)  # an attacker's, fixed in the victim's browser
    answer = await sign_in(client, Cookie=f"aei_session={planted}")
    assert cookie_of(answer) != planted
    assert (await client.get("/api/me", headers=browser(planted))).status == 401
    assert (await client.get("/api/me", headers=browser(cookie_of(answer)))).status == 200


async def test_a_stolen_cookie_is_refused_after_its_person_signed_out(client: Client, ada, deps: Deps):
    secret, csrf = await signed_in(client)
    out = await client.send("DELETE", "/api/session", headers=browser(secret, csrf))
    assert 'aei_session=""' in out.headers.getall("Set-Cookie")[0]
    answer = await client.get("/api/me", headers=browser(secret))
    assert (answer.status, answer.json["type"]) == (401, "/problems/session-ended")
    async with deps.works.system("tests") as work:
        shown = "select count(*) from audit_entries where action = 'access.denied' and actor_id = :a"
        assert (await work.run(text(shown), {"a": ada})).scalar_one() == 1


async def test_a_visitor_whose_session_is_over_still_sees_what_everybody_sees(client: Client, ada):
    secret, csrf = await signed_in(client)
    await client.send("DELETE", "/api/session", headers=browser(secret, csrf))
    assert (await client.get("/api/plugins", headers=browser(secret))).status == 200


async def test_the_session_says_who_where_and_until_when(client: Client, ada):
    secret, csrf = await signed_in(client)
    answer = await client.get("/api/session", headers=browser(secret))
    assert answer.json["csrf_token"] == csrf
    assert (answer.json["tenant"], answer.json["tenants"], answer.json["staff"]) == ("acme", ["acme"], False)
    assert answer.headers["cache-control"] == "no-store"


async def test_one_session_ends_another_and_all_others(client: Client, ada):
    first, _ = await signed_in(client)
    second, _ = await signed_in(client)
    here, csrf = await signed_in(client)
    listed = (await client.get("/api/sessions", headers=browser(here))).json["items"]
    assert [item["present"] for item in listed] == [True, False, False]
    ended = await client.send("DELETE", f"/api/sessions/{listed[1]['id']}", headers=browser(here, csrf))
    assert ended.status == 204
    assert (await client.get("/api/me", headers=browser(second))).status == 401
    rest = await client.send("DELETE", "/api/sessions", headers=browser(here, csrf))
    assert rest.json == {"ended": 1}
    assert (await client.get("/api/me", headers=browser(first))).status == 401
    assert (await client.get("/api/me", headers=browser(here))).status == 200


async def test_too_many_attempts_on_one_account_are_told_to_wait(client: Client, ada):
    wrong = {**CREDENTIALS, "password": "wrong"}
    statuses = [(await client.post("/api/sign-in/password", json=wrong)).status for _ in range(11)]
    assert statuses[:10] == [401] * 10
    assert statuses[10] == 429


async def test_a_cookie_that_is_none_is_nobodys(client: Client):
    for cookie in ("x", "x" * 43, "é" * 20, "x" * 5000):
        answer = await client.get("/api/me", headers={"Cookie": f"aei_session={cookie}"})
        assert (answer.status, answer.json["status"]) == (401, 401)
