"""What stands against packages, and what is known of one advisory."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import text

from aei_inspection.advisories.ecosystems import Ecosystem
from aei_inspection.advisories.matching import PackageName, Statement
from aei_inspection.advisories.ranges import Extent
from aei_inspection.checks.report import Severity
from aei_marketplace.certification.rules.advisories import (
    AdvisedPackage,
    AdvisorySource,
    PackageAdvisory,
    Search,
)
from aei_marketplace.ground.work import Work

_STATEMENT = (
    "a.ecosystem, a.normal_name, a.name, a.extent, p.id, p.severity, p.informational, p.aliases, p.summary"
)
_AGAINST = text(f"""
  select {_STATEMENT}
    from unnest(cast(:ecosystems as text[]), cast(:names as text[])) w(ecosystem, name)
    join advised_packages a on (a.ecosystem, a.normal_name) = (w.ecosystem, w.name)
    join package_advisories p on p.id = a.advisory_id
   where p.withdrawn is null
""")  # noqa: S608 our own words
_OF = text(f"""
  select {_STATEMENT} from advised_packages a join package_advisories p on p.id = a.advisory_id
   where a.advisory_id = any(:ids) and p.withdrawn is null
""")  # noqa: S608 our own words
_ROW = (
    "p.id, p.modified, p.published, p.withdrawn, p.aliases, p.severity, p.score, p.vectors, p.informational,"
    " p.summary, p.details, p.links"
)
_FIND = text(f"select {_ROW} from package_advisories p where p.id = :id")  # noqa: S608 our own words
_PACKAGES = text("""
  select advisory_id, ecosystem, name, extent from advised_packages where advisory_id = any(:ids)
   order by advisory_id, ecosystem, name
""")
_SEARCH = """
  from package_advisories p
 where (cast(:named as text) is null or p.id = :named or p.aliases @> array[cast(:named as text)])
   and (cast(:package as text) is null or exists (
         select from advised_packages a where a.advisory_id = p.id
            and a.normal_name = any(cast(:spellings as text[]))
            and (cast(:ecosystem as text) is null or a.ecosystem = :ecosystem)))
   and (cast(:ecosystem as text) is null or :package is not null or exists (
         select from advised_packages a where a.advisory_id = p.id and a.ecosystem = :ecosystem))
"""
_COUNT = text(f"select count(*) {_SEARCH}")
_PAGE = text(f"""
  select {_ROW} {_SEARCH}
   and (cast(:after_modified as timestamptz) is null
        or (p.modified, p.id) < (:after_modified, cast(:after_id as text)))
 order by p.modified desc, p.id desc limit :limit
""")
_SOURCES = text(
    "select name, records, changed, dated, imported_at, changed_at from advisory_sources order by name"
)

_extents = msgspec.json.Decoder(Extent)


async def statements_against(work: Work, names: Sequence[PackageName]) -> dict[PackageName, list[Statement]]:
    """What stands against packages now, by package."""
    found = await work.run(
        _AGAINST, {"ecosystems": [name.ecosystem for name in names], "names": [name.name for name in names]}
    )
    return _by_package(found)


async def statements_of(work: Work, ids: Sequence[str]) -> dict[PackageName, list[Statement]]:
    """What some advisories say now, by package; withdrawn ones say nothing."""
    return _by_package(await work.run(_OF, {"ids": list(ids)}))


async def find_advisory(work: Work, advisory_id: str) -> PackageAdvisory | None:
    """One advisory; None when there is none of this id."""
    row = (await work.run(_FIND, {"id": advisory_id})).one_or_none()
    return None if row is None else (await _with_packages(work, [row]))[0]


async def search_advisories(
    work: Work, search: Search, limit: int, after: tuple[Any, str] | None
) -> tuple[list[PackageAdvisory], int]:
    """Advisories, the last modified first, at most `limit`; and how many there are.

    Args:
        after: modified and id of the last one before.
    """
    wanted = {
        "named": search.named,
        "package": search.package,
        "spellings": list(search.spellings()),
        "ecosystem": search.ecosystem,
    }
    total = int((await work.run(_COUNT, wanted)).scalar_one())
    modified, advisory_id = after or (None, None)
    page = {**wanted, "after_modified": modified, "after_id": advisory_id, "limit": limit}
    rows = list(await work.run(_PAGE, page))
    return await _with_packages(work, rows), total


async def list_sources(work: Work) -> list[AdvisorySource]:
    """Where advisories come from, and how new each is."""
    return [AdvisorySource(**row._mapping) for row in await work.run(_SOURCES)]


async def _with_packages(work: Work, rows: Sequence[Any]) -> list[PackageAdvisory]:
    found: defaultdict[str, list[AdvisedPackage]] = defaultdict(list)
    for row in await work.run(_PACKAGES, {"ids": [row.id for row in rows]}):
        extent = _extents.decode(row.extent)
        found[row.advisory_id].append(AdvisedPackage(row.ecosystem, row.name, extent.ranges, extent.versions))
    return [_advisory(row, tuple(found[row.id])) for row in rows]


def _advisory(row: Any, packages: tuple[AdvisedPackage, ...]) -> PackageAdvisory:
    return PackageAdvisory(
        id=row.id,
        modified=row.modified,
        published=row.published,
        withdrawn=row.withdrawn,
        aliases=tuple(row.aliases),
        severity=Severity(row.severity) if row.severity else None,
        score=None if row.score is None else round(row.score, 1),
        vectors=tuple(row.vectors),
        informational=row.informational,
        summary=row.summary,
        details=row.details,
        links=tuple(row.links),
        packages=packages,
    )


def _by_package(rows: Any) -> dict[PackageName, list[Statement]]:
    found: dict[PackageName, list[Statement]] = {}
    for row in rows:
        statement = Statement(
            row.id,
            row.name,
            _extents.decode(row.extent),
            Severity(row.severity) if row.severity else None,
            row.informational,
            tuple(row.aliases),
            row.summary,
        )
        found.setdefault(PackageName(Ecosystem(row.ecosystem), row.normal_name), []).append(statement)
    return found
