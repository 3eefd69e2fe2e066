"""Billing over HTTP, from a shell, and by itself: details, tax, invoices, reminders."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.adapters.postgres.urls import write_urls
from aei_marketplace.billing.jobs.invoices import remind_overdue
from aei_marketplace.billing.rules.standings import Payment
from aei_marketplace.billing.service import invoicing, parties
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.ports import MailRefused
from aei_marketplace.ground.ports.mail import NoMail
from aei_marketplace.ground.sign_in import SignInTerms
from aei_marketplace.ground.work import Works
from aei_marketplace.manage import app
from aei_marketplace.settings import load_settings
from tests.billing.invoicing import billed, draft, line, ready_to_sell
from tests.builders import make_staff, make_tenant
from tests.clocks import Time
from tests.plugins import work_off
from tests.serving import Client

PARTY = {
    "name": " Acme\tLtd ",
    "address": "1 Long Street\r\n\r\nTown",
    "country": "de",
    "tax_id": "136 695 976",
}


async def test_an_invoice_goes_its_way_over_http(client: Client, works: Works) -> None:
    acme, globex = await make_tenant(works, "acme"), await make_tenant(works, "globex")
    studio = await make_tenant(works, "studio")
    _, finance = await make_staff(works, "Finance")
    admin, other, viewer = acme.tokens["Admin"], globex.tokens["Admin"], acme.tokens["Viewer"]

    async def status(method: str, path: str, token: str | None, **rest: object) -> int:
        return (await client.send(method, f"/api/billing{path}", token, **rest)).status

    assert await status("GET", "/details", admin) == 409
    assert await status("PUT", "/details", viewer, json=PARTY) == 403
    assert await status("PUT", "/details", finance, json=PARTY) == 403
    for wrong in (
        {"tax_id": "136 695 977"},
        {"country": "XX"},
        {"email": "a@b>c"},
        {"name": "\u202e"},
        {"extra": 1},
    ):
        assert await status("PUT", "/details", admin, json={**PARTY, **wrong}) == 422, wrong
    kept = await client.send("PUT", "/api/billing/details", admin, json=PARTY)
    assert (kept.json["name"], kept.json["address"]) == ("Acme Ltd", "1 Long Street\nTown")
    assert (kept.json["country"], kept.json["tax_id"]) == ("DE", "DE136695976")
    stale = {"If-Match": '"7"'}
    assert await status("PUT", "/details", admin, json=PARTY, headers=stale) == 412
    assert (
        await status("PUT", "/details", admin, json=PARTY, headers={"If-Match": kept.headers["ETag"]}) == 200
    )

    today = f"{works.clock():%Y-%m-%d}"
    rate = {"country": "DE", "from_day": today, "rate_bps": 1900}
    assert await status("GET", "/seller", finance) == 409
    for token in (admin, None):
        assert await status("PUT", "/seller", token, json=PARTY) in (401, 403)
        assert await status("POST", "/tax-rates", token, json=rate) in (401, 403)
    assert await status("PUT", "/seller", finance, json=PARTY) == 200
    yesterday = f"{works.clock() - timedelta(days=1):%Y-%m-%d}"
    for unfit in (
        {"rate_bps": 10001},
        {"rate_bps": -1},
        {"rate_bps": 19.5},
        {"country": "**"},
        {"from_day": yesterday},
    ):
        assert await status("POST", "/tax-rates", finance, json={**rate, **unfit}) == 422, unfit
    assert await status("POST", "/tax-rates", finance, json=rate) == 201
    assert await status("PUT", "/tax-categories/acme.none", finance, json={"category": "book"}) == 404

    async with works.begin(acme.admin) as work:
        lines = (line(1000, creator=studio.id), line(500, creator=studio.id))
        invoice = await invoicing.issue(work, draft(work, acme.id, *lines))
    here = f"/invoices/{invoice.id}"
    listed = await client.get("/api/billing/invoices?state=open", admin)
    assert [each["number"] for each in listed.json["items"]] == [invoice.number]
    assert (await client.get("/api/billing/invoices", other)).json["total"] == 0
    for cursor in ("bm8", "MQ", "eyJhIjoxfQ"):
        assert await status("GET", f"/invoices?cursor={cursor}", admin) == 422
    assert (await client.get("/api/billing/invoices?state=overdue", finance)).json["total"] == 0
    assert [await status("GET", here, token) for token in (other, viewer, None)] == [404, 403, 401]
    assert await status("POST", f"{here}/payment", admin) == 409  # nobody collects here

    paid = {"paid_on": today, "reference": "statement 7", "amount_minor": 1785}
    assert await status("POST", f"{here}/paid", admin, json=paid) == 403
    for unfit in (
        {"amount_minor": 1784},
        {"amount_minor": 1785.5},
        {"paid_on": "2020-01-01"},
        {"reference": ""},
    ):
        assert await status("POST", f"{here}/paid", finance, json={**paid, **unfit}) == 422, unfit
    settled = await client.post(f"/api/billing{here}/paid", finance, json=paid)
    assert (settled.json["state"], settled.json["left"]["amount_minor"]) == ("paid", 0)
    assert await status("POST", f"{here}/paid", finance, json=paid) == 409
    credit = {"line_key": invoice.lines[0].key, "amount_minor": 119, "reason": "a tenth of it"}
    assert await status("POST", f"{here}/credit-notes", admin, json=credit) == 403
    assert await status("POST", f"{here}/credit-notes", finance, json={**credit, "amount_minor": 9999}) == 409
    assert (
        await status("POST", f"{here}/credit-notes", finance, json={**credit, "line_key": "sale/none"}) == 409
    )
    note = await client.post(f"/api/billing{here}/credit-notes", finance, json=credit)
    assert (note.json["net"]["amount_minor"], note.json["tax"]["amount_minor"]) == (100, 19)
    whole = (await client.get(f"/api/billing{here}", admin)).json
    assert [each["number"] for each in whole["credit_notes"]] == [note.json["number"]]
    assert (await client.get("/api/billing/credit-notes", admin)).json["total"] == 1
    assert await status("GET", f"/credit-notes/{note.json['id']}", other) == 404
    back = f"/refunds/{whole['refunds'][0]['id']}/returned"
    assert await status("POST", back, admin, json={"reference": "statement 8"}) == 403
    assert await status("POST", back, finance, json={"reference": "statement 8"}) == 200
    assert await status("POST", back, finance, json={"reference": "statement 8"}) == 409
    assert await status("GET", f"/reconciliation?period={today[:7]}", admin) == 403
    assert await status("GET", "/reconciliation?period=2026-13", finance) == 422
    report = await client.get(f"/api/billing/reconciliation?period={today[:7]}", finance)
    assert {each["kind"] for each in report.json["differences"]} == {"ledger_missing"}  # jobs have not run
    assert await status("POST", "/webhooks/manual", None, data=b"{}") == 404


@dataclass
class Letters(NoMail):
    """Keeps what is sent; refuses an address for good."""

    sent: list[tuple[str, str, str]] = field(default_factory=list)

    async def send(self, to: str, subject: str, text: str, *, message_id: str | None = None) -> None:
        """Keep one."""
        if to.startswith("refused@"):
            raise MailRefused("No such mailbox.")
        self.sent.append((to, subject, text))


async def test_a_buyer_is_told_of_an_invoice_and_reminded_until_it_is_paid(deps: Deps, time: Time) -> None:
    letters = Letters()
    there = replace(deps, mail=letters, sign_in=SignInTerms(public_url="https://market.example"))
    acme, globex = await make_tenant(deps.works, "acme"), await make_tenant(deps.works, "globex")
    finance, _ = await make_staff(deps.works, "Finance")
    await ready_to_sell(deps.works, acme, globex)
    for tenant, address in ((acme, "bills@acme.example"), (globex, "refused@globex.example")):
        async with deps.works.begin(tenant.admin) as work:
            await parties.put_details(work, billed(tenant, email=address))
            invoice = await invoicing.issue(
                work, draft(work, tenant.id, line(1999, creator=globex.id), days=1)
            )
    await work_off(there)
    assert [(to, "USD 19.99" in words) for to, _, words in letters.sent] == [("bills@acme.example", True)]
    assert "https://market.example/admin/spend/invoices/" in letters.sent[0][2]
    told = []
    for days in (0, 1, 0, 6, 1, 30, 1):
        time.ahead += timedelta(days=days, minutes=1)
        await remind_overdue(there)
        await work_off(there)
        if days == 6:
            async with deps.works.begin(finance) as work:
                paid = Payment(work.now.date(), "statement 7", 1999)
                await invoicing.mark_as_paid(work, invoice.id, paid)
        async with deps.works.system("tests") as work:
            counted = "select coalesce(sum(reminders), 0) from invoice_standings"
            told.append((await work.run(text(counted))).scalar_one())
    assert told == [0, 2, 2, 2, 3, 4, 4]
    async with deps.works.system("tests") as work:
        kinds = (await work.run(text("select kind from notices"))).scalars().all()
    assert {"invoice.issued", "invoice.overdue"} <= set(kinds)


async def test_rates_and_the_reconciliation_from_a_shell(
    works: Works, urls: DatabaseUrls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AEI_DATA", str(tmp_path / "data"))
    write_urls(load_settings().database_secrets, urls)
    acme = await make_tenant(works, "acme")
    finance, _ = await make_staff(works, "Finance")
    await ready_to_sell(works, acme)

    async def run(*words: str) -> tuple[int, str]:
        done = await asyncio.to_thread(CliRunner().invoke, app, ["billing", *words])
        return done.exit_code, done.output

    today = f"{works.clock():%Y-%m-%d}"
    assert (await run("set-rate", "DE", "1900", "--from", "2020-01-01"))[0] == 1
    assert await run("set-rate", "de", "770", "--from", today) == (
        0,
        f"From {today} on, digital in DE is charged 7.7 %.\n",
    )
    assert f"{today}  DE  digital  7.7 %" in (await run("tax-rates"))[1]
    period = today[:7]
    assert (await run("reconcile", "--period", period))[0] == 0
    async with works.begin(acme.admin) as work:
        invoice = await invoicing.issue(work, draft(work, acme.id))
    async with works.begin(finance) as work:
        await invoicing.mark_as_paid(work, invoice.id, Payment(work.now.date(), "statement 7", 1999))
    code, said = await run("reconcile", "--period", period)
    assert (code, "ledger_missing" in said, "USD 19.99" in said) == (1, True, True)
    assert (await run("reconcile", "--period", "2026"))[0] == 1
