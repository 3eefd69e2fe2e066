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
_NAMED = "(p.id = :named or p.aliases @> array[cast(:named as text)])"
# An array, so that packages are looked up first, and then their advisories alone.
_ABOUT = """p.id = any(array(
  select distinct a.advisory_id from advised_packages a
   where a.ecosystem = any(cast(:places as text[])) and a.normal_name = any(cast(:spellings as text[]))))
"""
_IN_ECOSYSTEM = """exists (
  select from advised_packages a where a.advisory_id = p.id and a.ecosystem = any(cast(:places as text[])))
"""
_AFTER = "(p.modified, p.id) < (cast(:after_modified as timestamptz), cast(:after_id as text))"
_SOURCES = text(
    "select name, records, changed, dated, imported_at, changed_at from advisory_sources order by name"
)

#: More are not counted: anybody may ask, and there may be half a million.
MOST_COUNTED = 10_000

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
    """Advisories, the last modified first, at most `limit`; and how many there are, up to `MOST_COUNTED`.

    Args:
        after: modified and id of the last one before.
    """
    terms, values = terms_of(search)
    count = f"select count(*) from (select from package_advisories p where {_all(terms)} limit :most) few"  # noqa: S608 our own words
    total = int((await work.run(text(count), {**values, "most": MOST_COUNTED})).scalar_one())
    if after is not None:
        terms, values = [*terms, _AFTER], {**values, "after_modified": after[0], "after_id": after[1]}
    page = (
        f"select {_ROW} from package_advisories p where {_all(terms)}"  # noqa: S608 our own words
        " order by p.modified desc, p.id desc limit :limit"
    )
    rows = list(await work.run(text(page), {**values, "limit": limit}))
    return await _with_packages(work, rows), total


def terms_of(search: Search) -> tuple[list[str], dict[str, Any]]:
    """The SQL terms of what is looked for, about `package_advisories p`, and their values.

    Only what is asked for is among them: a term that may be empty would keep every search from an index.
    """
    terms: list[str] = []
    values: dict[str, Any] = {}
    if search.named is not None:
        terms, values = [_NAMED], {"named": search.named}
    if search.package is not None:
        terms.append(_ABOUT)
        values |= {"places": search.places(), "spellings": sorted(search.spellings())}
    elif search.ecosystem is not None:
        terms.append(_IN_ECOSYSTEM)
        values["places"] = search.places()
    return terms, values


def _all(terms: Sequence[str]) -> str:
    return " and ".join(terms) or "true"


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
