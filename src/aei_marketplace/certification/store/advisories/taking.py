"""Writing advisories, many at a time, and noting which packages inside releases they concern."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import text

from aei_inspection.advisories.records import Advisory
from aei_marketplace.ground.work import Work

_ADVISORY = (
    "id", "modified", "published", "withdrawn", "aliases", "severity", "score", "vectors", "informational",
    "summary", "details", "links", "digest",
)  # fmt: skip
_PACKAGE = ("advisory_id", "ecosystem", "normal_name", "name", "extent")

_ALONE = text("select pg_advisory_xact_lock(hashtextextended('package advisories', 0))")
_STILL = text("select pg_advisory_xact_lock_shared(hashtextextended('package advisories', 0))")
_KNOWN = "select id, modified, digest from package_advisories"
_KNOWN_OF = text(f"{_KNOWN} where id = any(:ids)")
_NOTE = text("""
  insert into advisory_changes (change_id, advisory_id, ecosystem, normal_name)
  select distinct cast(:change as uuid), a.advisory_id, a.ecosystem, a.normal_name from advised_packages a
   where a.advisory_id = any(:ids) and exists (
     select from release_packages p where (p.ecosystem, p.normal_name) = (a.ecosystem, a.normal_name))
  on conflict do nothing
""")
_FORGET_PACKAGES = text("delete from advised_packages where advisory_id = any(:ids)")
_FORGET = text("delete from package_advisories where id = any(:ids)")
_DISOWN = text("delete from advisory_origins where source = :source")
_JOIN = text("""
  insert into advisory_origins (source, advisory_id)
  select :source, p.id from package_advisories p where p.id = any(:ids)
  on conflict do nothing
""")
_ORPHANS = text("""
  select id from package_advisories a
   where not exists (select from advisory_origins o where o.advisory_id = a.id)
""")
_KEEP_SOURCE = text("""
  insert into advisory_sources as s (name, records, changed, dated, imported_at, changed_at)
  values (:name, :records, :changed, :dated, :now, :now)
  on conflict (name) do update set
    records = excluded.records, changed = excluded.changed, imported_at = excluded.imported_at,
    dated = excluded.dated,
    changed_at = case when excluded.changed > 0 then excluded.changed_at else s.changed_at end
""")
_COUNT_OF = text("select count(*) from advisory_origins where source = :source")


async def take_turn(work: Work) -> None:
    """Wait until nobody else brings advisories; until the work ends, nobody else does."""
    await work.run(_ALONE)


async def hold_still(work: Work) -> None:
    """Wait until nobody brings advisories; until the work ends, nobody does."""
    await work.run(_STILL)


async def known_versions(work: Work) -> dict[str, tuple[datetime, bytes]]:
    """Id → when it was modified and its digest, of every advisory."""
    driver = await _driver(work)
    return {row[0]: (row[1], row[2]) for row in await driver.fetch(_KNOWN)}


async def known_versions_of(work: Work, ids: Sequence[str]) -> dict[str, tuple[datetime, bytes]]:
    """The same of some."""
    found = await work.run(_KNOWN_OF, {"ids": list(ids)})
    return {row.id: (row.modified, row.digest) for row in found}


async def note_concerned(work: Work, change: UUID, ids: Sequence[str]) -> None:
    """Note the packages inside releases that these advisories are about as they stand now."""
    await work.run(_NOTE, {"change": change, "ids": list(ids)})


async def forget_advisories(work: Work, ids: Sequence[str]) -> None:
    """Take advisories away."""
    await work.run(_FORGET_PACKAGES, {"ids": list(ids)})
    await work.run(_FORGET, {"ids": list(ids)})


async def add_advisories(work: Work, advisories: Iterable[tuple[Advisory, bytes]]) -> None:
    """Add advisories with their digests; none of them may be there."""
    given = list(advisories)
    driver = await _driver(work)
    rows = [_advisory_row(advisory, digest) for advisory, digest in given]
    await driver.copy_records_to_table("package_advisories", records=rows, columns=_ADVISORY)
    packages = [row for advisory, _ in given for row in _package_rows(advisory)]
    await driver.copy_records_to_table("advised_packages", records=packages, columns=_PACKAGE)


async def replace_origins(work: Work, source: str, ids: Iterable[str]) -> None:
    """Have a source bring these advisories and no others."""
    await work.run(_DISOWN, {"source": source})
    driver = await _driver(work)
    rows = [(source, advisory_id) for advisory_id in ids]
    await driver.copy_records_to_table("advisory_origins", records=rows, columns=("source", "advisory_id"))


async def join_origins(work: Work, source: str, ids: Iterable[str]) -> None:
    """Have a source bring those of these advisories that are here, beside what it brought before."""
    await work.run(_JOIN, {"source": source, "ids": list(ids)})


async def orphans(work: Work) -> list[str]:
    """Advisories that no source brings any more."""
    return list((await work.run(_ORPHANS)).scalars())


async def count_of_source(work: Work, source: str) -> int:
    """How many advisories a source brings."""
    return int((await work.run(_COUNT_OF, {"source": source})).scalar_one())


async def keep_source(work: Work, name: str, *, records: int, changed: int, dated: datetime | None) -> None:
    """Write down what a source brought."""
    values = {"name": name, "records": records, "changed": changed, "dated": dated, "now": work.now}
    await work.run(_KEEP_SOURCE, values)


def digest_of(advisory: Advisory) -> bytes:
    """16 bytes that change with everything that is kept of an advisory."""
    return blake2b(msgspec.msgpack.encode(advisory), digest_size=16).digest()


def _advisory_row(advisory: Advisory, digest: bytes) -> tuple[Any, ...]:
    return (
        advisory.id, advisory.modified, advisory.published, advisory.withdrawn, advisory.aliases,
        advisory.severity, advisory.score, advisory.vectors, advisory.informational, advisory.summary,
        advisory.details, advisory.links, digest,
    )  # fmt: skip


def _package_rows(advisory: Advisory) -> Iterable[tuple[Any, ...]]:
    for package in advisory.affected:
        extent = msgspec.json.encode(package.extent)
        yield advisory.id, str(package.ecosystem), package.normal_name, package.name, extent


async def _driver(work: Work) -> Any:
    driver = (await work.connection.get_raw_connection()).driver_connection
    assert driver is not None
    return driver
