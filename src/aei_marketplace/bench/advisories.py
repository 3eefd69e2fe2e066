"""How long advisories take: a whole database imported, an inventory held against it, and a change held
against everything that is certified."""

import asyncio
import json
import random
import statistics
import tempfile
import time
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import asyncpg
from sqlalchemy import text

from aei_inspection.checks.report import Component
from aei_marketplace.accounts import service as accounts
from aei_marketplace.adapters.postgres import DatabaseUrls, EmbeddedPostgres
from aei_marketplace.adapters.postgres.bootstrap import bootstrap
from aei_marketplace.adapters.queue import PostgresQueue, install_queue
from aei_marketplace.catalog import service as catalog
from aei_marketplace.certification.events.advisories import AdvisoriesChanged
from aei_marketplace.certification.service import advisories as service
from aei_marketplace.ground.db import open_database
from aei_marketplace.ground.migrate import migrate
from aei_marketplace.ground.outbox import read_message
from aei_marketplace.ground.work import Works

ADVISORIES, PACKAGES = 250_000, 60_000
PLUGINS, INSIDE, CHANGED, INVENTORY = 2_000, 120, 100, 500
#: Plugins resemble one another: there are so many sorts of what is inside.
KINDS = 50
_BEGINNING = datetime(2020, 1, 1, tzinfo=UTC)
_ECOSYSTEMS = ("PyPI", "npm", "Go", "crates.io")
_PROSE = "A request that nobody expects makes the reader of headers copy more than there is room for. "
_FILL = text("""
  insert into release_packages (release_id, ecosystem, normal_name, name, version, origin)
  select r.id, e, n, n, v, 'embedded' from releases r
    cross join lateral (
      select e, n, v from unnest(cast(:e as text[]), cast(:n as text[]), cast(:v as text[]))
        with ordinality t(e, n, v, place)
       where t.place > (abs(hashtext(r.id::text)) % :shifts) * :inside
         and t.place <= (abs(hashtext(r.id::text)) % :shifts + 1) * :inside) picked
  on conflict do nothing
""")
_JOBS = text("select payload from pgqueuer where entrypoint = :kind order by id desc limit 1")


