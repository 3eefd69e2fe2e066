"""What the registry took out of use: the public list, and the releases of a plugin that is judged."""

from aei_marketplace.catalog.errors import PluginNotFound
from aei_marketplace.catalog.rules.names import check_plugin_id
from aei_marketplace.catalog.rules.views import ReleaseView
from aei_marketplace.catalog.store import plugins, removals
from aei_marketplace.ground.paging import Page, PageWanted, as_moment_and_id
from aei_marketplace.ground.work import Work


async def list_removals(work: Work, page: PageWanted) -> Page:
    """Releases that are blocked or removed, the latest first, as far as the actor may see their plugins.

    What was never listed was never offered to anybody, and is not shown.

    Raises:
        Invalid: the cursor is of another list.
    """
    rows, total = await removals.find_page(work, page.position(as_moment_and_id), page.limit)
    return page.page(rows, total, lambda r: [r.state_changed_at.isoformat(), str(r.release_id)])


async def hold_releases(work: Work, plugin_id: str) -> list[ReleaseView]:
    """All releases of a plugin, the oldest first; nobody else moves them until this work ends.

    Raises:
        PluginNotFound: there is none that the actor may change.
    """
    if await plugins.lock(work, check_plugin_id(plugin_id)) is None:
        raise PluginNotFound(f"There is no plugin {plugin_id} that you may change.")
    return await removals.of_plugin(work, plugin_id)
