"""The packages inside of releases, and the advisories that stand against them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from aei_inspection.advisories.ecosystems import Ecosystem
from aei_inspection.advisories.matching import Match, PackageName, package_of
from aei_inspection.checks.report import Component, Severity
from aei_marketplace.certification.rules.advisories import Vulnerability
from aei_marketplace.ground.work import Work

_FORGET = text("""
  with gone as (delete from release_packages where release_id = :release),
       hits as (delete from release_vulnerabilities where release_id = :release)
  delete from release_inventories where release_id = :release
""")
_EMPTY = text("""
  with gone as (delete from release_packages where release_id = :release)
  delete from release_inventories where release_id = :release
""")
_INVENTORY = text("""
  insert into release_inventories (release_id, components, at) values (:release, :components, :now)
""")
_PACKAGES = text("""
  insert into release_packages (release_id, ecosystem, normal_name, name, version, origin)
  select :release, t.* from unnest(cast(:ecosystem as text[]), cast(:normal_name as text[]),
    cast(:name as text[]), cast(:version as text[]), cast(:origin as text[])) t
  on conflict do nothing
""")
_HITS = """
  unnest(cast(:ecosystem as text[]), cast(:normal_name as text[]), cast(:name as text[]),
         cast(:version as text[]), cast(:advisory_id as text[]), cast(:certain as boolean[]),
         cast(:fixed as text[]), cast(:severity as text[]), cast(:informational as text[]))
    h(ecosystem, normal_name, name, version, advisory_id, certain, fixed, severity, informational)
"""
_WRITE = text(f"""
  insert into release_vulnerabilities as v (release_id, ecosystem, normal_name, name, version, origin,
    advisory_id, certain, fixed, severity, informational, since)
  select p.release_id, p.ecosystem, p.normal_name, p.name, p.version, p.origin, h.advisory_id, h.certain,
    array_remove(string_to_array(h.fixed, E'\\n'), ''), h.severity, h.informational, :now
  from {_HITS}
  join release_packages p
    on (p.ecosystem, p.normal_name, p.name, p.version) = (h.ecosystem, h.normal_name, h.name, h.version)
  where cast(:release as uuid) is null or p.release_id = :release
  on conflict (release_id, ecosystem, name, version, origin, advisory_id) do update
    set certain = excluded.certain, fixed = excluded.fixed, severity = excluded.severity,
        informational = excluded.informational
    where (v.certain, v.fixed, v.severity, v.informational)
      is distinct from (excluded.certain, excluded.fixed, excluded.severity, excluded.informational)
  returning release_id, advisory_id
""")  # noqa: S608 our own words
_CLEAR = text(f"""
  delete from release_vulnerabilities v using advisory_changes c
   where c.change_id = :change
     and (v.advisory_id, v.ecosystem, v.normal_name) = (c.advisory_id, c.ecosystem, c.normal_name)
     and not exists (select from {_HITS} where (h.ecosystem, h.name, h.version, h.advisory_id)
                                             = (v.ecosystem, v.name, v.version, v.advisory_id))
  returning v.release_id, v.advisory_id
""")  # noqa: S608 our own words
_CLEAR_OF = text(f"""
  delete from release_vulnerabilities v
   where v.release_id = :release and not exists (
     select from {_HITS}
       join release_packages p on p.release_id = :release
        and (p.ecosystem, p.normal_name, p.name, p.version) = (h.ecosystem, h.normal_name, h.name, h.version)
      where (p.ecosystem, p.name, p.version, p.origin, h.advisory_id)
          = (v.ecosystem, v.name, v.version, v.origin, v.advisory_id))
  returning v.release_id, v.advisory_id
""")  # noqa: S608 our own words
_COMPONENTS = text("""
  select ecosystem, name, version, origin from release_packages where release_id = :release
""")
_CONCERNED = text("""
  select distinct p.ecosystem, p.normal_name, p.name, p.version, c.advisory_id
    from advisory_changes c
    join release_packages p on (p.ecosystem, p.normal_name) = (c.ecosystem, c.normal_name)
   where c.change_id = :change
""")
_DONE = text("delete from advisory_changes where change_id = :change")
_NAMES = text("select id, plugin_id, version from releases where id = any(:ids)")
_OF = text("""
  select v.advisory_id, v.ecosystem, v.name, v.version, v.origin, v.certain, v.fixed, v.since, p.severity,
         p.informational, p.aliases, p.summary
    from release_vulnerabilities v join package_advisories p on p.id = v.advisory_id
   where v.release_id = :release and p.withdrawn is null