def advisory_figures(quick: bool) -> dict[str, float | int | None]:
    """Import, compare and compare again, in a database of its own."""
    with tempfile.TemporaryDirectory(prefix="aei-bench-") as folder:
        place = Path(folder)
        place.chmod(0o711)
        server = EmbeddedPostgres(place / "pg", place / "s", place / "password", place / "postgres.log")
        server.start()
        try:
            return asyncio.run(_measure(server.admin_url, place, ADVISORIES // (10 if quick else 1)))
        finally:
            server.stop(hurry=True)


async def _measure(admin_url: str, place: Path, many: int) -> dict[str, float | int | None]:
    urls = await bootstrap(admin_url, place / "database.json", own_server=True)
    await migrate(urls.owner)
    await install_queue(urls.owner)
    export = await asyncio.to_thread(_write, place / "all.zip", records(many))
    async with open_database(urls.app, urls.system, size=4) as database:
        works = Works(database, PostgresQueue())
        began, processor = time.monotonic(), time.process_time()
        await service.import_export(works, export, "bench", lambda _done, _of: None)
        imported, processor = time.monotonic() - began, time.process_time() - processor
        await _fill(works, many)
        await _count_anew(urls)
        return {
            "advisories": many,
            "import_250k_s": imported,
            "import_250k_processor_s": processor,
            "sbom_500_ms": await _inventory(works, many),
            "recheck_ms": await _recheck(works, place, many),
        }


def records(many: int, changed: int = 0) -> Iterator[dict[str, Any]]:
    """Records in the shapes of real ones: about 1.4 kB, two ranges, and for PyPI forty versions by name.

    Args:
        many: from the first on; the same numbers give the same records.
        changed: how often each was changed since.
    """
    for number in range(many):
        chance = random.Random(number)  # noqa: S311 nothing secret: the same records each time
        ecosystem, major = _ECOSYSTEMS[number % 4], chance.randrange(9) + 1
        modified = _BEGINNING + timedelta(minutes=number, days=changed)
        events = [
            {"introduced": f"{major}.0.0"},
            {"fixed": f"{major}.{chance.randrange(9) + 1 + changed}.{chance.randrange(9)}"},
            {"introduced": "0"},
            {"fixed": f"0.{chance.randrange(30)}.0"},
        ]
        yield {
            "id": f"BENCH-{number}",
            "modified": modified.isoformat(),
            "published": _BEGINNING.isoformat(),
            "aliases": [f"CVE-{2000 + number % 26}-{number}"],
            "summary": _PROSE[:70],
            "details": _PROSE * 8,
            "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
            "affected": [
                {
                    "package": {"ecosystem": ecosystem, "name": _name(_package(chance))},
                    "ranges": [{"type": "SEMVER", "events": events}],
                    "versions": [f"{major}.{n}.{n % 7}" for n in range(40)] if ecosystem == "PyPI" else [],
                }
            ],
            "references": [{"type": "WEB", "url": f"https://one.example/{number}/{n}"} for n in range(5)],
        }


def _package(chance: random.Random) -> int:
    """Few packages have many advisories, and many have one."""
    return int(PACKAGES * chance.random() ** 2)


def _name(package: int) -> str:
    return f"package-{package}"


def _write(path: Path, documents: Iterator[dict[str, Any]]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for document in documents:
            archive.writestr(f"{document['id']}.json", json.dumps(document))
    return path


def _components(count: int, seed: int) -> list[Component]:
    chance = random.Random(seed)  # noqa: S311 nothing secret: the same components each time
    return [
        Component(
            chance.choice(_ECOSYSTEMS),
            _name(_package(chance)),
            f"{chance.randrange(10)}.{chance.randrange(12)}.{chance.randrange(9)}",
            "sbom",
        )
        for _ in range(count)
    ]


def _inside(many: int) -> list[Component]:
    return [each for kind in range(KINDS) for each in _components(INSIDE, many + kind)]


def _package_of(document: dict[str, Any]) -> tuple[str, str]:
    package = document["affected"][0]["package"]
    return package["ecosystem"], package["name"]


async def _fill(works: Works, many: int) -> None:
    """Plugins, each with as many packages inside."""
    async with works.system("bench") as work:
        tenant = await accounts.create_tenant(work, "catalogue", "Catalogue")
    lines = ["name\tsummary", *(f"plugin-{n}\tOne of many" for n in range(PLUGINS))]
    await catalog.load_listings(works, tenant, lines, PLUGINS, lambda _: None)
    inside = _inside(many)
    columns = {
        "e": [each.ecosystem for each in inside],
        "n": [each.name for each in inside],
        "v": [each.version for each in inside],
    }
    async with works.system("bench") as work:
        await work.run(_FILL, {**columns, "shifts": KINDS, "inside": INSIDE})


async def _count_anew(urls: DatabaseUrls) -> None:
    connection = await asyncpg.connect(urls.owner)
    try:
        await connection.execute("analyze")
    finally:
        await connection.close()


async def _inventory(works: Works, many: int) -> float:
    """The median of holding different inventories against the database, in milliseconds."""
    taken = []
    for turn in range(9):
        components = _components(INVENTORY, many + 100 + turn)
        began = time.monotonic()
        await service.compare_packages(works, components)
        taken.append((time.monotonic() - began) * 1000)
    return statistics.median(taken)


async def _recheck(works: Works, place: Path, many: int) -> float:
    """From a change of advisories to every release that contains what they are about, in milliseconds."""
    inside = {(each.ecosystem, each.name) for each in _inside(many)}
    changed = (each for each in records(many, changed=1) if _package_of(each) in inside)
    export = await asyncio.to_thread(_write, place / "changed.zip", islice(changed, CHANGED))
    await service.import_export(works, export, "changed", lambda _done, _of: None)
    async with works.system("bench") as work:
        payload = (await work.run(_JOBS, {"kind": AdvisoriesChanged.kind})).scalar_one()
    event, trace = read_message(bytes(payload), AdvisoriesChanged)
    began = time.monotonic()
    concerned = await service.recheck_releases(works, event.change_id, trace)
    if not concerned:
        raise RuntimeError("the change concerned no release: nothing was measured")
    return (time.monotonic() - began) * 1000
