"""Marks, reports and their weight, the publisher's reply, and what raw SQL shows of all of it."""

import asyncio
from uuid import uuid4

import asyncpg
import pytest

from aei_marketplace.accounts import service as accounts
from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.decisions.service import Ruling
from aei_marketplace.ground.actor import ANONYMOUS, Actor, MissingAction
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.errors import Invalid, NotSignedIn
from aei_marketplace.ground.paging import PageWanted
from aei_marketplace.notices import service as notices
from aei_marketplace.reviews import service
from aei_marketplace.reviews.errors import (
    AlreadyReplied,
    AlreadyReported,
    NeverInstalled,
    NothingToUndo,
    NotThePublisher,
    OwnPublisher,
    ReplyNotFound,
    ReviewDecided,
    ReviewNotFound,
    ReviewReported,
    TooManyReviews,
    WroteItYourself,
)
from aei_marketplace.reviews.rules import writing
from aei_marketplace.reviews.service import Reply, Review, ReviewState
from tests.builders import Tenant, make_staff, make_tenant
from tests.databases import rows
from tests.plugins import install, work_off
from tests.reviews.conftest import decide, edit, published, report, shown, write

TABLES = (
    "reviews",
    "review_revisions",
    "published_reviews",
    "review_marks",
    "review_reports",
    "review_replies",
)


@pytest.fixture
async def review(deps: Deps, globex: Tenant, moderator: Actor) -> Review:
    """A published review of globex's Viewer."""
    return await published(deps, globex.viewer, moderator)


async def crowd(deps: Deps, count: int) -> list[Tenant]:
    """Tenants that have the plugin installed."""
    tenants = [await make_tenant(deps.works, f"crowd{number}") for number in range(count)]
    for tenant in tenants:
        await install(deps, tenant.admin)
    return tenants


async def mark(deps: Deps, actor: Actor, review: Review, *, helpful: bool = True) -> int:
    async with deps.works.begin(actor) as work:
        return await service.mark_helpful(work, review.id, helpful=helpful)


async def reply(deps: Deps, actor: Actor, review: Review, text: str = "Thank you.") -> Reply:
    async with deps.works.begin(actor) as work:
        return await service.reply_to_review(work, review.id, text)


async def decide_reply(
    deps: Deps, actor: Actor, review: Review, state: str = "approved", reason: str | None = None
) -> Reply:
    async with deps.works.begin(actor) as work:
        return await service.decide_reply(work, review.id, state, reason)


# ---------------------------------------------------------------- helpful


async def test_each_reader_counts_once_and_can_take_it_back(
    deps: Deps, review: Review, globex: Tenant, initech: Tenant
) -> None:
    assert await mark(deps, initech.viewer, review) == 1
    assert await mark(deps, initech.viewer, review) == 1
    assert await mark(deps, initech.agent, review) == 2
    assert await mark(deps, initech.agent, review, helpful=False) == 1
    assert await mark(deps, initech.agent, review, helpful=False) == 1
    with pytest.raises(WroteItYourself):
        await mark(deps, globex.viewer, review)
    with pytest.raises(NotSignedIn):
        await mark(deps, ANONYMOUS, review)


async def test_what_is_not_published_can_neither_be_marked_nor_reported_nor_answered(
    deps: Deps, globex: Tenant, acme: Tenant
) -> None:
    waiting = await write(deps, globex.viewer)
    for act in (
        mark(deps, globex.admin, waiting),
        report(deps, globex.admin, waiting.id),
        reply(deps, acme.manager, waiting),
    ):
        with pytest.raises(ReviewNotFound):
            await act


# ---------------------------------------------------------------- reports


async def test_a_report_brings_a_review_before_staff_and_hides_nothing_by_itself(
    deps: Deps, urls: DatabaseUrls, review: Review, globex: Tenant, moderator: Actor
) -> None:
    await report(deps, globex.admin, review.id, "abusive", "it is rude")
    await work_off(deps)
    async with deps.works.begin(moderator) as work:
        [waiting] = (await service.list_waiting(work, PageWanted())).items
    assert [(r.kind, r.note) for r in waiting.reports] == [("abusive", "it is rude")]
    assert not waiting.review.held
    assert len(await shown(deps, globex.viewer)) == 1
    with pytest.raises(ReviewReported):
        await edit(deps, globex.viewer, review.id, 5, "I take it back.")
    entries = await rows(urls, "select from audit_entries where action = 'review.report'")
    assert len(entries) == 1


