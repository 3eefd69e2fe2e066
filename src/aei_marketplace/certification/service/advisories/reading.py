"""Reading advisories about packages, and what stands against a plugin's release."""

from dataclasses import dataclass
from datetime import datetime

from aei_marketplace.catalog import service as catalog
from aei_marketplace.certification.errors.advisories import PackageAdvisoryNotFound
from aei_marketplace.certification.rules.advisories import (
    AdvisorySource,
    PackageAdvisory,
    Search,
    Vulnerability,
    worst_first,
)
from aei_marketplace.certification.store.advisories import concerned, looking
from aei_marketplace.ground.paging import Page, PageWanted, as_moment, as_text
from aei_marketplace.ground.work import Work


@dataclass(frozen=True, slots=True)
class Vulnerabilities:
    """What stands against one release.

    Attributes:
        scanned_at: when it was told what the release contains; None where it was not.
        components: how many pieces of software these are.
        advisories_at: when the advisories last changed; None where there are none here.
        items: the worst first.
    """

    plugin_id: str
    version: str
    scanned_at: datetime | None
    components: int
    advisories_at: datetime | None
    items: tuple[Vulnerability, ...]


async def list_advisory_sources(work: Work) -> list[AdvisorySource]:
    """Where advisories come from, and how new each is."""
    return await looking.list_sources(work)


async def advisories_at(work: Work) -> datetime | None:
    """When the database of advisories last changed; None where there is none."""
    return max((source.changed_at for source in await looking.list_sources(work)), default=None)


async def find_package_advisory(work: Work, advisory_id: str) -> PackageAdvisory:
    """One advisory by its id.

    Raises:
        PackageAdvisoryNotFound: there is none.
    """
    found = await looking.find_advisory(work, advisory_id)
    if found is None:
        raise PackageAdvisoryNotFound(f"No advisory {advisory_id[:140]!r} is here.")
    return found


async def search_package_advisories(work: Work, search: Search, wanted: PageWanted) -> Page:
    """Advisories, the last modified first.

    Raises:
        Invalid: the cursor is of another list.
    """
    rows, total = await looking.search_advisories(work, search, wanted.limit + 1, wanted.position(_after))
    return wanted.page(rows, total, lambda each: [each.modified.isoformat(), each.id])


async def list_vulnerabilities(work: Work, plugin_id: str, version: str | None = None) -> Vulnerabilities:
    """What stands against a release, the latest one where none is named.

    Raises:
        PluginNotFound, ReleaseNotFound: there is none that the actor may see.
    """
    plugin = await catalog.find_plugin(work, plugin_id)
    release = await catalog.find_release(work, plugin.id, version or plugin.latest_version)
    inventory = await concerned.find_inventory(work, release.release_id)
    items = worst_first(await concerned.vulnerabilities_of(work, release.release_id))
    at, components = inventory or (None, 0)
    return Vulnerabilities(plugin.id, release.version, at, components, await advisories_at(work), items)


def _after(said: object) -> tuple[datetime, str]:
    match said:
        case [modified, advisory_id]:
            return as_moment(modified), as_text(advisory_id)
    raise ValueError("not a time and an advisory")
