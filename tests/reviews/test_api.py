"""Reviews over HTTP, by the whole application."""

from typing import Any
from xml.etree import ElementTree

import pytest

from aei_marketplace.accounts import service as accounts
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.deps import Deps
from aei_marketplace.reviews.rules import writing
from aei_marketplace.web.atom import ATOM
from tests.builders import Tenant, make_staff
from tests.plugins import publish, work_off
from tests.reviews.conftest import TEXT, published
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
    [reply] = (await client.get(f"{QUEUE}?replies=true", staff)).json["items"]
    assert (reply["answers"]["text"], reply["obstacle"]) == (TEXT, None)
    decisions = "/api/plugins/reviews/decisions"
    wanted = {"reviews": [made.json["id"]], "replies": True, "state": "rejected", "reason": "be kind"}
    turned_down = await client.post(decisions, staff, json=wanted)
    assert [item["state"] for item in turned_down.json["items"]] == ["rejected"]
    undone = await client.post(f"{decisions}/{turned_down.json['id']}/undo", staff)
    assert [item["state"] for item in undone.json["items"]] == ["pending"]
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


MALFORMED: tuple[dict[str, Any], ...] = (
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
)


async def test_a_malformed_review_is_refused_with_what_is_wrong(client: Client, globex: Tenant) -> None:
    for change in MALFORMED:
        answer = await client.post(REVIEWS, globex.tokens["Viewer"], json={**BODY, **change})
        assert (answer.status, bool(answer.json["errors"])) == (422, True), list(change)


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


async def test_many_are_decided_at_once_and_taken_back_by_staff(
    client: Client, deps: Deps, globex: Tenant, moderator: Actor
) -> None:
    staff = await token(deps, moderator)
    made = [
        (await client.post(REVIEWS, globex.tokens[role], json=BODY)).json["id"]
        for role in ("Viewer", "Admin")
    ]
    await work_off(deps)
    count = (await client.get(f"{QUEUE}/count", staff)).json
    assert (count["waiting"], count["flagged"]["links"]) == (2, 0)
    one = (await client.get(f"{QUEUE}/{made[0]}", staff)).json
    assert (one["possible"], one["language"], one["similar"]) == (["approved", "rejected"], "en", [])
    wanted = {"reviews": [*made, made[0]], "state": "rejected", "reason": "off topic"}
    done = await client.post("/api/plugins/reviews/decisions", staff, json=wanted)
    assert done.status == 201, done.json
    assert {item["id"]: item["state"] for item in done.json["items"]} == dict.fromkeys(made, "rejected")
    again = await client.post("/api/plugins/reviews/decisions", staff, json={**wanted, "state": "approved"})
    assert [item["problem"]["state"] for item in again.json["items"]] == ["rejected"] * 2
    assert again.json["undo_until"] is None
    undone = await client.post(f"/api/plugins/reviews/decisions/{done.json['id']}/undo", staff)
    assert [item["state"] for item in undone.json["items"]] == ["pending"] * 2
    for body in ({**wanted, "reviews": []}, {**wanted, "reviews": ["x"]}, {**wanted, "reviews": made * 101}):
        assert (await client.post("/api/plugins/reviews/decisions", staff, json=body)).status == 422
    for query in ("?flag=rude", "?sort=random", "?cursor=xx", "?plugin=%00"):
        assert (await client.get(QUEUE + query, staff)).status == 422
    assert (await client.get(f"{REVIEWS}?version=%00")).status == 422
    for page in ("/marketplace/acme.echo?tab=reviews&about=%00",):
        assert (await client.get(page)).status == 200


async def test_the_queue_says_that_staff_of_the_publisher_do_not_decide(
    client: Client, deps: Deps, acme: Tenant, globex: Tenant, moderator: Actor
) -> None:
    staff, decides = await token(deps, moderator), 'name="verdict" value="approved" data-key="a"'
    answered = await published(deps, globex.viewer, moderator)
    path = f"/api/plugins/reviews/{answered.id}/reply"
    assert (await client.post(path, acme.tokens["Admin"], json={"text": "Thank you."})).status == 201
    made = await client.post(REVIEWS, globex.tokens["Admin"], json=BODY)
    pages = ("/marketplace/moderation", "/marketplace/moderation/replies")
    for page in pages:
        assert decides in (await client.get(page, staff)).body.decode()
    assert moderator.id is not None
    async with deps.works.system("tests") as work:
        await accounts.add_member(work, moderator.id, "Viewer", acme.id)
    for page in pages:
        shown = (await client.get(page, staff)).body.decode()
        assert "You belong to the publisher of acme.echo. Another member of staff decides." in shown
        assert decides not in shown
    [waiting] = (await client.get(QUEUE, staff)).json["items"]
    assert waiting["obstacle"]["type"] == "/problems/own-publisher"
    for body in ({"state": "approved"}, {"state": "rejected", "reason": "we would rather not"}):
        refused = await client.send("PATCH", made.headers["Location"], staff, json=body)
        assert (refused.status, refused.json["type"]) == (403, "/problems/own-publisher")