""")
_PACKAGES_OF = text(
    "select distinct ecosystem, normal_name, version from release_packages where release_id = :release"
)
_FIND_INVENTORY = text("select at, components from release_inventories where release_id = :release")


#: A release, and an advisory that stands against it or did.
Standing = tuple[UUID, str]


@dataclass(frozen=True, slots=True)
class Contained:
    """A version that some release contains, and an advisory about its package."""

    package: PackageName
    name: str
    version: str
    advisory_id: str

    @property
    def component(self) -> Component:
        """As a component; where it was found makes no difference to what stands against it."""
        return Component(self.package.ecosystem, self.name, self.version, "embedded")


async def keep_inventory(work: Work, release_id: UUID, components: Sequence[Component]) -> None:
    """Write down what a release contains, in the place of what was known."""
    await work.run(_EMPTY, {"release": release_id})
    packages = [(package, each) for each in components if (package := package_of(each))]
    await work.run(_INVENTORY, {"release": release_id, "components": len(components), "now": work.now})
    await work.run(
        _PACKAGES,
        {
            "release": release_id,
            "ecosystem": [package.ecosystem for package, _ in packages],
            "normal_name": [package.name for package, _ in packages],
            "name": [each.name for _, each in packages],
            "version": [each.version for _, each in packages],
            "origin": [each.origin for _, each in packages],
        },
    )


async def forget_inventory(work: Work, release_id: UUID) -> None:
    """Forget what a release contains, and what stands against it."""
    await work.run(_FORGET, {"release": release_id})


async def replace_vulnerabilities(
    work: Work, release_id: UUID, matches: Sequence[Match]
) -> tuple[list[Standing], list[Standing]]:
    """Write what stands against a release whose inventory is kept, and nothing else.

    Returns:
        what is new or other than before, and what is gone.
    """
    values = {**_rows(matches), "release": release_id, "now": work.now}
    appeared = await work.run(_WRITE, values)
    cleared = await work.run(_CLEAR_OF, values)
    return _standing(appeared), _standing(cleared)


async def components_of(work: Work, release_id: UUID) -> list[Component]:
    """What is kept of a release's contents: the packages in ecosystems that are known here."""
    found = await work.run(_COMPONENTS, {"release": release_id})
    return [Component(row.ecosystem, row.name, row.version, row.origin) for row in found]


async def versions_concerned(work: Work, change: UUID) -> list[Contained]:
    """Versions inside of releases that a change says something about, each once."""
    return [
        Contained(
            PackageName(Ecosystem(row.ecosystem), row.normal_name), row.name, row.version, row.advisory_id
        )
        for row in await work.run(_CONCERNED, {"change": change})
    ]


async def write_hits(work: Work, hits: Sequence[Match]) -> list[Standing]:
    """Write matches for every release that contains them; release and advisory of what is new or other."""
    found = await work.run(_WRITE, {**_rows(hits), "release": None, "now": work.now})
    return _standing(found)


async def clear_others(work: Work, change: UUID, hits: Sequence[Match]) -> list[Standing]:
    """Take away what stood by the advisories of a change and is not among the matches; what that was."""
    found = await work.run(_CLEAR, {**_rows(hits), "change": change})
    return _standing(found)


async def forget_change(work: Work, change: UUID) -> None:
    """A change was looked at."""
    await work.run(_DONE, {"change": change})


async def releases(work: Work, ids: Sequence[UUID]) -> dict[UUID, tuple[str, str]]:
    """Plugin and version of releases."""
    found = await work.run(_NAMES, {"ids": list(ids)})
    return {row.id: (row.plugin_id, row.version) for row in found}


async def vulnerabilities_of(work: Work, release_id: UUID) -> list[Vulnerability]:
    """What stands against one release."""
    return [
        Vulnerability(
            row.advisory_id,
            row.ecosystem,
            row.name,
            row.version,
            row.origin,
            row.certain,
            tuple(row.fixed),
            row.since,
            Severity(row.severity) if row.severity else None,
            row.informational,
            tuple(row.aliases),
            row.summary,
        )
        for row in await work.run(_OF, {"release": release_id})
    ]


async def find_inventory(work: Work, release_id: UUID) -> tuple[datetime, int] | None:
    """When it was told what a release contains, and how many components that were."""
    row = (await work.run(_FIND_INVENTORY, {"release": release_id})).one_or_none()
    return None if row is None else (row.at, row.components)


async def packages_of(work: Work, release_id: UUID) -> list[tuple[str, str, str]]:
    """The packages inside a release, each once: ecosystem, name and version."""
    found = await work.run(_PACKAGES_OF, {"release": release_id})
    return [(row.ecosystem, row.normal_name, row.version) for row in found]


def _standing(found: Iterable[Row[Any]]) -> list[Standing]:
    return [(row.release_id, row.advisory_id) for row in found]


def _rows(matches: Sequence[Match]) -> dict[str, list[Any]]:
    """Matches as columns, each (package, version, advisory) once: several origins give the same."""
    seen: dict[tuple[str, str, str, str, str], Match] = {}
    for each in matches:
        package = package_of(each.component)
        assert package is not None  # only known ecosystems match
        key = (package.ecosystem, package.name, each.component.name, each.component.version)
        seen[(*key, each.statement.advisory)] = each
    columns = list(zip(*seen, strict=True)) if seen else [()] * 5
    names = ("ecosystem", "normal_name", "name", "version", "advisory_id")
    return {
        **{name: [str(value) for value in column] for name, column in zip(names, columns, strict=True)},
        "certain": [each.certain for each in seen.values()],
        "fixed": ["\n".join(each.fixed) for each in seen.values()],
        "severity": [each.statement.severity for each in seen.values()],
        "informational": [each.statement.informational for each in seen.values()],
    }
