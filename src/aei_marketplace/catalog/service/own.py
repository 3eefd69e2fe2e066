"""What a publisher sees of its own plugins: all of them, in every state."""

from collections.abc import Sequence
from dataclasses import dataclass

from aei_marketplace.catalog.errors import PluginNotFound, ReleaseNotFound
from aei_marketplace.catalog.rules.names import check_plugin_id
from aei_marketplace.catalog.rules.states import STOPPED, ReleaseState
from aei_marketplace.catalog.rules.views import ReleaseView
from aei_marketplace.catalog.store import plugins, releases
from aei_marketplace.ground.paging import Page, PageWanted, as_plugin_id
from aei_marketplace.ground.work import Work

#: What waits for the publisher or the registry, and is not offered meanwhile.
UNSETTLED = frozenset({ReleaseState.PROCESSING, ReleaseState.HELD}) | STOPPED - {ReleaseState.REMOVED}
MOST_UNSETTLED = 20


@dataclass(frozen=True, slots=True)
class OwnPlugin:
    """A plugin as its publisher sees it.

    Attributes:
        newest: the release that was published last, in whatever state.
        releases: how many there are.
    """

    id: str
    visibility: str
    installs: int
    rating_sum: int
    rating_count: int
    releases: int
    newest: ReleaseView


async def list_own_plugins(work: Work, wanted: PageWanted) -> Page:
    """The plugins of the actor's tenant, by id.

    Raises:
        NotAllowed: the actor does not publish.
        Invalid: the cursor is of another list.
    """
    work.actor.require_somewhere("plugin.publish")
    tenant = work.actor.in_tenant()
    rows = await plugins.owned_by(work, tenant, wanted.position(as_plugin_id), wanted.limit)
    page = wanted.page(rows, await plugins.count_owned(work, tenant), lambda row: row.id)
    newest = {r.plugin_id: r for r in await releases.newest_of(work, [row.id for row in page.items])}
    owned = [OwnPlugin(**row._mapping, newest=newest[row.id]) for row in page.items]
    return Page(owned, page.next_cursor, page.total)


async def list_unsettled(work: Work) -> Sequence[ReleaseView]:
    """The tenant's releases that are not offered and not at rest, those that moved last first.

    Raises:
        NotAllowed: the actor does not publish.
    """
    work.actor.require_somewhere("plugin.publish")
    return await releases.not_offered(work, work.actor.in_tenant(), UNSETTLED, MOST_UNSETTLED)


async def require_own_plugin(work: Work, plugin_id: str) -> None:
    """Stop here unless the plugin is one of the actor's tenant; another's looks like none.

    Raises:
        NotAllowed: the actor does not publish.
        PluginNotFound: the tenant has no such one.
    """
    work.actor.require_somewhere("plugin.publish")
    if not await plugins.is_owned_by(work, work.actor.in_tenant(), check_plugin_id(plugin_id)):
        raise PluginNotFound(f"Your tenant has no plugin {plugin_id}.")


async def hold_plugin(work: Work, plugin_id: str) -> None:
    """Hold a plugin that the actor may change: until the work ends it keeps its releases and its owner.

    Raises:
        PluginNotFound: there is none that the actor may change.
    """
    if await plugins.lock(work, check_plugin_id(plugin_id)) is None:
        raise PluginNotFound(f"There is no plugin {plugin_id} that you may change.")


async def require_own_release(work: Work, plugin_id: str, version: str) -> ReleaseView:
    """A release of a plugin of the actor's tenant, in whatever state.

    Raises:
        NotAllowed: the actor does not publish.
        PluginNotFound, ReleaseNotFound: the tenant has no such one.
    """
    await require_own_plugin(work, plugin_id)
    release = await releases.find(work, plugin_id, version) if version.isprintable() else None
    if release is None:
        raise ReleaseNotFound(f"{plugin_id} has no version {version[:64]}.")
    return release
