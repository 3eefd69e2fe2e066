"""The routes of members, roles, invitations, providers and proofs, over the real application."""

from dataclasses import replace
from uuid import uuid4

from sqlalchemy import text

from aei_marketplace.app import create_app
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.sign_in import SignInTerms
from tests.accounts.people import PASSWORD, make_person
from tests.accounts.test_sessions_api import browser, cookie_of, signed_in
from tests.builders import make_tenant
from tests.serving import Client, serving


async def test_an_admin_invites_and_the_invited_come_in_by_the_link(client: Client, deps: Deps):
    acme = await make_tenant(deps.works, "acme")
    made = await client.post(
        "/api/invitations", acme.tokens["Admin"], json={"role": "Agent", "email": "nia@acme.example"}
    )
    assert made.status == 201
    assert made.headers["cache-control"] == "no-store"
    secret = made.json["link"].partition("/login?invitation=")[2]
    offered = await client.post("/api/sign-in/invitation", json={"secret": secret})
    assert (offered.json["tenant"], offered.json["role"]) == ("acme", "Agent")
    accepted = await client.post(
        "/api/sign-in/invitation/accept", json={"secret": secret, "name": "Nia", "password": PASSWORD}
    )
    assert accepted.status == 201
    me = await client.get("/api/me", headers=browser(cookie_of(accepted)))
    assert me.json["tenant"] == "acme"
    again = await client.post("/api/sign-in/invitation", json={"secret": secret})
    assert (again.status, again.json["type"]) == (404, "/problems/link-not-valid")
    listed = await client.get("/api/invitations", acme.tokens["Admin"])
    assert [item["state"] for item in listed.json["items"]] == ["accepted"]
    assert secret not in listed.body.decode()


async def test_an_admin_ticks_a_role_together_and_gives_it(client: Client, deps: Deps):
    acme = await make_tenant(deps.works, "acme")
    admin = acme.tokens["Admin"]
    made = await client.post("/api/roles", admin, json={"name": "Runner", "actions": ["plugin.execute"]})
    assert made.status == 201
    given = await client.send(
        "PATCH", f"/api/members/{acme.viewer.id}", admin, json={"roles": ["Runner", "Viewer"]}
    )
    assert given.status == 204
    members = (await client.get("/api/members", admin)).json["items"]
    assert ["Runner", "Viewer"] in [member["roles"] for member in members]
    role = f"/api/roles/{made.json['id']}"
    assert (await client.send("DELETE", role, admin)).json["type"] == "/problems/role-in-use"
    assert (await client.send("PATCH", role, admin, json={"actions": ["plugin.browse"]})).status == 204
    refused = await client.send("PATCH", role, admin, json={"actions": ["killlist.administer"]})
    assert (refused.status, refused.json["errors"][0]["pointer"]) == (422, "/actions")
    assert (
        await client.post("/api/roles", acme.tokens["Viewer"], json={"name": "x", "actions": []})
    ).status == 403


async def test_a_provider_that_does_not_answer_is_told_as_not_available(client: Client, deps: Deps):
    acme = await make_tenant(deps.works, "acme")
    made = await client.post(
        "/api/identity-providers",
        acme.tokens["Admin"],
        json={"name": "ours", "issuer": "https://login.invalid", "client_id": "m", "client_secret": "hush"},
    )
    assert made.status == 201
    assert "hush" not in made.body.decode()
    assert made.json["callback"] == f"/api/sign-in/oidc/{made.json['id']}/callback"
    offered = (await client.get("/api/sign-in/providers?tenant=acme")).json["items"]
    assert [item["name"] for item in offered] == ["ours"]
    begun = await client.post(f"/api/sign-in/oidc/{made.json['id']}", json={})
    assert (begun.status, begun.json["type"]) == (503, "/problems/provider-unusable")
    forged = await client.get(f"/api/sign-in/oidc/{made.json['id']}/callback?code=x&state={'x' * 43}")
    assert (forged.status, forged.json["type"]) == (401, "/problems/sign-in-lost")


async def test_publishing_by_session_asks_for_a_recent_proof_and_a_token_does_not(client: Client, deps: Deps):
    await make_person(deps.works, "ada@acme.example", "acme")
    secret, csrf = await signed_in(client)
    token = (await client.post("/api/tokens", json={"name": "ci"}, headers=browser(secret, csrf))).json[
        "token"
    ]
    async with deps.works.system("tests") as work:
        await work.run(text("update sessions set proven_at = now() - interval '11 minutes'"))
    asked = await client.post("/api/plugins", data={"x": "y"}, headers=browser(secret, csrf))
    assert (asked.status, asked.json["type"]) == (403, "/problems/proof-needed")
    assert (await client.post("/api/plugins", token, data={"x": "y"})).status == 422
    options = await client.post("/api/session/proof/options", headers=browser(secret, csrf))
    assert options.json == {"passkey": None, "password": True}
    proven = await client.post(
        "/api/session/proof", json={"password": PASSWORD}, headers=browser(secret, csrf)
    )
    assert proven.status == 200
    assert (await client.get("/api/me", headers=browser(secret))).status == 401
    renewed = browser(cookie_of(proven), proven.json["csrf_token"])
    assert (await client.post("/api/plugins", data={"x": "y"}, headers=renewed)).status == 422


async def test_a_token_that_was_issued_is_not_kept_for_a_repeated_request(client: Client, deps: Deps):
    acme = await make_tenant(deps.works, "acme")
    answer = await client.post(
        "/api/tokens", acme.tokens["Admin"], json={"name": "x"}, headers={"Idempotency-Key": "k"}
    )
    async with deps.works.system("tests") as work:
        kept = (await work.run(text("select idempotency_keys::text from idempotency_keys"))).scalars().all()
    assert answer.status == 201
    assert kept == []


async def test_over_https_the_cookie_is_bound_to_its_host(deps: Deps, urls):
    await make_person(deps.works, "ada@acme.example", "acme")
    behind_proxy = replace(deps, sign_in=SignInTerms(public_url="https://market.example/"))
    async with serving(create_app(behind_proxy, urls.app)) as client:
        answer = await client.post(
            "/api/sign-in/password",
            json={"email": "ada@acme.example", "password": PASSWORD},
            headers={"Origin": "https://market.example"},
        )
        (line,) = [x for x in answer.headers.getall("Set-Cookie") if x.startswith("__Host-aei_session=")]
        assert {"Secure", "HttpOnly", "Path=/"} <= {part.strip() for part in line.split(";")}
        assert "Domain" not in line
        planted = {"Cookie": f"aei_session={cookie_of(answer)}"}
        assert (await client.get("/api/me", headers=planted)).status == 401
        good = {"Cookie": f"__Host-aei_session={cookie_of(answer)}"}
        assert (await client.get("/api/me", headers=good)).status == 200


async def test_a_person_whose_sign_in_came_back_wrong_gets_a_page_with_the_way_to_begin_again(client: Client):
    path = f"/api/sign-in/oidc/{uuid4()}/callback"
    shown = await client.get(
        path, params={"code": "forged", "state": "forged"}, headers={"Accept": "text/html"}
    )
    assert shown.status == 401
    assert shown.headers["Content-Type"].startswith("text/html")
    assert 'href="/login"' in shown.body.decode()
    assert "forged" not in shown.body.decode()
    program = await client.get(path, params={"code": "forged", "state": "forged"})
    assert (program.status, program.json["type"]) == (401, "/problems/sign-in-lost")
