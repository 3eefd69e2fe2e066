"""Releases for tests, published as the marketplace publishes them."""

from collections.abc import Mapping, Sequence
from typing import Any

from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.events import ReleasePublished
from aei_marketplace.catalog.jobs import prepare_release
from aei_marketplace.catalog.service import ReleaseView, Submission
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.deps import Deps
from tests.packages import make_package


async def publish(
    deps: Deps,
    actor: Actor,
    overrides: Mapping[str, Any] | None = None,
    *,
    package: bytes | None = None,
    visibility: str | None = None,
    audience: Sequence[str] | None = None,
) -> ReleaseView:
    """Publish a release and stop there: it is `processing`."""
    content = make_package(overrides) if package is None else package
    submission = Submission(content, visibility=visibility, audience=audience)
    return await catalog.publish_release(deps, actor, "trace", submission)


async def publish_listed(
    deps: Deps, actor: Actor, overrides: Mapping[str, Any] | None = None, **rest: Any
) -> ReleaseView:
    """Publish a release and do what the job process does next: it is `listed`, or `held`."""
    release = await publish(deps, actor, overrides, **rest)
    await prepare(deps, release)
    async with deps.works.begin(actor) as work:
        return await catalog.find_release(work, release.plugin_id, release.version)


async def prepare(deps: Deps, release: ReleaseView) -> None:
    """Do the job that follows a publish."""
    event = ReleasePublished(release.release_id, release.plugin_id, release.version, release.component_sha256)
    await prepare_release(deps, event, "trace")
