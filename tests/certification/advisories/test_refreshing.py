"""Refreshing from a mirror: only what changed is asked for, and nothing is asked of private addresses."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from aei_marketplace.adapters.advisory_mirrors import AdvisoryMirrorClient
from aei_marketplace.certification.errors.advisories import AdvisoriesRefused, MirrorUnavailable
from aei_marketplace.certification.service import advisories
from aei_marketplace.certification.service.advisories import Imported, refreshing
from aei_marketplace.certification.service.advisories.refreshing import read_list
from aei_marketplace.ground.ports import MirrorFailed
from tests.certification.advisories.conftest import Advisories, Contained, component, nobody
from tests.inspection.advisories.osv import before, record


@dataclass
class Mirror:
    """A mirror on loopback.

    Attributes:
        records: by path below its root, without `.json`.
        asked: paths that were asked for.
        lists: what stands in `modified_id.csv`; None for what the records say.
    """

    url: str = ""
    records: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    lists: str | None = None

    def put(self, document: dict[str, Any], folder: str = "") -> None:
        """Have a record, or another version of it."""
        self.records[folder + document["id"]] = document

    async def answer(self, request: web.Request) -> web.Response:
        path = request.match_info["path"]
        self.asked.append(path)
        if path == "modified_id.csv":
            listed = "\n".join(f"{each['modified']},{name}" for name, each in self.records.items())
            return web.Response(text=listed if self.lists is None else self.lists)
        if path == "elsewhere":
            raise web.HTTPFound("http://127.0.0.1:1/")
        found = self.records.get(path.removesuffix(".json"))
        return web.Response(status=404) if found is None else web.json_response(found)

    async def refresh(self, database: Advisories, source: str = "mirror") -> Imported:
        self.asked.clear()
        return await advisories.refresh(database.works, AdvisoryMirrorClient({}), self.url, source, nobody)


@pytest.fixture
async def mirror() -> AsyncIterator[Mirror]:
    made = Mirror()
    app = web.Application()
    app.router.add_get("/{path:.*}", made.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.url = f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}"  # type: ignore[union-attr] # it listens
    yield made
    await runner.cleanup()


async def test_only_what_changed_is_fetched_and_looked_at_again(
    mirror: Mirror, database: Advisories, contained: Contained
) -> None:
    await contained("web", [component("jinja2", "1.0")])
    mirror.put(record("A-1", events=before("0.5")), "PyPI/")
    mirror.put(record("A-2", package="else"), "npm/")
    mirror.put(record("DSA-1"), "Debian:12/")
    first = await mirror.refresh(database)
    assert (first.records, first.changed) == (2, 2)
    assert sorted(mirror.asked) == ["PyPI/A-1.json", "modified_id.csv", "npm/A-2.json"]

    mirror.put(record("A-1", events=before("2.0"), modified="2026-03-01T00:00:00Z"), "PyPI/")
    again = await mirror.refresh(database)
    assert (again.records, again.changed, sorted(mirror.asked)) == (
        2,
        1,
        ["PyPI/A-1.json", "modified_id.csv"],
    )
    await database.follow()
    assert database.told == [("catalogue.web", ("A-1",), ())]

    assert ((await mirror.refresh(database)).changed, mirror.asked) == (0, ["modified_id.csv"])
    async with database.works.system("tests") as work:
        (source,) = await advisories.list_advisory_sources(work)
    assert source.changed_at < source.imported_at


async def test_what_came_by_an_export_is_not_fetched_again(mirror: Mirror, database: Advisories) -> None:
    await database.bring(record("A-1"), record("A-2"), source="mirror")
    for number in (1, 2, 3):
        mirror.put(record(f"A-{number}"))
    brought = await mirror.refresh(database)
    assert (brought.records, brought.changed, sorted(mirror.asked)) == (3, 1, ["A-3.json", "modified_id.csv"])


async def test_a_mirror_that_fails_or_lies_changes_nothing(
    mirror: Mirror, database: Advisories, monkeypatch: pytest.MonkeyPatch
) -> None:
    await database.bring(record("A-1"))
    newer = "2026-03-01T00:00:00Z"

    async def refused(kind: type[Exception], words: str) -> None:
        with pytest.raises(kind, match=words):
            await mirror.refresh(database)
        assert await database.ids() == {"A-1"}

    mirror.lists = f"{newer},A-9"
    await refused(MirrorUnavailable, "answered 404")
    mirror.put(record("A-8", modified=newer))
    mirror.records["A-9"] = mirror.records["A-8"]
    await refused(AdvisoriesRefused, "another record in the place of A-9")
    mirror.records["A-9"] = {"id": "A-9", "modified": newer, "affected": 7}
    await refused(AdvisoriesRefused, "not a record")
    with monkeypatch.context() as patched:
        patched.setattr(refreshing, "LARGEST_SUM", 100)
        mirror.records["A-9"] = record("A-9", modified=newer)
        await refused(AdvisoriesRefused, "more than 100 bytes")
    for spoilt in ("", "no list", f"{newer},../../secret", "yesterday,A-9", f"{newer},A-9/../B"):
        mirror.lists = spoilt
        await refused(AdvisoriesRefused, "modified_id.csv")
    mirror.lists = "\n".join(f"{newer},A-{number}" for number in range(9))
    monkeypatch.setattr(refreshing, "MOST_CHANGED", 5)
    await refused(AdvisoriesRefused, "one by one")
    assert mirror.asked == ["modified_id.csv"]


async def test_a_mirror_is_read_with_a_limit_and_followed_nowhere(mirror: Mirror) -> None:
    client = AdvisoryMirrorClient({})
    mirror.lists = "x" * 100_000
    assert len(await client.read(mirror.url + "/modified_id.csv", 100_000)) == 100_000
    with pytest.raises(MirrorFailed, match="more than 99,999 bytes"):
        await client.read(mirror.url + "/modified_id.csv", 99_999)
    with pytest.raises(MirrorFailed, match="answered 302"):
        await client.read(mirror.url + "/elsewhere", 1000)
    with pytest.raises(MirrorFailed, match="no answer"):
        await client.read("http://127.0.0.1:1/", 1000)


@pytest.mark.parametrize(
    "url",
    [
        "http://mirror.example/a", "http://10.0.0.1/a", "https://10.0.0.1/a", "http://169.254.169.254/a",
        "file:///etc/passwd", "https://[::ffff:127.0.0.1]/", "https://localhost/a", "ftp://127.0.0.1/a", "https:///a",
    ],
)  # fmt: skip
async def test_nothing_is_asked_of_other_addresses(url: str) -> None:
    with pytest.raises(MirrorFailed):
        await AdvisoryMirrorClient({}, _nobody_asks).read(url, 1000)


async def test_a_name_that_leads_to_a_private_address_is_refused() -> None:
    async def leads_inside(_name: str, _port: int) -> list[str]:
        return ["203.0.113.7", "192.168.0.1"]

    with pytest.raises(MirrorFailed):
        await AdvisoryMirrorClient({}, leads_inside).read("https://mirror.example/a", 1000)


def test_a_list_names_each_record_once_with_its_newest_time() -> None:
    listed = read_list(
        b"2026-01-01T00:00:00Z,PyPI/A-1\n2026-02-01T00:00:00.123456Z,npm/A-1\n2026-01-01T00:00:00Z,Linux/C-1\n"
    )
    assert [(each.id, each.path, each.modified.month) for each in listed] == [("A-1", "npm/A-1.json", 2)]


async def _nobody_asks(name: str, _port: int) -> list[str]:
    raise AssertionError(f"{name} was looked up")
