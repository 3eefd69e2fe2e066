"""Advisories about plugins: filed by their publisher or by staff, changed, withdrawn, read by everybody."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from aei_marketplace.catalog.errors import (
    AdvisoryStale,
    NoReleaseAffected,
    NoSuchAdvisory,
    NotYourPlugin,
    TooManyAdvisories,
)
from aei_marketplace.catalog.events import AdvisoryFiled, AdvisoryRetracted
from aei_marketplace.catalog.rules import advisories as rules
from aei_marketplace.catalog.rules.advisories import Advisory, Statement
from aei_marketplace.catalog.rules.compatibility import intervals
from aei_marketplace.catalog.rules.membership import Right
from aei_marketplace.catalog.service.members import require_right
from aei_marketplace.catalog.service.reading import find_plugin
from aei_marketplace.catalog.store import advisories, plugins
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.errors import Fault
from aei_marketplace.ground.paging import Page, PageWanted, as_moment, as_text
from aei_marketplace.ground.typed import clean_typed
from aei_marketplace.ground.work import Work

#: The action with which staff file and change advisories.
STAFF_ACTION = "certification.decide"


async def file_advisory(work: Work, plugin_id: str, document: Mapping[str, object]) -> Advisory:
    """Say what is wrong with releases of a plugin, as its publisher or as staff.

    Args:
        document: as `rules.advisories.read_statement` takes it.

    Raises:
        NotAllowed: the actor is neither, or not in this namespace.
        PluginNotFound: there is none that the actor may see.
        Invalid: the statement is not complete.
        NoReleaseAffected: no release lies in the range.
        TooManyAdvisories: the plugin has as many as are taken.
    """
    staff = await _require_hand(work, plugin_id)
    statement = rules.read_statement(document)
    await plugins.lock(work, plugin_id)
    if await advisories.count(work, plugin_id) >= rules.MOST_OF_PLUGIN:
        raise TooManyAdvisories(f"{plugin_id} has {rules.MOST_OF_PLUGIN} advisories; no more are taken.")
    advisory = Advisory(rules.new_id(), plugin_id, statement, staff, work.now, work.now, None, None)
    await advisories.add(work, advisory, intervals(statement.affected))
    await _require_some(work, advisory.id)
    work.record(_fact("advisory.file", advisory))
    work.emit(AdvisoryFiled(advisory.id, plugin_id))
    return advisory


async def change_advisory(
    work: Work, advisory_id: str, change: Mapping[str, object], if_match: str | None = None
) -> Advisory:
    """Have an advisory say something else; what the change leaves out stays.

    Raises:
        NotAllowed: the actor is not its publisher, or staff filed it.
        NoSuchAdvisory: there is none that the actor may see.
        AdvisoryWithdrawn: it does not stand any more.
        AdvisoryStale: somebody else changed it meanwhile.
        Invalid, NoReleaseAffected: as when one is filed.
    """
    before = await _own(work, advisory_id)
    if if_match is not None and if_match != before.etag:
        raise AdvisoryStale(f"{advisory_id} has changed since you read it.")
    statement = rules.read_statement({**_document(before.statement), **change})
    await advisories.change(work, advisory_id, statement, intervals(statement.affected))
    await _require_some(work, advisory_id)
    after = await find_advisory(work, advisory_id)
    work.record(_fact("advisory.change", after))
    if rules.is_told_anew(before.statement, statement):
        work.emit(AdvisoryFiled(advisory_id, before.plugin_id))
    return after


async def withdraw_advisory(work: Work, advisory_id: str, reason: str) -> Advisory:
    """Take an advisory back, saying why; it stays to be read and concerns no release any more.

    Raises:
        NotAllowed, NoSuchAdvisory, AdvisoryWithdrawn: as for a change.
        Invalid: the reason is missing or too long.
    """
    advisory = await _own(work, advisory_id)
    said = clean_typed(reason, rules.LONGEST_REASON, "/reason")
    work.emit(AdvisoryRetracted(advisory_id, advisory.plugin_id, await affected_releases(work, advisory_id)))
    await advisories.withdraw(work, advisory_id, said)
    work.record(_fact("advisory.withdraw", advisory, reason=said))
    return await find_advisory(work, advisory_id)


async def find_advisory(work: Work, advisory_id: str) -> Advisory:
    """One advisory.

    Raises:
        NoSuchAdvisory: there is none that the actor may see.
    """
    found = await advisories.find(work, advisory_id) if advisory_id.isprintable() else None
    if found is None:
        raise NoSuchAdvisory(f"There is no advisory {advisory_id[:40]}.")
    return found


async def list_advisories(work: Work, page: PageWanted, plugin_id: str | None = None) -> Page:
    """Advisories about plugins that the actor sees, or about one, the latest first; withdrawn ones too.

    Raises:
        PluginNotFound: there is no such plugin that the actor may see.
        Invalid: the cursor is of another list.
    """
    if plugin_id is not None:
        plugin_id = (await find_plugin(work, plugin_id)).id
    rows, total = await advisories.find_page(work, plugin_id, page.position(_place), page.limit)
    return page.page(rows, total, lambda a: [a.filed_at.isoformat(), a.id])


async def standing_advisories(work: Work, plugin_id: str) -> list[Advisory]:
    """What stands about a plugin that was found before, the latest first."""
    return await advisories.standing(work, plugin_id)


async def advisories_by_id(work: Work, ids: Iterable[str]) -> dict[str, Advisory]:
    """Several advisories, the oldest first; those that the actor may not see are left out."""
    wanted = set(ids)
    return {a.id: a for a in await advisories.by_ids(work, wanted)} if wanted else {}


async def affected_versions(work: Work, advisory_id: str) -> list[str]:
    """The versions that an advisory concerns, as far as the actor sees them, the highest first."""
    return [version for _, version in await advisories.concerned(work, advisory_id)]


async def affected_releases(work: Work, advisory_id: str) -> tuple[UUID, ...]:
    """The same by the ids of the releases."""
    return tuple(release_id for release_id, _ in await advisories.concerned(work, advisory_id))


async def _require_hand(work: Work, plugin_id: str) -> bool:
    """Stop here unless the actor may speak about the plugin; whether they do so as staff."""
    if work.actor.may(STAFF_ACTION):
        await find_plugin(work, plugin_id)
        return True
    work.actor.require("plugin.publish", plugin_id)
    if (await find_plugin(work, plugin_id)).owner_tenant != work.actor.tenant:
        raise NotYourPlugin(f"{plugin_id} belongs to another publisher.")
    await require_right(work, plugin_id.partition(".")[0], Right.PUBLISH, plugin_id)
    return False


async def _own(work: Work, advisory_id: str) -> Advisory:
    """An advisory that the actor may change, held until this work ends."""
    if not work.actor.may(STAFF_ACTION):
        work.actor.require_somewhere("plugin.publish")
    plugin_id = (await find_advisory(work, advisory_id)).plugin_id
    staff = await _require_hand(work, plugin_id)
    await plugins.lock(work, plugin_id)
    advisory = await find_advisory(work, advisory_id)
    rules.check_hand(advisory, staff=staff)
    return advisory


async def _require_some(work: Work, advisory_id: str) -> None:
    if not await advisories.concerned(work, advisory_id):
        fault = Fault("/affected", "no release of the plugin lies in this range")
        raise NoReleaseAffected("The advisory would concern nothing.", faults=[fault])


def _document(statement: Statement) -> dict[str, object]:
    return {name: getattr(statement, name) for name in Statement.__slots__}


def _fact(action: str, advisory: Advisory, reason: str | None = None) -> Fact:
    statement = advisory.statement
    context = {
        "plugin": advisory.plugin_id,
        "severity": str(statement.severity),
        "affected": statement.affected,
        "fixed": statement.fixed,
    }
    return Fact(
        action,
        "advisory",
        advisory.id,
        context=context,
        personal={"reason": reason} if reason else {},
    )


def _place(said: object) -> tuple[datetime, str]:
    match said:
        case [filed_at, id]:
            return as_moment(filed_at), as_text(id)
    raise ValueError("not a time and an advisory")
