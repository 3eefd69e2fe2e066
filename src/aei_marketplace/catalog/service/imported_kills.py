"""Kill lists of other marketplaces: what they name is blocked where it is, and kept out where it comes."""

from collections.abc import Sequence
from contextlib import suppress

from aei_marketplace.catalog.errors import KilledElsewhere, NoSuchKillList, StateChangeRefused
from aei_marketplace.catalog.rules.kill_lists import Remembered, is_news
from aei_marketplace.catalog.rules.states import LONGEST_REASON, ReleaseState
from aei_marketplace.catalog.rules.views import ReleaseView
from aei_marketplace.catalog.service.states import change_state
from aei_marketplace.catalog.store import imported_kills as store
from aei_marketplace.catalog.store import kill_list
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.work import Work, Works
from aei_protocol.kill_list import KillList

_JOB = "catalog.kill_list"


async def import_kill_list(works: Works, listed: KillList, verifying_key: str) -> list[tuple[str, str]]:
    """Remember another marketplace's list in the place of its last one, and block what it names.

    What is named is found by its package or its component. Nothing is let go. An import that broke off goes
    on when the same list is imported again.

    Args:
        listed: a list whose signature was checked.
        verifying_key: by which it was.

    Returns:
        Plugin and version of each release that was blocked now.

    Raises:
        KillListOutdated: a newer list of the same marketplace is known, or another one of its number.
    """
    async with works.system(_JOB) as work:
        work.actor.require("killlist.administer")
        await store.hold(work)
        known = {each.origin: each for each in await store.remembered(work)}.get(listed.origin)
        since = work.now if known is None else known.imported_at
        if is_news(listed, known):
            since = work.now
            await store.replace(work, listed, verifying_key)
            context = {"serial": listed.serial, "entries": len(listed.entries)}
            work.record(Fact("kill_list.import", "kill_list", listed.origin, context=context))
    async with works.system(_JOB) as work:  # after the list was committed: what comes from now on asks it
        found = await kill_list.named(work, listed.entries, since)
    return [
        (plugin_id, version)
        for plugin_id, version, reason in found
        if await _block(works, plugin_id, version, _told(listed.origin, reason))
    ]


async def list_imported(work: Work) -> Sequence[Remembered]:
    """The lists of other marketplaces that are remembered.

    Raises:
        NotAllowed: the actor does not administer the list.
    """
    work.actor.require("killlist.administer")
    return await store.remembered(work)


async def forget_imported(work: Work, origin: str) -> None:
    """Hold nothing against another marketplace's list any more; what was blocked for it stays so.

    Raises:
        NotAllowed: the actor does not administer the list.
        NoSuchKillList: none of it is remembered.
    """
    work.actor.require("killlist.administer")
    if not await store.forget(work, origin):
        raise NoSuchKillList(f"No list of {origin[:255]} has been imported.")
    work.record(Fact("kill_list.forget", "kill_list", origin))


async def refuse_killed(work: Work, package_sha256: str, component_sha256: str) -> None:
    """Stop here if an imported list names a package that comes, or the component in it.

    Raises:
        KilledElsewhere: it does.
    """
    found = await store.naming(work, package_sha256, component_sha256)
    if found is not None:
        raise KilledElsewhere(_told(found.origin, found.reason))


async def check_not_killed(deps: Deps, release: ReleaseView) -> None:
    """The same of a release that is to be installed, unless staff here have let it go.

    Raises:
        KilledElsewhere: it stands on an imported list.
    """
    async with deps.works.system(_JOB) as work:
        found = await store.naming(work, release.package_sha256, release.component_sha256, release.release_id)
    if found is not None:
        raise KilledElsewhere(f"{release.plugin_id} {release.version}: {_told(found.origin, found.reason)}")


async def _block(works: Works, plugin_id: str, version: str, told: str) -> bool:
    """Whether a release was blocked; False where somebody blocked or removed it meanwhile."""
    with suppress(StateChangeRefused):
        async with works.system(_JOB) as work:
            await change_state(work, plugin_id, version, ReleaseState.BLOCKED, told)
        return True
    return False


def _told(origin: str, reason: str) -> str:
    return f"On the kill list of {origin}: {reason}"[:LONGEST_REASON]
