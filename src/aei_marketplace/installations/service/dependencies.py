"""The dependencies of a release, held against what its tenant has and can get."""

from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.service import ReleaseView
from aei_marketplace.ground.work import Work
from aei_marketplace.installations import store
from aei_marketplace.installations.rules.dependencies import Requirement, missing_dependencies


async def dependency_warnings(work: Work, release: ReleaseView) -> list[str]:
    """What the tenant has to do before the release can call what it depends on.

    The requirements of what is installed already hold as well: a tenant has one version of a plugin.
    """
    wanted = release.manifest.dependencies
    if not wanted:
        return []
    installed = await store.find_live(work, work.actor.in_tenant())
    present = await catalog.releases_by_id(work, {i.release_id for i in installed})
    others = [view for view in present.values() if view.plugin_id != release.plugin_id]
    needed = {
        plugin: [
            Requirement(f"{view.plugin_id} {view.version}", view.manifest.dependencies[plugin])
            for view in (release, *others)
            if plugin in view.manifest.dependencies
        ]
        for plugin in wanted
    }
    offered = await catalog.offered_versions(work, wanted)
    return missing_dependencies(needed, {i.plugin_id: i.version for i in installed}, offered)