async def test_reports_of_three_tenants_hide_a_review_until_staff_keep_it(
    deps: Deps, urls: DatabaseUrls, review: Review, globex: Tenant, moderator: Actor
) -> None:
    tenants = await crowd(deps, 3)
    for tenant in tenants[:2]:
        for actor in (tenant.viewer, tenant.admin, tenant.manager):
            await report(deps, actor, review.id)
    await work_off(deps)
    assert len(await shown(deps, globex.viewer)) == 1  # six people of two tenants
    await report(deps, tenants[2].viewer, review.id)
    await work_off(deps)
    assert await shown(deps, globex.viewer) == []
    assert len(await rows(urls, "select from audit_entries where action = 'review.hold'")) == 1
    await decide(deps, moderator, review.id)
    await work_off(deps)
    assert len(await shown(deps, globex.viewer)) == 1
    outcomes = await rows(urls, "select distinct outcome from review_reports")
    assert [row["outcome"] for row in outcomes] == ["dismissed"]
    with pytest.raises(ReviewDecided):
        await decide(deps, moderator, review.id)


async def test_a_reported_review_that_staff_hide_upholds_the_reports(
    deps: Deps, urls: DatabaseUrls, review: Review, globex: Tenant, moderator: Actor
) -> None:
    await report(deps, globex.admin, review.id)
    await decide(deps, moderator, review.id, "hidden", "it is spam")  # before the job has looked
    await work_off(deps)
    assert [r["outcome"] for r in await rows(urls, "select outcome from review_reports")] == ["upheld"]
    assert await shown(deps, globex.admin) == []
    assert await rows(urls, "select from reviews where waiting_since is not null") == []


async def test_a_person_reports_a_review_once_also_when_it_comes_three_times_at_once(
    deps: Deps, review: Review, globex: Tenant, initech: Tenant
) -> None:
    results = await asyncio.gather(
        *(report(deps, globex.admin, review.id) for _ in range(3)), return_exceptions=True
    )
    assert sum(isinstance(result, AlreadyReported) for result in results) == 2
    with pytest.raises(WroteItYourself):
        await report(deps, globex.viewer, review.id)
    with pytest.raises(NeverInstalled):
        await report(deps, initech.viewer, review.id)
    with pytest.raises(MissingAction):
        await report(deps, globex.agent, review.id)
    with pytest.raises(Invalid):
        await report(deps, globex.manager, review.id, "boring")


async def test_a_flood_of_reports_of_one_person_ends(
    deps: Deps, review: Review, globex: Tenant, moderator: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "MOST_IN_PERIOD", 2)
    [other] = await crowd(deps, 1)
    further = [await published(deps, writer, moderator) for writer in (globex.manager, other.viewer)]
    results = await asyncio.gather(
        *(report(deps, globex.admin, one.id) for one in (review, *further)), return_exceptions=True
    )
    assert sum(isinstance(result, TooManyReviews) for result in results) == 1


# ---------------------------------------------------------------- replies


async def test_the_publisher_replies_once_and_it_is_read_after_staff_approve(
    deps: Deps, review: Review, acme: Tenant, globex: Tenant, moderator: Actor
) -> None:
    results = await asyncio.gather(
        *(reply(deps, acme.manager, review) for _ in range(2)), return_exceptions=True
    )
    assert sum(isinstance(result, AlreadyReplied) for result in results) == 1
    assert await replies_read(deps, globex.viewer) == [None]
    async with deps.works.begin(moderator) as work:
        assert (await service.list_waiting_replies(work, PageWanted())).total == 1
    with pytest.raises(MissingAction):
        await decide_reply(deps, acme.admin, review)
    await decide_reply(deps, moderator, review)
    await work_off(deps)
    assert await replies_read(deps, globex.viewer) == ["Thank you."]
    with pytest.raises(ReviewDecided) as refusal:
        await decide_reply(deps, moderator, review, "rejected", "rude")
    assert refusal.value.extensions == {"state": "approved"}
    async with deps.works.begin(globex.viewer) as work:
        told = [n.kind for n in (await notices.list_notices(work, PageWanted())).page.items]
    assert told[0] == "review.replied"


