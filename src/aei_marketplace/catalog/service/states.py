"""Moving releases through their states, and keeping the listing in step."""

from collections.abc import Collection, Iterable
from uuid import UUID

from aei_marketplace.catalog.errors import NotYourPlugin, PluginNotFound, ReleaseNotFound
from aei_marketplace.catalog.events import ReleaseCompiled, ReleaseListed, ReleaseStateChanged
from aei_marketplace.catalog.rules import listing, states
from aei_marketplace.catalog.rules.membership import Right
from aei_marketplace.catalog.rules.names import check_plugin_id
from aei_marketplace.catalog.rules.release_log import reason_of
from aei_marketplace.catalog.rules.states import Change, Mover, ReleaseState
from aei_marketplace.catalog.rules.views import ReleaseView
from aei_marketplace.catalog.service import release_log
from aei_marketplace.catalog.service.members import require_right
from aei_marketplace.catalog.service.namespaces import too_like
from aei_marketplace.catalog.store import imported_kills, kill_list, plugins, releases, rollouts, stops
from aei_marketplace.catalog.store import states as history
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.errors import Fault, Invalid
from aei_marketplace.ground.typed import clean_typed
from aei_marketplace.ground.work import Work

#: The topic on which every process hears that some release was stopped; see `stops`.
STOPS = "releases_stopped"
#: The topic with what is said on it.
STOPPED_NOW = f"{STOPS}:{stops.PAYLOAD}"
PROCESSING = frozenset({ReleaseState.PROCESSING})
#: Says nothing of the other release: it may be of a plugin that this publisher must not know of.
_KILLED = "Its component is that of a release on the kill list. Ask the marketplace's staff."


async def change_state(
    work: Work,
    plugin_id: str,
    version: str,
    state: ReleaseState,
    reason: str | None = None,
    replacement: str | None = None,
    *,
    restoring: bool = False,
) -> ReleaseView:
    """Move a release to another state, as its publisher or as staff.

    Where staff deprecate or yank a release, its publisher does not take that back.

    Args:
        restoring: the release becomes again what it was, and binds its publisher as it did then.

    Raises:
        NotAllowed: the actor may not, the plugin is another publisher's, or its namespace its members' alone.
        ProofNeeded: it is about the kill list, and the session's last proof is too old.
        PluginNotFound, ReleaseNotFound: there is none that the actor may see.
        StateChangeRefused: the state machine has no such change.
        Invalid: the reason is missing, or the replacement cannot be one.
    """
    _require_any(work)
    release = await _held(work, check_plugin_id(plugin_id), version)
    change = Change(state, reason if restoring else _readable(reason), replacement)
    mover = _mover(work, release)
    await _require_right(work, release, change, mover)
    bound = await history.bound_of(work, release.release_id)
    was_listed = release.listed_at is not None
    states.check_change(release.state, change, mover, was_listed=was_listed, bound=bound)
    await _check_replacement(work, release, replacement)
    after = states.bound_after(bound, change, mover)
    if restoring:
        after = await history.bound_before(work, release.release_id, change)
    moved = await _move(work, release, change, mover, after)
    work.emit(
        ReleaseStateChanged(plugin_id, version, release.release_id, release.component_sha256, str(state))
    )
    return moved


async def _require_right(work: Work, release: ReleaseView, change: Change, mover: Mover) -> None:
    needed = _action_needed(release, change, mover)
    work.actor.require(needed, release.plugin_id)
    if mover is Mover.PUBLISHER:
        namespace = release.plugin_id.partition(".")[0]
        await require_right(work, namespace, Right.PUBLISH, release.plugin_id)
    if needed == "killlist.administer":
        work.actor.require_recent_proof(work.now)


async def publisher_moves(work: Work, release: ReleaseView) -> frozenset[ReleaseState]:
    """The states to which its publisher can move a release of the actor's tenant."""
    bound = await history.bound_of(work, release.release_id)
    return states.possible_changes(
        release.state, Mover.PUBLISHER, was_listed=release.listed_at is not None, bound=bound
    )


async def await_scan(work: Work, release_id: UUID) -> None:
    """Leave a release that was compiled to those who scan it; nothing happens unless it is processing."""
    if await _waiting(work, release_id, PROCESSING) is not None:
        work.emit(ReleaseCompiled(release_id))


async def list_release(work: Work, release_id: UUID, *, held: bool = False) -> None:
    """List a release that passed what new ones pass; nothing happens unless it is still processing.

    What was blocked does not come back under another version or name: it is held. So is the first release of
    what looks like another publisher's that everybody sees by now.

    Args:
        held: list it also when it is held, because what held it is mended.
    """
    release = await _waiting(work, release_id, PROCESSING | {ReleaseState.HELD} if held else PROCESSING)
    if release is None:
        return
    if await kill_list.holds_content_of(work, release) or await imported_kills.naming(
        work, release.package_sha256, release.component_sha256, release_id
    ):
        await hold_release(work, release_id, _KILLED)
        return
    if reason := await too_like(work, release.plugin_id):
        await hold_release(work, release_id, reason)
        return
    await _move(work, release, Change(ReleaseState.LISTED))
    await rollouts.begin(work, release.release_id, release.plugin_id)
    work.emit(
        ReleaseListed(
            release.release_id,
            release.plugin_id,
            release.version,
            str(release.channel),
            release.component_sha256,
        )
    )


