"""Reactions of the catalogue, and the sequencer of the public log."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import asyncpg
import structlog
from sqlalchemy.exc import SQLAlchemyError

from aei_inspection.notes import SigningKey
from aei_marketplace.catalog import service
from aei_marketplace.catalog.errors import ReleaseLogCorrupt
from aei_marketplace.catalog.events import NamespaceTransferred, ReleasePublished
from aei_marketplace.catalog.service import ReleaseState, ReleaseView
from aei_marketplace.catalog.store.stops import CHANNEL
from aei_marketplace.ground.actor import system_actor
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.ports import CheckpointShelf, SandboxGone, SandboxRefused
from aei_marketplace.ground.work import Works

#: The sandbox's refusals that say something about the component. Others (`busy`, `no_walls`) say
#: something about the sandbox: the job fails and is run again.
VERDICTS = {
    "not_a_component": "The component is not a WebAssembly component.",
    "invalid_component": "The component is not valid.",
    "overreach": "The component imports more than its manifest requests.",
    "no_run_export": "The component does not export `run` as the plugin interface defines it.",
    "compile_limit": "Compiling the component took more time or memory than is allowed.",
}


#: The database's channel of stopped releases, and the topic of those who run some.
NEWS = {CHANNEL: service.STOPS}

#: A leaf of the public log waits at most this long, and then as long as its batch takes.
PAUSE_S = 0.2
RECONNECT_S = 1.0
#: What is blocked stands on the signed kill list after at most so long.
KILL_LIST_PAUSE_S = 1.0

#: A release that has been processing for so long has lost its job, or its job gave up.
FORGOTTEN = timedelta(minutes=5)

log = structlog.get_logger()


async def prepare_release(deps: Deps, event: ReleasePublished, trace_id: str) -> None:
    """Have a new release's component compiled; then list it, have it scanned, or hold it with the reason.

    Running it again is harmless: the sandbox keeps what it compiled, and only a release that is
    still processing moves.

    Raises:
        SandboxGone: no sandbox answers now; run the job again.
        SandboxRefused: the sandbox cannot judge now; run the job again.
    """
    async with deps.works.system("catalog.prepare", trace_id) as work:
        release = (await service.releases_by_id(work, [event.release_id])).get(event.release_id)
    if release is not None and release.state is ReleaseState.PROCESSING:
        await _prepare(deps, release, trace_id)


async def prepare_forgotten(deps: Deps) -> None:
    """Take up releases that still wait long after they were published, as after a long outage."""
    async with deps.works.system("catalog.prepare") as work:
        waiting = await service.list_processing(work, work.now - FORGOTTEN)
    for release in waiting:
        try:
            await _prepare(deps, release, uuid4().hex)
        except (SandboxGone, SandboxRefused) as error:
            log.warning("release.still_waiting", plugin=release.plugin_id, error=str(error))
            return


async def forget_used_identity_tokens(deps: Deps) -> None:
    """Drop what is remembered of identity tokens that have expired."""
    await service.forget_used_tokens(deps.works)


async def leave_to_successor(deps: Deps, event: NamespaceTransferred, trace_id: str) -> None:
    """End what let the former owner of a namespace publish into it."""
    await service.leave_to_successor(deps.works, event.transfer_id, trace_id)


async def verify_domains(deps: Deps) -> None:
    """Look for publishers' proofs on their domains, those that are due."""
    await service.check_domains(deps.works, deps.domains)


async def keep_release_log(works: Works, key: SigningKey, shelf: CheckpointShelf) -> None:
    """Sequence and sign the public log of releases for as long as the process runs.

    Raises:
        ReleaseLogCorrupt: the log is not what was signed; a person has to look.
    """
    signed = False
    while True:
        try:
            count = await service.sequence_releases(works)
            if count or not signed:
                signed = False
                await service.sign_log(works, key, shelf)
                signed = True
        except ReleaseLogCorrupt:
            log.critical("release_log.corrupt", exc_info=True)
            raise
        except (OSError, SQLAlchemyError, asyncpg.PostgresError):
            log.warning("release_log.tries_again", exc_info=True)
            count = 0
            await asyncio.sleep(RECONNECT_S)
        if count < service.LOG_BATCH:
            await asyncio.sleep(PAUSE_S)


async def keep_kill_list(works: Works, key: SigningKey) -> None:
    """Sign the kill list whenever it has changed, for as long as the process runs."""
    while True:
        try:
            await service.sign_kill_list(works, key)
        except (OSError, SQLAlchemyError, asyncpg.PostgresError):
            log.warning("kill_list.tries_again", exc_info=True)
        await asyncio.sleep(KILL_LIST_PAUSE_S)


async def _prepare(deps: Deps, release: ReleaseView, trace_id: str) -> None:
    objection = await _objection(deps, release)
    # In the publisher's tenant, so that the verdict stands in its own audit log.
    judge = replace(system_actor("catalog.prepare"), tenant=release.owner_tenant)
    async with deps.works.begin(judge, trace_id) as work:
        if objection is not None:
            await service.hold_release(work, release.release_id, objection)
        elif deps.publish_scan:
            await service.await_scan(work, release.release_id)
        else:
            await service.list_release(work, release.release_id)


async def _objection(deps: Deps, release: ReleaseView) -> str | None:
    """Why the release cannot be listed; None when its component is compiled."""
    try:
        component = await deps.blobs.get(release.component_sha256)
        await deps.sandbox.prepare(release.component_sha256, release.manifest.interfaces, component)
    except KeyError:
        return "Its component is missing from the object store; publish it again under another version."
    except SandboxRefused as refused:
        if refused.code not in VERDICTS:
            raise
        return f"{VERDICTS[refused.code]} {refused.detail}".strip()
    return None
