"""Plugins for tests, published and installed as callers do it, jobs included."""

from collections.abc import Mapping
from typing import Any

from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.service import ReleaseView, Submission
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.outbox import read_message
from aei_marketplace.installations import service as installations
from aei_marketplace.installations.rules.requests import Wish
from aei_marketplace.operations import service as operations
from aei_marketplace.operations.service import Operation
from aei_marketplace.worker import REACTIONS
from tests.packages import make_package

#: Asks for everything that a grant can narrow.
ASKING = {
    "permissions": {
        "network": {"hosts": ["api.acme.example", "*.data.example:8443"], "reason": "fetches"},
        "secrets": {"names": ["ACME_KEY"], "reason": "signs in"},
    }
}


async def work_off(deps: Deps) -> int:
    """Do all queued jobs as the job process does, in this process; how many there were."""
    done, reactions = 0, {event.kind: (event, todo) for event, todo in REACTIONS.items()}
    async with deps.works.system("tests") as work:
        raw = await work.connection.get_raw_connection()
        driver = raw.driver_connection
        jobs = await driver.fetch("delete from pgqueuer returning id, entrypoint, payload")
    for job in sorted(jobs, key=lambda j: j["id"]):
        event_class, todo = reactions[job["entrypoint"]]
        event, trace_id = read_message(job["payload"], event_class)
        for react in todo:
            await react(deps, event, trace_id)
        done += 1
    return done + (await work_off(deps) if done else 0)


async def publish(
    deps: Deps, publisher: Actor, manifest: Mapping[str, Any] | None = None, **submission: Any
) -> ReleaseView:
    """Publish a release and do the jobs that list it.

    Args:
        submission: `wat` of the component, other `files`; `visibility` and `audience` of the plugin.
    """
    package = make_package(manifest, wat=submission.pop("wat", None), files=submission.pop("files", None))
    release = await catalog.publish_release(deps, publisher, "0" * 32, Submission(package, **submission))
    await work_off(deps)
    return release


async def install(deps: Deps, actor: Actor, plugin_id: str = "acme.echo", **wish: Any) -> Operation:
    """Ask for an installation and carry it out; the operation as it ended."""
    async with deps.works.begin(actor) as work:
        asked = await installations.request_install(work, deps.aei_version, plugin_id, Wish(**wish))
    return await carried_out(deps, actor, asked.operation)


async def update(deps: Deps, actor: Actor, plugin_id: str = "acme.echo", **wish: Any) -> Operation:
    """The same for an update."""
    async with deps.works.begin(actor) as work:
        asked = await installations.request_update(work, deps.aei_version, plugin_id, Wish(**wish))
    return await carried_out(deps, actor, asked.operation)


async def uninstall(
    deps: Deps, actor: Actor, plugin_id: str = "acme.echo", *, purge: bool = False
) -> Operation:
    """The same for the end of an installation."""
    async with deps.works.begin(actor) as work:
        asked = await installations.request_uninstall(work, plugin_id, purge=purge)
    return await carried_out(deps, actor, asked.operation)


async def carried_out(deps: Deps, actor: Actor, operation: Operation) -> Operation:
    """An operation after all jobs were done."""
    await work_off(deps)
    async with deps.works.begin(actor) as work:
        return await operations.find_operation(work, operation.id)