async def hold_release(work: Work, release_id: UUID, reason: str) -> ReleaseState | None:
    """Hold a release back with a reason, or say anew why it is held.

    Returns:
        the state in which it was; None when nothing happened, because it was listed once or is stopped.
    """
    release = await _waiting(work, release_id, PROCESSING | {ReleaseState.HELD})
    if release is None:
        return None
    words = reason[: states.LONGEST_REASON]
    if words != release.state_reason:
        await _move(work, release, Change(ReleaseState.HELD, words))
    return release.state


async def stopped_among(work: Work, release_ids: Iterable[UUID]) -> dict[UUID, str]:
    """Those of these releases that the registry has stopped, each with its state and the reason."""
    return await stops.find(work, release_ids)


async def refresh_listing(work: Work, plugin_id: str) -> None:
    """Have the listing follow the plugin's releases; the plugin is locked by the caller."""
    candidates = await releases.candidates(work, plugin_id)
    listed = any(c.was_listed for c in candidates)
    await plugins.describe(work, plugin_id, listing.choose_latest(candidates), listed=listed)


async def change_installs(work: Work, plugin_id: str, delta: int) -> None:
    """Count an installation (1) or the end of one (-1) on the listing."""
    await plugins.change_installs(work, plugin_id, delta)


def _readable(reason: str | None) -> str | None:
    """A reason without what turns a line round: it is public, in lists, feeds and mails."""
    if reason is None or not reason.strip():
        return reason
    return clean_typed(reason, states.LONGEST_REASON, "/reason")


def _require_any(work: Work) -> None:
    """Whoever may change no release at all is told before anything is looked up."""
    if not work.actor.may("plugin.moderate"):
        work.actor.require_somewhere("plugin.publish")


def _mover(work: Work, release: ReleaseView) -> Mover:
    if work.actor.may("plugin.moderate"):
        return Mover.STAFF
    if work.actor.tenant != release.owner_tenant:
        raise NotYourPlugin(f"{release.plugin_id} belongs to another publisher.")
    return Mover.PUBLISHER


def _action_needed(release: ReleaseView, change: Change, mover: Mover) -> str:
    needed = states.action_needed(release.state, change.state)
    return "plugin.moderate" if mover is Mover.STAFF and needed == "plugin.publish" else needed


async def _held(work: Work, plugin_id: str, version: str) -> ReleaseView:
    if await plugins.find(work, plugin_id) is None:
        raise PluginNotFound(f"There is no plugin {plugin_id}.")
    await plugins.lock(work, plugin_id)
    release = await releases.find(work, plugin_id, version) if version.isprintable() else None
    if release is None:
        raise ReleaseNotFound(f"{plugin_id} has no version {version[:64]}.")
    return release


async def _waiting(work: Work, release_id: UUID, states: Collection[ReleaseState]) -> ReleaseView | None:
    """The release, held, if it is in one of these states and was never listed."""
    found = await releases.by_ids(work, [release_id])
    if not found:
        return None
    await plugins.lock(work, found[0].plugin_id)
    release = await _again(work, release_id)
    return release if release.state in states and release.listed_at is None else None


async def _again(work: Work, release_id: UUID) -> ReleaseView:
    return (await releases.by_ids(work, [release_id]))[0]


async def _check_replacement(work: Work, release: ReleaseView, replacement: str | None) -> None:
    if replacement is None:
        return
    try:
        named = check_plugin_id(replacement)
    except PluginNotFound as error:
        raise _no_replacement("the id of another plugin in this marketplace") from error
    known = (await plugins.briefs(work, [named])).get(named)
    if known is None or named == release.plugin_id:
        raise _no_replacement("the id of another plugin in this marketplace")
    # Whoever reads of this release would read of the other as well. What is let go keeps what it named.
    told_to_all = release.visibility == "public" and release.state not in states.STOPPED
    if told_to_all and not (known.visibility == "public" and known.was_listed):
        raise _no_replacement("a public plugin is replaced by one that everybody sees")


def _no_replacement(expected: str) -> Invalid:
    return Invalid("The replacement cannot be one.", faults=[Fault("/replacement", expected)])


async def _move(
    work: Work,
    release: ReleaseView,
    change: Change,
    mover: Mover | None = None,
    bound: ReleaseState | None = None,
) -> ReleaseView:
    await history.save_state(work, release.release_id, change, bound)
    await refresh_listing(work, release.plugin_id)
    moved = await _again(work, release.release_id)
    if change.state in states.STOPPED:
        await stops.announce(work)
    await release_log.tell(work, moved, reason_of(release, change.state, mover))
    work.record(
        Fact(
            states.AUDIT_ACTION[change.state],
            "release",
            f"{release.plugin_id}@{release.version}",
            context={
                "from": str(release.state),
                "release": str(release.release_id),
                **({"replacement": change.replacement} if change.replacement else {}),
            },
            personal={"reason": change.reason} if change.reason else {},
        )
    )
    return moved