async def test_staff_of_the_publishers_tenant_decide_neither_about_its_reply_nor_about_its_reviews(
    deps: Deps, urls: DatabaseUrls, review: Review, acme: Tenant, globex: Tenant, moderator: Actor
) -> None:
    await reply(deps, acme.manager, review)
    waiting = await write(deps, globex.admin)
    turned_down = await write(deps, globex.manager, 1, "Bad.")
    await decide(deps, moderator, turned_down.id, "rejected", "say why")
    async with deps.works.begin(globex.manager) as work:
        appealed = await service.appeal_review(work, turned_down.id, "It is.")
    second, _ = await make_staff(deps.works, "Operator")
    async with deps.works.begin(second) as work:
        assert [one.obstacle for one in (await service.list_waiting(work, PageWanted())).items] == [None]
        batch = await service.decide_reviews(work, [review.id], "hidden", "off topic")
    async with deps.works.system("tests") as work:
        assert moderator.id is not None
        assert second.id is not None
        for person in (moderator.id, second.id):
            await accounts.add_member(work, person, "Viewer", acme.id)
    for verdict in ("approved", "rejected"):
        with pytest.raises(OwnPublisher):
            await decide_reply(deps, moderator, review, verdict, "we would rather not")
        with pytest.raises(OwnPublisher):
            await decide(deps, moderator, waiting.id, verdict, "we would rather not")
    with pytest.raises(OwnPublisher):
        async with deps.works.begin(second) as work:
            assert appealed.appeal_case is not None
            await service.decide_appeal(work, appealed.appeal_case, Ruling("stands", "we like it so"))
    async with deps.works.begin(second) as work:
        [undone] = await service.undo_decisions(work, batch.id)  # decided before they belonged to it
        assert isinstance(undone.refusal, OwnPublisher)
    async with deps.works.begin(moderator) as work:
        [answer] = (await service.list_waiting_replies(work, PageWanted())).items
        [queued] = (await service.list_waiting(work, PageWanted())).items
        [left] = (await service.decide_reviews(work, [waiting.id], "approved")).happened
    assert [type(one) for one in (answer.obstacle, queued.obstacle, left.refusal)] == [OwnPublisher] * 3
    denied = await rows(urls, "select from audit_entries where action = 'access.denied'")
    assert len(denied) == 7


async def test_a_decision_about_a_reply_is_taken_back_as_one_about_a_review(
    deps: Deps, urls: DatabaseUrls, review: Review, acme: Tenant, globex: Tenant, moderator: Actor
) -> None:
    await reply(deps, acme.manager, review)
    before = await rows(urls, "select * from review_replies")
    nobody = uuid4()
    async with deps.works.begin(moderator) as work:
        done = await service.decide_replies(work, [review.id, nobody], "approved")
    happened = {one.review_id: one for one in done.happened}
    assert happened[review.id].refusal is None
    assert isinstance(happened[nobody].refusal, ReplyNotFound)
    assert await replies_read(deps, globex.viewer) == ["Thank you."]
    async with deps.works.begin(moderator) as work:
        [late] = (await service.decide_replies(work, [review.id], "rejected", "rude")).happened
    assert isinstance(late.refusal, ReviewDecided)
    assert late.refusal.extensions == {"state": "approved"}
    second, _ = await make_staff(deps.works, "Operator")
    with pytest.raises(NothingToUndo):
        async with deps.works.begin(second) as work:
            await service.undo_decisions(work, done.id)
    async with deps.works.begin(moderator) as work:
        [undone] = await service.undo_decisions(work, done.id)
    await work_off(deps)
    assert (undone.refusal, undone.stands.state if undone.stands else None) == (None, "pending")
    assert await rows(urls, "select * from review_replies") == before
    assert await replies_read(deps, globex.viewer) == [None]
    assert len(await rows(urls, "select from audit_entries where action = 'reply.undo'")) == 1
    async with deps.works.begin(acme.manager) as work:
        told = [n.kind for n in (await notices.list_notices(work, PageWanted())).page.items]
    assert told[0] == "reply.reopened"
    # What was written anew since it was turned down stays.
    async with deps.works.begin(moderator) as work:
        turned_down = await service.decide_replies(work, [review.id], "rejected", "be kind")
    await reply(deps, acme.manager, review, "Thank you kindly.")
    async with deps.works.begin(moderator) as work:
        [undone] = await service.undo_decisions(work, turned_down.id)
    assert isinstance(undone.refusal, ReviewDecided)
    [kept] = await rows(urls, "select text, state from review_replies")
    assert tuple(kept) == ("Thank you kindly.", "pending")
    with pytest.raises(Invalid):
        async with deps.works.begin(moderator) as work:
            await service.decide_replies(work, [review.id], "hidden", "no such decision")
    with pytest.raises(MissingAction):
        async with deps.works.begin(acme.admin) as work:
            await service.decide_replies(work, [review.id], "approved")


