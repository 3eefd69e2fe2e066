"""Artefacts after an upgrade of the sandbox: compiled again in the background, before somebody waits."""

from uuid import UUID

import structlog

from aei_marketplace.catalog import service as catalog
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.ports import SandboxRefused
from aei_marketplace.installations import store
from aei_marketplace.installations.errors import NotPrepared
from aei_marketplace.installations.service.requested import prepare

_BATCH = 100
#: Refusals that say something about the sandbox, and nothing about the component.
_PASSING = {"busy", "restarting", "no_walls", "failed"}

log = structlog.get_logger()


class Upkeep:
    """Sees to it that each host, once it has started, holds the artefacts that will be asked for.

    Artefacts fit one version of the runtime and one configuration of its engine; a host that was
    upgraded has none until they are compiled again.
    """

    def __init__(self) -> None:
        self._seen: str | None = None

    async def prepare_all(self, deps: Deps) -> None:
        """Prepare what the present host lacks: what is installed, oldest first, then what is offered.

        Raises:
            SandboxGone: it does not answer (any more); the next time takes up what is left.
        """
        host = await deps.sandbox.hello()
        if host.host_id == self._seen:
            return
        releases, compiled, refused = await _wanted(deps), 0, 0
        for start in range(0, len(releases), _BATCH):
            for prepared in await _prepare_batch(deps, releases[start : start + _BATCH]):
                compiled += prepared is True
                refused += prepared is None
        self._seen = host.host_id
        log.info(
            "artefacts.checked",
            runtime=host.runtime,
            releases=len(releases),
            compiled=compiled,
            refused=refused,
        )


async def _wanted(deps: Deps) -> list[UUID]:
    async with deps.works.system("artefacts.prepare") as work:
        installed = await store.installed_releases(work)
        return list(dict.fromkeys((*installed, *await catalog.offered_releases(work))))


async def _prepare_batch(deps: Deps, ids: list[UUID]) -> list[bool | None]:
    """For each whether it was compiled now, None when the sandbox does not take it any more."""
    async with deps.works.system("artefacts.prepare") as work:
        views = await catalog.releases_by_id(work, ids)
    done: list[bool | None] = []
    for release in (views[id] for id in ids if id in views):
        try:
            compiled = await prepare(deps, release)
        except NotPrepared as error:
            if isinstance(error.__cause__, SandboxRefused) and error.__cause__.code in _PASSING:
                raise
            log.error(
                "artefacts.refused", plugin=release.plugin_id, version=release.version, why=error.detail
            )
            done.append(None)
            continue
        if compiled:
            log.info("artefacts.compiled", plugin=release.plugin_id, version=release.version)
        done.append(compiled)
    return done
