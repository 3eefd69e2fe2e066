"""Reading installations, each with the update that waits for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.service import Advisory, ReleaseView
from aei_marketplace.ground.paging import Page, PageWanted, as_plugin_id
from aei_marketplace.ground.work import Work
from aei_marketplace.installations import store
from aei_marketplace.installations.rules.grants import not_granted, permission_difference
from aei_marketplace.installations.rules.requests import is_newer
from aei_marketplace.installations.rules.views import Installation, UpdateAvailable
from aei_marketplace.installations.service.requested import live_installation


@dataclass(frozen=True, slots=True)
class Described:
    """An installation with what follows from the catalogue.

    Attributes:
        advisories: those that concern its release.
    """

    installation: Installation
    update: UpdateAvailable | None
    not_granted: Mapping[str, Any]
    advisories: Sequence[Advisory] = ()

    def shape(self) -> Mapping[str, Any]:
        """In the shape of the interface."""
        shape = self.installation.shape(self.update, self.not_granted)
        return {**shape, "advisories": [_told(advisory) for advisory in self.advisories]}


async def find_installation(work: Work, plugin_id: str) -> Described:
    """The tenant's installation of a plugin.

    Raises:
        NotInstalled: there is none.
    """
    work.actor.require("plugin.browse")
    return await describe(work, await live_installation(work, work.actor.in_tenant(), plugin_id))


async def list_installations(work: Work, wanted: PageWanted) -> Page:
    """The tenant's installations, by plugin id.

    Raises:
        NotAllowed: the actor does not browse, or acts in no tenant.
        Invalid: the cursor is of another list.
    """
    work.actor.require("plugin.browse")
    tenant = work.actor.in_tenant()
    rows = await store.find_page(work, tenant, wanted.position(as_plugin_id), wanted.limit)
    page = wanted.page(rows, await store.count(work, tenant), lambda i: i.plugin_id)
    return Page(await _describe_all(work, page.items), page.next_cursor, page.total)


async def installed_versions(work: Work, plugin_id: str) -> Sequence[str]:
    """The versions of a plugin that the tenant has or had, the present one first; each that it left last.

    Raises:
        NotAllowed: the actor does not browse, or acts in no tenant.
    """
    work.actor.require("plugin.browse")
    return await store.find_versions(work, work.actor.in_tenant(), plugin_id)


async def describe(work: Work, installation: Installation) -> Described:
    """One installation with its update."""
    return (await _describe_all(work, [installation]))[0]


async def _describe_all(work: Work, installations: Sequence[Installation]) -> list[Described]:
    present = await catalog.releases_by_id(work, {i.release_id for i in installations})
    latest = {
        channel: await catalog.latest_versions(
            work, [i.plugin_id for i in installations if i.channel == channel], channel
        )
        for channel in {i.channel for i in installations}
    }
    ids = [id for release in present.values() for id in release.advisories]
    advisories = await catalog.advisories_by_id(work, ids)
    return [_described(i, present, latest[i.channel].get(i.plugin_id), advisories) for i in installations]


def _described(
    installation: Installation,
    present: Mapping[UUID, ReleaseView],
    newest: ReleaseView | None,
    advisories: Mapping[str, Advisory],
) -> Described:
    release = present.get(installation.release_id)
    if release is None:
        return Described(installation, None, {})
    missing = not_granted(release.manifest, installation.grants)
    concerned = [advisories[id] for id in release.advisories if id in advisories]
    if newest is None or not is_newer(newest.version, installation.version):
        return Described(installation, None, missing, concerned)
    difference = permission_difference(release.manifest, newest.manifest)
    return Described(installation, UpdateAvailable(newest.version, difference), missing, concerned)


def _told(advisory: Advisory) -> Mapping[str, Any]:
    said = advisory.statement
    return {"id": advisory.id, "severity": said.severity, "title": said.title, "fixed": said.fixed}
