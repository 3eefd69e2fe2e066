"""The routes of the queue: what staff and tenants are shown, and what is refused."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI

from aei_marketplace.decisions import api
from aei_marketplace.ground.deps import Deps
from aei_marketplace.web.problems import install_problems
from aei_marketplace.web.tracing import Tracing
from aei_marketplace.web.visitors import Visitors
from tests.builders import Tenant, make_staff, make_tenant
from tests.decisions.conftest import DESKS, PAYOUTS, bring
from tests.serving import Client, serving


@pytest.fixture
async def client(deps: Deps) -> AsyncIterator[Client]:
    app = FastAPI()
    app.state.deps = deps
    app.state.desks = DESKS
    app.state.visitors = Visitors(deps.works)
    install_problems(app)
    app.add_middleware(Tracing)
    app.include_router(api.router)
    async with serving(app) as client:
        yield client


@pytest.fixture
async def case_id(deps: Deps, globex: Tenant, acme: Tenant) -> UUID:
    return (await bring(deps, globex.viewer, acme)).case_id


async def test_staff_see_their_queue_with_counts_and_time_in_it(
    client: Client, deps: Deps, acme: Tenant, globex: Tenant, case_id: UUID, moderator: Any, operator: Any
) -> None:
    await bring(deps, globex.viewer, acme, "p1", PAYOUTS)
    answer = await client.get("/api/decisions", moderator[1])
    assert answer.json["total"] == 1
    [case] = answer.json["items"]
    assert (case["id"], case["kind"], case["state"]) == (str(case_id), "test_matter", "waiting")
    assert case["subject"] == {"type": "plugin", "id": "acme.echo"}
    assert case["in_queue_s"] >= 0
    assert case["opened_by"] == str(globex.viewer.id)
    assert answer.json["counts"] == {
        "test_matter": {"waiting": 1, "claimed": 0, "overdue": 0, "oldest_s": case["in_queue_s"]}
    }
    everything = await client.get("/api/decisions", operator[1])
    assert everything.json["total"] == 2
    of_one_kind = await client.get("/api/decisions?kind=test_payout", operator[1])
    assert [c["kind"] for c in of_one_kind.json["items"]] == ["test_payout"]


async def test_a_tenant_sees_how_its_cases_stand_and_not_who_holds_or_brought_them(
    client: Client, acme: Tenant, case_id: UUID, moderator: Any
) -> None:
    await client.post(f"/api/decisions/{case_id}/claim", moderator[1])
    answer = await client.get("/api/decisions", acme.tokens["Viewer"])
    [case] = answer.json["items"]
    assert "counts" not in answer.json
    assert case["state"] == "claimed"
    for hidden in ("opened_by", "claim", "decided_by", "party"):
        assert hidden not in case
    assert str(moderator[0].id) not in answer.body.decode()


async def test_claim_decide_appeal_decide_by_http(
    client: Client, acme: Tenant, case_id: UUID, moderator: Any, operator: Any
) -> None:
    path = f"/api/decisions/{case_id}"
    claimed = await client.post(f"{path}/claim", moderator[1], json={"version": 1})
    assert (claimed.status, claimed.json["state"], claimed.headers["ETag"]) == (200, "claimed", '"2"')
    assert claimed.json["claim"]["by"] == str(moderator[0].id)
    mine = await client.get("/api/decisions?mine=true&state=claimed", moderator[1])
    assert mine.json["total"] == 1
    body = {"verdict": "no", "reason": "it is", "version": 2}
    decided = await client.post(f"{path}/decide", moderator[1], json=body)
    assert (decided.json["state"], decided.json["final"]) == ("decided", False)
    assert decided.json["appeal"]["possible"] is True
    appealed = await client.post(f"{path}/appeal", acme.tokens["Admin"], json={"reason": "it is not"})
    assert (appealed.json["state"], appealed.json["round"]) == ("waiting", 2)
    final = await client.post(f"{path}/decide", operator[1], json={"verdict": "yes", "reason": "true"})
    assert (final.json["verdict"], final.json["final"]) == ("yes", True)
    shown = await client.get(path, acme.tokens["Viewer"])
    assert [(d["round"], d["verdict"]) for d in shown.json["decisions"]] == [(1, "no"), (2, "yes")]
    assert shown.json["appealed"]["reason"] == "it is not"
    assert "by" not in shown.json["decisions"][0]


async def test_a_late_decider_is_answered_409_with_the_case_as_it_stands(
    client: Client, case_id: UUID, moderator: Any, operator: Any
) -> None:
    path = f"/api/decisions/{case_id}/decide"
    await client.post(path, operator[1], json={"verdict": "yes", "reason": "fine"})
    late = await client.post(path, moderator[1], json={"verdict": "no", "reason": "bad"})
    assert (late.status, late.json["type"]) == (409, "/problems/case-settled")
    assert late.json["case"] == {
        "id": str(case_id), "state": "decided", "round": 1, "version": 2, "verdict": "yes",
    }  # fmt: skip


async def test_a_claim_given_back_is_free_for_the_next(
    client: Client, case_id: UUID, moderator: Any, operator: Any
) -> None:
    path = f"/api/decisions/{case_id}"
    await client.post(f"{path}/claim", operator[1])
    held = await client.post(f"{path}/claim", moderator[1])
    assert (held.status, held.json["type"]) == (409, "/problems/case-held")
    assert (await client.post(f"{path}/release", moderator[1])).json["type"] == "/problems/case-not-claimed"
    assert (await client.post(f"{path}/release", operator[1])).json["state"] == "waiting"
    assert (await client.post(f"{path}/claim", moderator[1])).status == 200


async def test_several_cases_are_decided_at_once_and_each_is_answered_for(
    client: Client, deps: Deps, acme: Tenant, globex: Tenant, case_id: UUID, moderator: Any
) -> None:
    others = [(await bring(deps, globex.viewer, acme, f"acme.p{n}")).case_id for n in range(2)]
    absent = uuid4()
    body = {
        "cases": [
            {"id": str(case_id)},
            {"id": str(others[0]), "version": 7},
            {"id": str(others[1])},
            {"id": str(absent)},
        ],
        "verdict": "no",
        "reason": "spam",
    }
    answer = await client.post("/api/decisions/decide", moderator[1], json=body)
    results = {item["id"]: item for item in answer.json["items"]}
    assert results[str(case_id)]["case"]["verdict"] == "no"
    assert results[str(others[1])]["case"]["verdict"] == "no"
    assert results[str(others[0])]["problem"]["type"] == "/problems/case-moved"
    assert results[str(absent)]["problem"]["status"] == 404
    assert (await client.get("/api/decisions", moderator[1])).json["total"] == 1


@pytest.mark.parametrize("step", ["claim", "release", "decide", "appeal"])
async def test_a_case_of_others_is_as_absent_as_one_that_never_was(
    client: Client, deps: Deps, case_id: UUID, step: str
) -> None:

    initech = await make_tenant(deps.works, "initech")
    body = {"decide": {"verdict": "no", "reason": "x"}, "appeal": {"reason": "x"}}.get(step)
    answers = [
        await client.post(f"/api/decisions/{wanted}/{step}", initech.tokens["Admin"], json=body)
        for wanted in (case_id, uuid4())
    ]
    assert [a.status for a in answers] == [404, 404]
    assert {a.json["type"] for a in answers} == {"/problems/case-not-found"}


async def test_staff_of_another_trade_see_and_decide_nothing_of_it(
    client: Client, case_id: UUID, finance: Any
) -> None:
    assert (await client.get(f"/api/decisions/{case_id}", finance[1])).status == 403
    assert (await client.get("/api/decisions?kind=test_matter", finance[1])).status == 403
    body = {"verdict": "no", "reason": "x"}
    assert (await client.post(f"/api/decisions/{case_id}/decide", finance[1], json=body)).status == 403
    assert (await client.get("/api/decisions", finance[1])).json["total"] == 0


async def test_staff_without_any_queue_are_told_so(client: Client, deps: Deps) -> None:

    curator = await make_staff(deps.works, "Curator")
    assert (await client.get("/api/decisions", curator[1])).status == 403


async def test_nobody_reads_the_queue_without_a_token(client: Client, case_id: UUID) -> None:
    for path in ("/api/decisions", f"/api/decisions/{case_id}"):
        assert (await client.get(path)).status == 401


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("decide", {"verdict": "no"}),
        ("decide", {"verdict": "no", "reason": ""}),
        ("decide", {"verdict": "no", "reason": "x" * 2001}),
        ("decide", {"verdict": "maybe", "reason": "x"}),
        ("decide", {"verdict": "no", "reason": "x", "by": "me"}),
        ("decide", {"verdict": "no", "reason": "\u202e\u2069"}),
        ("claim", {"version": 0}),
    ],
)
async def test_what_is_malformed_is_refused_with_its_place(
    client: Client, case_id: UUID, moderator: Any, path: str, body: dict[str, Any]
) -> None:
    answer = await client.post(f"/api/decisions/{case_id}/{path}", moderator[1], json=body)
    assert answer.status == 422
    assert answer.json["errors"]


async def test_an_unknown_kind_or_state_or_cursor_is_refused(client: Client, moderator: Any) -> None:
    for query in ("kind=reviews", "state=final", "cursor=abc", "limit=0"):
        assert (await client.get(f"/api/decisions?{query}", moderator[1])).status == 422


async def test_the_same_decision_sent_twice_happens_once(
    client: Client, case_id: UUID, moderator: Any
) -> None:
    body = {"verdict": "no", "reason": "x"}
    path, headers = f"/api/decisions/{case_id}/decide", {"Idempotency-Key": "decide-1"}
    answers = [await client.post(path, moderator[1], json=body, headers=headers) for _ in range(2)]
    assert [a.status for a in answers] == [200, 200]
    assert answers[1].headers["Idempotency-Replayed"] == "true"
