"""Statements and payouts over HTTP: whose they are, what a report says, what staff may do."""

import csv
import io
from datetime import UTC, datetime
from typing import Any

import pytest

from aei_marketplace.accounts import service as accounts
from aei_marketplace.payouts.service import exporting, reading
from tests.payouts.conftest import DECEMBER, Books
from tests.serving import Client


@pytest.fixture
async def tokens(books: Books) -> dict[str, str]:
    """Tokens of Finance staff, by name."""
    found = {}
    for name, actor in books.staff.items():
        async with books.works.system("tests") as work:
            token = await accounts.issue_token(work, name="test", owner=actor.id)
        found[name] = token.secret or ""
    return found


def rows(body: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline="")))


async def closed(books: Books) -> None:
    """November: studio is paid, globex carries."""
    await books.sell(books.studio, 10_000)
    await books.sell(books.studio, 2_000, version="2.0.0")
    await books.sell(books.globex, 1_000, plugin_id="globex.tool", version=None)
    books.go_to(12, 3)
    await books.close()


async def test_creators_read_their_own_statements_and_payouts_and_nobody_elses(
    books: Books, client: Client, tokens: dict[str, str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(exporting, "LINES_AT_ONCE", 1)
    await closed(books)
    studio, globex = books.studio.tokens["Admin"], books.globex.tokens["Admin"]
    listed = (await client.get("/api/statements?period=2026-11", studio)).json
    assert (listed["total"], listed["items"][0]["creator"], listed["items"][0]["payable"]) == (
        1,
        "studio",
        10_200,
    )
    statement, (payout,) = listed["items"][0], (await client.get("/api/payouts", studio)).json["items"]
    assert (payout["amount"], payout["state"]) == ({"amount_minor": 10_200, "currency": "USD"}, "tax_check")
    assert "approved_by" not in payout
    for path, kind in (
        (f"/api/statements/{statement['id']}", "statement-not-found"),
        (f"/api/statements/{statement['id']}/lines", "statement-not-found"),
        (f"/api/statements/{statement['id']}/lines?format=csv", "statement-not-found"),
        (f"/api/payouts/{payout['id']}", "payout-not-found"),
    ):
        answer = await client.get(path, globex)
        assert (answer.status, answer.json["type"]) == (404, f"/problems/{kind}")
        assert (await client.get(path, books.studio.tokens["Agent"])).status == 403
        assert (await client.get(path)).status == 401
    assert (await client.get("/api/payouts", globex)).json["items"] == []
    assert (await client.get(f"/api/statements?creator={books.studio.id}", globex)).json["total"] == 1
    both = (await client.get("/api/statements?limit=1", tokens["fay"])).json
    assert (both["total"], len(both["items"])) == (2, 1)
    rest = (await client.get(f"/api/statements?limit=1&cursor={both['next_cursor']}", tokens["fay"])).json
    assert rest["next_cursor"] is None
    assert (await client.get("/api/statements?cursor=WzFd", tokens["fay"])).status == 422

    found = (await client.get(f"/api/statements/{statement['id']}", studio)).json
    assert [(each["version"], each["net"]) for each in found["releases"]] == [
        ("1.0.0", 8_500),
        ("2.0.0", 1_700),
    ]
    assert (found["late_lines"], found["late_total"]) == ([], 0)
    lines = await client.get(f"/api/statements/{statement['id']}/lines?format=csv&bom=true", studio)
    assert lines.body.startswith("\ufeffkey,".encode())
    assert [int(line[-1]) for line in rows(lines.body)[1:]] == [8_500, 1_700]
    paged = (await client.get(f"/api/statements/{statement['id']}/lines?limit=1", studio)).json
    assert (paged["total"], paged["items"][0]["share_bps"]) == (2, 8_500)

    for _ in range(2):
        await books.sell(books.studio, 100, at=datetime(2026, 11, 30, tzinfo=UTC))
    monkeypatch.setattr(reading, "LATE_SHOWN", 1)
    books.go_to(1, 3, 2027)
    await books.close(DECEMBER)
    books.go_to(12, 4)  # the tokens have ended by January
    december = (await client.get("/api/statements?period=2026-12", studio)).json["items"][0]["id"]
    found = (await client.get(f"/api/statements/{december}", studio)).json
    assert ([line["ref_period"] for line in found["late_lines"]], found["late_total"]) == (["2026-11"], 2)
    page = await client.get(f"/publisher/statements/{december}", studio)
    assert "The first 1 of 2; all of them stand in the lines" in page.body.decode()


async def test_the_report_has_its_columns_goes_on_after_a_line_and_is_recorded_each_time(
    books: Books, client: Client, tokens: dict[str, str]
):
    await closed(books)
    whole = await client.get("/api/payouts?format=csv&period=2026-11", tokens["fay"])
    found = rows(whole.body)
    assert found[0] == ["period", "creator", "currency", "gross", "fees", "net", "withholding", "state"]
    assert sorted(found[1:]) == [
        ["2026-11", "globex", "USD", "1000", "150", "850", "", "carried"],
        ["2026-11", "studio", "USD", "12000", "1800", "10200", "", "tax_check"],
    ]
    after = ",".join(found[1][:3])
    rest = await client.get(f"/api/payouts?format=csv&period=2026-11&after={after}", tokens["fay"])
    assert rows(rest.body) == found[2:]
    own = await client.get("/api/payouts?format=csv", books.globex.tokens["Admin"])
    assert [line[1] for line in rows(own.body)[1:]] == ["globex"]
    for bad in ("nonsense", "2026-11,nobody,USD", "=1+1,studio,USD"):
        answer = await client.get(f"/api/payouts?format=csv&after={bad}", tokens["fay"])
        assert answer.status in (404, 422)
    assert await books.audited("payout.export") == ["payout.export"] * 3


async def test_staff_take_each_step_over_http_and_a_stale_decision_is_refused(
    books: Books, client: Client, tokens: dict[str, str]
):
    await closed(books)
    await books.review_tax(books.studio)
    payout = (await client.get("/api/payouts", tokens["fay"])).json["items"][0]
    place = f"/api/payouts/{payout['id']}"

    async def post(who: str, step: str, body: dict[str, Any] | None = None, **headers: str) -> Any:
        return await client.post(f"{place}/{step}", tokens[who], json=body or {}, headers=headers)

    stale = await post("fay", "approve", **{"If-Match": '"1"'})
    assert (stale.status, stale.json["type"]) == (412, "/problems/payout-changed")
    assert (await client.post(f"{place}/approve", books.studio.tokens["Admin"])).status == 403
    assert (await post("fay", "hold", {"reason": "a question"})).json["held_reason"] == "a question"
    assert (await client.get(place, books.studio.tokens["Admin"])).json["held"] is True
    assert (await post("fay", "approve")).json["type"] == "/problems/payout-held"
    held = await post("fay", "unhold")
    approved = await post("fay", "approve", **{"If-Match": held.headers["ETag"]})
    assert (approved.status, approved.json["transfer"]["amount_minor"]) == (200, 10_200)
    assert (await post("finn", "release")).json["type"] == "/problems/tax-model-unconfirmed"
    confirmed = {"confirmed": True, "name": "Ledger & Partners", "confirmation": "confirmed"}
    assert (await client.send("PUT", "/api/payouts/tax-model", tokens["fay"], json=confirmed)).status == 200
    assert (await post("finn", "release")).json["type"] == "/problems/release-too-early"
    books.go_to(12, 15)
    assert (await client.post("/api/payouts/release", tokens["finn"], json={"period": "2026-11"})).json[
        "done"
    ] == 1
    run = rows((await client.get("/api/payouts/bank-run?period=2026-11", tokens["finn"])).body)
    results = f"payout,result,reference,reason\n{run[1][0]},paid,R1,\n".encode()
    assert (await client.post("/api/payouts/results", tokens["fay"], data=results)).json["done"] == 1
    returned = await post("fay", "failed", {"reason": "account closed"})
    assert (returned.json["state"], len(returned.json["history"])) == ("failed", 8)
    assert (await client.post("/api/payouts/results", tokens["fay"], data=b"x" * 1_048_577)).status == 422


async def test_policy_and_closes_are_read_and_set_over_http(
    books: Books, client: Client, tokens: dict[str, str]
):
    await closed(books)
    creator, staff = books.studio.tokens["Admin"], tokens["fay"]
    for amount, status in ((4_999, 422), (0, 422), (20_000, 200)):
        answer = await client.send(
            "PUT", "/api/payouts/thresholds/USD", creator, json={"amount_minor": amount}
        )
        assert answer.status == status
    assert answer.json["asked"] == [{"amount_minor": 20_000, "currency": "USD"}]
    for path, body, status in (
        ("thresholds/XXX", {"amount_minor": 5}, 422),
        ("thresholds/CHF", {"amount_minor": 7_000}, 200),
        ("december-sweep", {"on": True}, 200),
        ("december-sweep", {"on": "yes"}, 422),
    ):
        assert (await client.send("PUT", f"/api/payouts/{path}", staff, json=body)).status == status
    assert (
        await client.send("PUT", "/api/payouts/december-sweep", creator, json={"on": False})
    ).status == 403
    policy = (await client.get("/api/payouts/policy", staff)).json
    assert ({"amount_minor": 7_000, "currency": "CHF"} in policy["thresholds"], policy["december_sweep"]) == (
        True,
        True,
    )
    closes = (await client.get("/api/payouts/closes", staff)).json
    assert (closes["items"][0]["period"], closes["next"]["period"]) == ("2026-11", "2026-12")
    early = await client.post("/api/payouts/close", staff, json={"period": "2026-12"})
    assert (early.status, early.json["type"]) == (409, "/problems/month-not-over")
    assert (await client.get("/api/payouts/closes", creator)).status == 403
