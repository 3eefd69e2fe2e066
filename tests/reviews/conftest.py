"""A published plugin, its publisher, two tenants that have it installed, and a moderator."""

from collections.abc import Collection
from uuid import UUID

import pytest

from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.paging import PageWanted
from aei_marketplace.notices import service as notices
from aei_marketplace.reviews import service
from aei_marketplace.reviews.service import (
    Batch,
    Happened,
    QueueSelection,
    Report,
    Review,
    Standing,
    Waiting,
    Words,
)
from tests.builders import Tenant, make_staff, make_tenant
from tests.plugins import install, publish, work_off

TEXT = "It does what it says."


@pytest.fixture
async def acme(deps: Deps) -> Tenant:
    """The publisher of acme.echo 1.0.0."""
    tenant = await make_tenant(deps.works, "acme")
    await publish(deps, tenant.manager, {"version": "1.0.0"})
    return tenant


@pytest.fixture
async def globex(deps: Deps, acme: Tenant) -> Tenant:
    """A tenant that has it installed."""
    tenant = await make_tenant(deps.works, "globex")
    assert (await install(deps, tenant.admin)).state == "succeeded"
    return tenant


@pytest.fixture
async def initech(deps: Deps) -> Tenant:
    """A tenant that has not."""
    return await make_tenant(deps.works, "initech")


@pytest.fixture
async def moderator(deps: Deps) -> Actor:
    return (await make_staff(deps.works, "Moderator"))[0]


async def write(
    deps: Deps, actor: Actor, rating: int = 4, text: str = TEXT, version: str | None = None
) -> Review:
    async with deps.works.begin(actor) as work:
        return await service.write_review(work, "acme.echo", Words(rating, text), version)


async def edit(deps: Deps, actor: Actor, review_id: UUID, rating: int, text: str) -> Review:
    async with deps.works.begin(actor) as work:
        return await service.edit_review(work, review_id, Words(rating, text))


async def confirm(deps: Deps, actor: Actor, review_id: UUID) -> Review:
    async with deps.works.begin(actor) as work:
        return await service.confirm_review(work, review_id)


async def decide(
    deps: Deps, actor: Actor, review_id: UUID, state: str = "approved", reason: str | None = None
) -> Review:
    async with deps.works.begin(actor) as work:
        return await service.decide_review(work, review_id, state, reason)


async def report(deps: Deps, actor: Actor, review_id: UUID, kind: str = "spam", note: str = "") -> Report:
    async with deps.works.begin(actor) as work:
        return await service.report_review(work, review_id, kind, note)


async def published(deps: Deps, writer: Actor, moderator: Actor, rating: int = 4, text: str = TEXT) -> Review:
    """A review that everybody reads, all jobs done."""
    review = await write(deps, writer, rating, text)
    review = await decide(deps, moderator, review.id)
    await work_off(deps)
    return review


async def shown(deps: Deps, actor: Actor) -> list[tuple[str, int, str]]:
    """What somebody reads about acme.echo: version, rating and text of each review, the newest first."""
    async with deps.works.begin(actor) as work:
        page = await service.list_reviews(work, service.Selection("acme.echo"), PageWanted())
    return [(item.review.version, item.review.rating, item.review.text) for item in page.items]


async def queue(deps: Deps, actor: Actor, wanted: QueueSelection | None = None) -> list[Waiting]:
    """All that waits."""
    async with deps.works.begin(actor) as work:
        page = await service.list_waiting(work, PageWanted(200), wanted or QueueSelection())
    return list(page.items)


async def batch(
    deps: Deps, actor: Actor, ids: Collection[UUID], state: str = "approved", reason: str | None = None
) -> Batch:
    async with deps.works.begin(actor) as work:
        return await service.decide_reviews(work, ids, state, reason)


async def undo(deps: Deps, actor: Actor, batch_id: UUID) -> list[Happened]:
    async with deps.works.begin(actor) as work:
        return await service.undo_decisions(work, batch_id)


async def standing(deps: Deps, actor: Actor) -> Standing:
    async with deps.works.begin(actor) as work:
        return await service.find_standing(work, "acme.echo")


async def told(deps: Deps, actor: Actor) -> list[str]:
    """The notices that somebody reads, the latest first."""
    async with deps.works.begin(actor) as work:
        page = (await notices.list_notices(work, PageWanted())).page
    return [notice.kind for notice in page.items]