async def test_a_reply_that_was_turned_down_may_be_written_again(
    deps: Deps, review: Review, acme: Tenant, moderator: Actor
) -> None:
    await reply(deps, acme.manager, review, "You are wrong.")
    await decide_reply(deps, moderator, review, "rejected", "be kind")
    assert await replies_read(deps, acme.viewer) == [None]
    assert (await reply(deps, acme.manager, review)).state is ReviewState.PENDING


async def test_nobody_else_replies(deps: Deps, review: Review, globex: Tenant, acme: Tenant) -> None:
    with pytest.raises(NotThePublisher):
        await reply(deps, globex.manager, review)
    with pytest.raises(MissingAction):
        await reply(deps, acme.viewer, review)


async def replies_read(deps: Deps, actor: Actor) -> list[str | None]:
    """The replies that somebody reads, review by review."""
    async with deps.works.begin(actor) as work:
        page = await service.list_reviews(work, service.Selection("acme.echo"), PageWanted())
    return [item.reply.text if item.reply else None for item in page.items]


# ---------------------------------------------------------------- raw SQL


async def test_raw_sql_of_the_app_role_shows_what_everybody_reads_and_ones_own(
    deps: Deps, urls: DatabaseUrls, review: Review, acme: Tenant, globex: Tenant, initech: Tenant
) -> None:
    await write(deps, globex.manager, 1, "Nobody has read this yet.")
    await mark(deps, globex.admin, review)
    await report(deps, globex.admin, review.id)
    await reply(deps, acme.manager, review)
    seen = {}
    connection = await asyncpg.connect(urls.app)
    try:
        for name, actor in (
            ("writer", globex.viewer),
            ("colleague", globex.admin),
            ("publisher", acme.manager),
            ("other", initech.admin),
        ):
            await _enter(connection, actor)
            seen[name] = [await connection.fetchval(f"select count(*) from {table}") for table in TABLES]
        await _enter(connection, initech.admin)
        assert await connection.execute("update reviews set state = 'approved'") == "UPDATE 0"
        assert await connection.execute("update published_reviews set rating = 1") == "UPDATE 0"
        assert await connection.execute("update review_replies set state = 'approved'") == "UPDATE 0"
        for statement in (
            "insert into review_reports values (gen_random_uuid(), $1, $2, $3, 'spam', '', null, now())",
            "insert into review_marks values ($1, $2, $3, now())",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement, review.id, globex.viewer.id, globex.id)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("insert into review_policy values (true, 1, now())")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("delete from published_reviews")
    finally:
        await connection.close()
    assert seen == {
        "writer": [1, 1, 1, 0, 0, 0],
        "colleague": [0, 0, 1, 1, 1, 0],
        "publisher": [0, 0, 1, 0, 0, 1],
        "other": [0, 0, 1, 0, 0, 0],
    }


async def _enter(connection: asyncpg.Connection, actor: Actor) -> None:
    await connection.execute(
        "select set_config('aei.tenant', $1, false), set_config('aei.actor', $2, false)",
        str(actor.tenant),
        str(actor.id),
    )
