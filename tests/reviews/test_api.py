"""Reviews over HTTP, by the whole application."""

from typing import Any

import pytest

from aei_marketplace.accounts import service as accounts
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.deps import Deps
from tests.builders import Tenant, make_staff
from tests.plugins import work_off
from tests.reviews.conftest import TEXT
from tests.serving import Client

REVIEWS = "/api/plugins/acme.echo/reviews"
QUEUE = "/api/plugins/reviews/moderation"
BODY = {"rating": 4, "text": TEXT}


async def token(deps: Deps, actor: Actor) -> str:
    async with deps.works.system("tests") as work:
        issued = await accounts.issue_token(work, name="test", owner=actor.id)
    return issued.secret or ""


async def test_a_review_is_written_approved_read_answered_and_counted(
    client: Client, deps: Deps, acme: Tenant, globex: Tenant, moderator: Actor
) -> None:
    staff = await token(deps, moderator)
    made = await client.post(REVIEWS, globex.tokens["Viewer"], json=BODY)
    assert made.status == 201, made.json
    path = made.headers["Location"]
    assert (made.json["state"], made.json["version"], made.json["author"]) == (
        "pending",
        "1.0.0",
        "globex Viewer",
    )
    again = await client.post(REVIEWS, globex.tokens["Viewer"], json=BODY)
    assert (again.status, again.json["type"]) == (409, "/problems/already-reviewed")
    queue = await client.get(QUEUE, staff)
    assert [item["id"] for item in queue.json["items"]] == [made.json["id"]]
    assert queue.json["items"][0]["writer"] == {"approved": 0, "rejected": 0, "hidden": 0}
    decided = await client.send("PATCH", path, staff, json={"state": "approved"})
    assert (decided.status, decided.json["state"]) == (200, "approved")
    twice = await client.send("PATCH", path, staff, json={"state": "approved"})
    assert (twice.status, twice.json["type"], twice.json["state"]) == (
        409,
        "/problems/review-decided",
        "approved",
    )
    marked = await client.send("PUT", f"{path}/helpful", globex.tokens["Admin"])
    assert marked.json == {"helpful": 1}
    answered = await client.post(f"{path}/reply", acme.tokens["Admin"], json={"text": "Thank you."})
    assert answered.status == 201, answered.json
    accepted = await client.send("PATCH", f"{path}/reply", staff, json={"state": "approved"})
    assert accepted.status == 200, accepted.json
    await work_off(deps)
    read = (await client.get(REVIEWS)).json
    [item] = read["items"]
    assert item["reply"]["text"] == "Thank you."
    assert {key: item[key] for key in ("rating", "text", "state", "helpful", "executions")} == {
        "rating": 4, "text": TEXT, "state": "approved", "helpful": 1, "executions": 0,
    }  # fmt: skip
    assert read["rating"]["distribution"] == {"1": 0, "2": 0, "3": 0, "4": 1, "5": 0}
    assert (await client.get(f"{REVIEWS}?rating=1")).json["total"] == 0
    plugin = (await client.get("/api/plugins/acme.echo")).json
    assert plugin["rating"] == {"average": 4.0, "count": 1}
    mine = (await client.get("/api/plugins/reviews/mine", globex.tokens["Viewer"])).json["items"]
    assert [(one["visible"], len(one["history"])) for one in mine] == [(True, 1)]
    assert (await client.send("DELETE", f"{path}/helpful", globex.tokens["Admin"])).json == {"helpful": 0}


@pytest.mark.parametrize(
    "change",
    [
        {"rating": 0},
        {"rating": 6},
        {"rating": 4.5},
        {"rating": True},
        {"rating": "4"},
        {"rating": None},
        {"text": ""},
        {"text": "x" * 1_000_000},
        {"text": "\u202eesrever"},
        {"text": "bell\x07"},
        {"text": "z" + "\u0335" * 40},
        {"state": "approved"},
    ],
)
async def test_a_malformed_review_is_refused_with_what_is_wrong(
    client: Client, globex: Tenant, change: dict[str, Any]
) -> None:
    answer = await client.post(REVIEWS, globex.tokens["Viewer"], json={**BODY, **change})
    assert answer.status == 422
    assert answer.json["errors"]


