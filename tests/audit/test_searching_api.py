"""Searching and exporting by API."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta

import pytest

from aei_marketplace.audit.service import exporting
from aei_marketplace.ground.audit import Fact
from tests.audit.conftest import Log
from tests.builders import make_staff, make_tenant, sequence_all


async def ids(client, token: str, **wanted) -> list[str]:
    answer = await client.get("/api/audit", token, params=wanted)
    assert answer.status == 200, answer.body
    assert answer.json["total"] == len(answer.json["items"])
    return [item["resource_id"] for item in answer.json["items"]]


async def test_each_filter_finds_its_entries_and_no_others(client, log: Log):
    acme, globex = await make_tenant(log.works, "acme"), await make_tenant(log.works, "globex")
    await log.write(acme.admin, 2)
    await log.write(acme.admin, 1, "thing.undo")
    await log.write(globex.admin, 1)
    token = acme.tokens["Admin"]
    assert await ids(client, token, action="thing.do") == ["1", "0"]
    assert await ids(client, token, resource="1") == ["1"]
    assert await ids(client, token, actor=str(acme.admin.id), action="thing.undo") == ["0"]
    assert await ids(client, token, actor=str(globex.admin.id)) == []
    soon, before = datetime.now(UTC) + timedelta(hours=1), datetime.now(UTC) - timedelta(hours=1)
    assert await ids(client, token, action="thing.do", since=before.isoformat(), until=soon.isoformat())
    assert await ids(client, token, since=soon.isoformat()) == []
    assert await ids(client, token, until=before.isoformat()) == []
    assert await ids(client, token, since=soon.replace(tzinfo=None).isoformat()) == []
    assert await ids(client, token, q="THING.UN") == ["0"]
    assert await ids(client, token, q="thing_un") == []
    assert await ids(client, token, tenant=str(globex.id)) == []
    _, staff = await make_staff(log.works)
    assert await ids(client, staff, tenant=str(globex.id), action="thing.do") == ["0"]


@pytest.mark.parametrize(
    "wanted",
    [
        {"actor": "nobody"},
        {"since": "yesterday"},
        {"q": "a"},
        {"format": "xml"},
        {"cursor": "NQ"},
        {"cursor": "%%"},
    ],
)
async def test_what_cannot_be_understood_is_refused(client, log: Log, wanted: dict):
    acme = await make_tenant(log.works, "acme")
    assert (await client.get("/api/audit", acme.tokens["Admin"], params=wanted)).status == 422


async def test_an_export_has_everything_of_the_tenant_in_order_and_is_itself_an_entry(
    client, log: Log, monkeypatch
):
    monkeypatch.setattr(exporting, "PAGE", 3)
    acme, globex = await make_tenant(log.works, "acme"), await make_tenant(log.works, "globex")
    await log.write(acme.admin, 7)
    await log.write(globex.admin, 2)
    token = acme.tokens["Admin"]
    answer = await client.get("/api/audit", token, params={"action": "thing.do", "format": "jsonl"})
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/jsonl"
    lines = [json.loads(line) for line in answer.body.splitlines()]
    assert [line["resource_id"] for line in lines] == ["6", "5", "4", "3", "2", "1", "0"]
    assert lines[0]["personal"] == {"note": "by hand 6"}
    await sequence_all(log.urls.system)
    entry = (await client.get("/api/audit", token, params={"action": "audit.export"})).json["items"][0]
    assert entry["context"] == {"wanted": {"action": "thing.do"}}
    assert (entry["resource_id"], entry["actor"]) == ("jsonl", str(acme.admin.id))


async def test_an_export_as_csv_is_read_by_a_spreadsheet_without_harm(client, log: Log):
    acme = await make_tenant(log.works, "acme")
    async with log.works.begin(acme.admin) as work:
        typed = '=HYPERLINK("http://evil.example")'
        work.record(Fact("thing.do", "thing", "=1+1", personal={"reason": typed}))
        work.record(Fact("thing.do", "thing", "2", reason="the key is aei_" + "k" * 43))
    await sequence_all(log.urls.system)
    answer = await client.get(
        "/api/audit", acme.tokens["Admin"], params={"action": "thing.do", "format": "csv"}
    )
    assert answer.headers["Content-Disposition"] == 'attachment; filename="audit.csv"'
    second, first = csv.DictReader(io.StringIO(answer.body.decode(), newline=""))
    assert (first["resource_id"], first["reason"]) == ("'=1+1", '\'=HYPERLINK("http://evil.example")')
    assert second["reason"] == "the key is [removed]"


async def test_without_the_right_nothing_is_exported_and_the_attempt_is_recorded(client, log: Log):
    acme = await make_tenant(log.works, "acme")
    answer = await client.get("/api/audit", acme.tokens["Agent"], params={"format": "csv"})
    assert answer.status == 403
    await sequence_all(log.urls.system)
    assert await ids(client, acme.tokens["Admin"], action="audit.export") == []
    assert await ids(client, acme.tokens["Admin"], action="access.denied") == ["audit.read"]