async def test_who_writes_too_often_keeps_what_they_typed(
    client: Client, deps: Deps, globex: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "MOST_IN_PERIOD", 1)
    writer = globex.tokens["Viewer"]
    made = await client.post(REVIEWS, writer, json=BODY)
    form = {"rating": "3", "text": "A long thought that took a while."}
    page = f"/marketplace/reviews/{made.json['id']}"
    again = await client.post(page, writer, data=form)
    assert again.status == 429
    assert form["text"] in again.body.decode()
    huge = await client.post(page, writer, data={"rating": "3", "text": "x" * 1_000_000})
    assert huge.status in (413, 422)


async def test_a_change_names_what_it_is_based_on_and_a_writer_appeals_over_http(
    client: Client, deps: Deps, globex: Tenant, moderator: Actor
) -> None:
    staff, writer = await token(deps, moderator), globex.tokens["Viewer"]
    made = await client.post(REVIEWS, writer, json=BODY)
    path, tag = made.headers["Location"], made.headers["ETag"]
    assert (await client.get(path, writer)).headers["ETag"] == tag
    edited = await client.send("PUT", path, writer, json={**BODY, "rating": 3}, headers={"If-Match": tag})
    assert (edited.status, edited.headers["ETag"] == tag) == (200, False)
    for who, method, body in ((writer, "PUT", BODY), (staff, "PATCH", {"state": "approved"})):
        late = await client.send(method, path, who, json=body, headers={"If-Match": tag})
        assert (late.status, late.json["type"]) == (412, "/problems/review-moved")
    rejected = {"state": "rejected", "reason": "off topic"}
    decided = await client.send(
        "PATCH", path, staff, json=rejected, headers={"If-Match": edited.headers["ETag"]}
    )
    assert decided.status == 200, decided.json
    own = (await client.get(f"{REVIEWS}/mine", writer)).json
    assert own["reviews"][0]["may"] == ["appeal", "edit"]
    assert own["obstacle"]["type"] == "/problems/already-reviewed"
    appealed = await client.post(f"{path}/appeal", writer, json={"reason": "It is about it."})
    assert appealed.status == 201, appealed.json
    operator = await token(deps, (await make_staff(deps.works, "Operator"))[0])
    case = f"/api/decisions/{appealed.json['appeal']}"
    verdict = {"verdict": "publish", "reason": "it is"}
    assert (await client.post(f"{case}/decide", operator, json=verdict)).status == 200
    await work_off(deps)
    assert (await client.get(f"{REVIEWS}?sort=helpful")).json["items"][0]["rating"] == 3
    assert (await client.get(f"{REVIEWS}/score")).json["parts"][0]["count"] == 1
    kept = (await client.get("/api/plugins/reviews/mine/export", writer)).json
    assert len(kept["reviews"][0]["history"]) == 2


async def test_the_feed_tells_of_published_reviews_and_of_private_plugins_nothing(
    client: Client, deps: Deps, acme: Tenant, globex: Tenant, moderator: Actor
) -> None:
    await publish(deps, acme.manager, {"id": "acme.secret"}, visibility="private")
    empty = await client.get("/feeds/reviews/acme.echo.atom")
    assert (empty.status, entries(empty.body)) == (200, [])
    await published(deps, globex.viewer, moderator, 4, '</summary><script>alert("1")</script> & more')
    feed = await client.get("/feeds/reviews/acme.echo.atom")
    assert entries(feed.body) == [
        ("4 of 5 for acme.echo 1.0.0", '</summary><script>alert("1")</script> & more')
    ]
    known = {"If-None-Match": feed.headers["ETag"]}
    assert (await client.send("GET", "/feeds/reviews/acme.echo.atom", headers=known)).status == 304
    for name in ("acme.secret", "acme.absent", "x"):
        assert (await client.get(f"/feeds/reviews/{name}.atom", acme.tokens["Admin"])).status == 404


def entries(content: bytes) -> list[tuple[str, str]]:
    """Title and summary of each entry of a feed."""
    root, names = ElementTree.fromstring(content), {"a": ATOM}  # noqa: S314 our own document
    found = root.findall("a:entry", names)
    return [(e.findtext("a:title", "", names), e.findtext("a:summary", "", names)) for e in found]