async def test_a_review_without_a_rating_is_refused_and_a_script_stays_text(
    client: Client, globex: Tenant
) -> None:
    missing = await client.post(REVIEWS, globex.tokens["Viewer"], json={"text": TEXT})
    assert missing.status == 422
    script = "<script>alert(1)</script>"
    made = await client.post(REVIEWS, globex.tokens["Viewer"], json={"rating": 1, "text": script})
    assert (made.status, made.json["text"]) == (201, script)


async def test_who_may_not_is_answered_with_the_reason(
    client: Client, deps: Deps, acme: Tenant, globex: Tenant, initech: Tenant
) -> None:
    operator = await token(deps, (await make_staff(deps.works, "Operator"))[0])
    answers = {
        "visitor": await client.post(REVIEWS, json=BODY),
        "agent": await client.post(REVIEWS, globex.tokens["Agent"], json=BODY),
        "stranger": await client.post(REVIEWS, initech.tokens["Viewer"], json=BODY),
        "publisher": await client.post(REVIEWS, acme.tokens["Admin"], json=BODY),
        "queue": await client.get(QUEUE, globex.tokens["Admin"]),
        "policy": await client.send(
            "PUT", "/api/plugins/reviews/policy", globex.tokens["Admin"], json={"trusted_after": 3}
        ),
    }
    assert {name: (a.status, a.json["type"].removeprefix("/problems/")) for name, a in answers.items()} == {
        "visitor": (401, "not-signed-in"),
        "agent": (403, "missing-action"),
        "stranger": (403, "never-installed"),
        "publisher": (403, "own-plugin"),
        "queue": (403, "missing-action"),
        "policy": (403, "missing-action"),
    }
    policy = "/api/plugins/reviews/policy"
    assert (await client.send("PUT", policy, operator, json={"trusted_after": 3})).status == 200
    assert (await client.get(policy, operator)).json == {
        "trusted_after": 3,
        "most_links": 0,
        "allowed_hosts": [],
    }
    assert (await client.send("PUT", policy, operator, json={"trusted_after": 0})).status == 422


async def test_a_report_over_http_is_counted_once_and_an_edit_is_written_again(
    client: Client, deps: Deps, globex: Tenant, moderator: Actor
) -> None:
    staff = await token(deps, moderator)
    made = await client.post(REVIEWS, globex.tokens["Viewer"], json=BODY)
    path = made.headers["Location"]
    edited = await client.send("PUT", path, globex.tokens["Viewer"], json={"rating": 2, "text": "Less so."})
    assert (edited.status, edited.json["revision"]) == (200, 2)
    assert (await client.get(path, globex.tokens["Admin"])).status == 404
    assert (await client.send("PATCH", path, staff, json={"state": "approved"})).status == 200
    report = {"kind": "off_topic", "note": "about something else"}
    assert (await client.post(f"{path}/report", globex.tokens["Admin"], json=report)).status == 201
    second = await client.post(f"{path}/report", globex.tokens["Admin"], json=report)
    assert (second.status, second.json["type"]) == (409, "/problems/review-already-reported")
    confirmed = await client.post(f"{path}/confirm", globex.tokens["Viewer"])
    assert (confirmed.status, confirmed.json["type"]) == (409, "/problems/nothing-to-confirm")
    await work_off(deps)
    [waiting] = (await client.get(QUEUE, staff)).json["items"]
    assert waiting["reports"] == [{"kind": "off_topic", "note": "about something else"}]
    assert (await client.get(f"{QUEUE}?replies=true", staff)).json["total"] == 0
