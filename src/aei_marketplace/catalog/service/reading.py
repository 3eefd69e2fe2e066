"""Reading the catalogue; row-level security leaves out what the actor may not see."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from aei_marketplace.catalog.errors import IconNotFound, PluginNotFound, ReleaseNotFound
from aei_marketplace.catalog.rules.icons import Icon
from aei_marketplace.catalog.rules.listing import Sieve
from aei_marketplace.catalog.rules.names import check_plugin_id
from aei_marketplace.catalog.rules.states import OFFERED, ReleaseState
from aei_marketplace.catalog.rules.versions import Channel
from aei_marketplace.catalog.rules.views import PluginBrief, PluginView, ReleaseTexts, ReleaseView
from aei_marketplace.catalog.store import plugins, releases
from aei_marketplace.ground.errors import Fault, Invalid
from aei_marketplace.ground.paging import Page, PageWanted, as_text
from aei_marketplace.ground.work import Work

_SHA256 = re.compile(r"[0-9a-f]{64}")


async def find_plugin(work: Work, plugin_id: str) -> PluginView:
    """A plugin with the release that its listing describes.

    Raises:
        PluginNotFound: there is none that the actor may see.
    """
    plugin = await plugins.find(work, check_plugin_id(plugin_id))
    if plugin is None:
        raise PluginNotFound(f"There is no plugin {plugin_id}.")
    return plugin


async def find_plugins(work: Work, plugin_ids: Sequence[str]) -> dict[str, PluginView]:
    """Several plugins, each with the release that its listing describes, in one statement.

    Those that the actor may not see are left out.
    """
    return await plugins.by_ids(work, plugin_ids)


async def find_briefs(work: Work, plugin_ids: Iterable[str]) -> dict[str, PluginBrief]:
    """Several plugins in a line each; those that the actor may not see are left out."""
    return await plugins.briefs(work, plugin_ids)


async def publishers_of(work: Work, plugin_ids: Iterable[str]) -> dict[str, UUID]:
    """The tenant that publishes each of several plugins; those that the actor may not see are left out."""
    return await plugins.publishing_tenants(work, plugin_ids)


async def find_release(
    work: Work, plugin_id: str, version: str | None = None, channel: str = Channel.STABLE
) -> ReleaseView:
    """A release by its exact version, or the latest offered one of a channel.

    An exact version is found in any state: what may be done with it is for the caller to decide. On the
    channel `preview` the latest is the highest of all, so that previews end with their stable release.

    Raises:
        PluginNotFound, ReleaseNotFound: there is none that the actor may see.
    """
    check_plugin_id(plugin_id)
    if version is not None:
        return await _exact(work, plugin_id, version)
    latest = await releases.latest(work, [plugin_id], check_channel(channel))
    if not latest:
        await _require_plugin(work, plugin_id)
        raise ReleaseNotFound(f"{plugin_id} offers no release on the channel {channel} now.")
    return latest[0]


async def releases_by_id(work: Work, ids: Iterable[UUID]) -> dict[UUID, ReleaseView]:
    """Several releases at once; those that the actor may not see are left out."""
    return {release.release_id: release for release in await releases.by_ids(work, ids)}


async def latest_versions(
    work: Work, plugin_ids: Iterable[str], channel: str = Channel.STABLE
) -> dict[str, ReleaseView]:
    """The latest offered release of each plugin on a channel; plugins without one are left out."""
    found = await releases.latest(work, plugin_ids, check_channel(channel))
    return {release.plugin_id: release for release in found}


async def list_releases(work: Work, plugin_id: str, page: PageWanted) -> Page:
    """A plugin's releases, highest version first.

    Raises:
        PluginNotFound: there is none that the actor may see.
        Invalid: the cursor is of another list.
    """
    last = page.position(as_text)
    rows, total = await releases.list_page(work, check_plugin_id(plugin_id), last, page.limit)
    if not rows:
        await _require_plugin(work, plugin_id)
    return page.page(rows, total, lambda release: release.version)


async def list_paid(work: Work) -> list[str]:
    """The ids of all plugins whose listing names a price and that were listed, in order."""
    return await plugins.paid(work)


async def offered_releases(work: Work) -> list[UUID]:
    """The ids of all releases that the actor may see and that are offered, the oldest first.

    Listings without a package (`aei-marketplace catalogue load`) are left out: there is nothing to run.
    """
    return await releases.offered(work)


async def offered_releases_of(
    work: Work, plugin_ids: Iterable[str], limit: int
) -> dict[str, list[ReleaseView]]:
    """The offered releases of each plugin that the actor may see, the highest first, at most so many each."""
    return _by_plugin(await releases.in_states_of(work, plugin_ids, OFFERED, limit))


async def passing_releases_of(
    work: Work, plugin_ids: Iterable[str], sieve: Sieve, limit: int
) -> dict[str, list[ReleaseView]]:
    """The same of those that pass a sieve."""
    return _by_plugin(await releases.passing(work, plugin_ids, sieve, limit))


async def resolvable_releases_of(
    work: Work, plugin_ids: Iterable[str], limit: int
) -> dict[str, list[ReleaseView]]:
    """All that are offered, with those that were yanked, which exact pins still resolve to."""
    states = OFFERED | {ReleaseState.YANKED}
    return _by_plugin(await releases.in_states_of(work, plugin_ids, states, limit))


async def list_processing(work: Work, published_before: datetime) -> list[ReleaseView]:
    """Releases published before a moment that still wait to be prepared, the oldest first; at most 100."""
    return await releases.processing(work, published_before)


async def find_texts(work: Work, plugin_id: str, version: str) -> ReleaseTexts:
    """README and change log of a release that was found before."""
    return await releases.texts(work, plugin_id, version)


async def find_icon(work: Work, package_sha256: str) -> Icon:
    """The icon of the release with this package.

    Raises:
        IconNotFound: there is no such release that the actor may see, or it has no icon.
    """
    known = _SHA256.fullmatch(package_sha256) is not None
    found = await releases.icon(work, package_sha256) if known else None
    if found is None:
        raise IconNotFound("There is no icon at this address.")
    return found


def check_channel(channel: str) -> Channel:
    """A channel by its name.

    Raises:
        Invalid: there is no such channel.
    """
    try:
        return Channel(channel)
    except ValueError as error:
        fault = Fault("/channel", f"one of {', '.join(Channel)}")
        raise Invalid("There is no such channel.", faults=[fault]) from error


def _by_plugin(views: Iterable[ReleaseView]) -> dict[str, list[ReleaseView]]:
    found: dict[str, list[ReleaseView]] = {}
    for release in views:
        found.setdefault(release.plugin_id, []).append(release)
    return found


async def _exact(work: Work, plugin_id: str, version: str) -> ReleaseView:
    release = await releases.find(work, plugin_id, version) if version.isprintable() else None
    if release is None:
        await _require_plugin(work, plugin_id)
        raise ReleaseNotFound(f"{plugin_id} has no version {version[:64]}.")
    return release


async def _require_plugin(work: Work, plugin_id: str) -> None:
    """Who sees a release sees its plugin: this is asked only where nothing was found."""
    if not await plugins.exists(work, plugin_id):
        raise PluginNotFound(f"There is no plugin {plugin_id}.")
