"""What a writer can do now, what readers see in which order, and what staff alone know."""

from uuid import uuid4

import asyncpg
import pytest

from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.ground.actor import Actor, MissingAction
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.errors import Invalid
from aei_marketplace.ground.paging import PageWanted
from aei_marketplace.reviews import service
from aei_marketplace.reviews.errors import (
    AlreadyReviewed,
    NeverInstalled,
    ReviewMoved,
)
from aei_marketplace.reviews.service import (
    Deed,
    Order,
    ReviewState,
    Selection,
)
from tests.builders import Tenant
from tests.plugins import publish, update, work_off
from tests.reviews.conftest import batch, confirm, edit, published, report, standing, told, write
from tests.reviews.test_evidence_rules import CHANGED, PRAISE

S = ReviewState


async def test_a_writer_sees_what_they_can_do_now_and_others_why_they_cannot_write(
    deps: Deps, acme: Tenant, globex: Tenant, initech: Tenant, moderator: Actor
) -> None:
    empty = await standing(deps, globex.viewer)
    assert (empty.version, empty.obstacle, list(empty.reviews)) == ("1.0.0", None, [])
    review = await published(deps, globex.viewer, moderator)
    now = await standing(deps, globex.viewer)
    assert (now.version, type(now.obstacle)) == (None, AlreadyReviewed)
    assert [own.may for own in now.reviews] == [{Deed.EDIT}]
    await publish(deps, acme.manager, {"version": "1.1.0"})
    assert await told(deps, globex.viewer) == ["review.renew", "review.judged"]
    assert "review.renew" not in await told(deps, globex.admin)
    await update(deps, globex.admin)
    now = await standing(deps, globex.viewer)
    assert (now.version, now.reviews[0].may) == ("1.1.0", {Deed.EDIT, Deed.CONFIRM})
    await confirm(deps, globex.viewer, review.id)
    assert (await standing(deps, globex.viewer)).version is None
    assert isinstance((await standing(deps, initech.viewer)).obstacle, NeverInstalled)
    assert isinstance((await standing(deps, globex.agent)).obstacle, MissingAction)
    assert isinstance((await standing(deps, moderator)).obstacle, MissingAction)


async def test_reviews_are_read_in_the_order_that_is_asked_for_page_by_page(
    deps: Deps, globex: Tenant, moderator: Actor
) -> None:
    written = {}
    for actor, rating in ((globex.viewer, 3), (globex.admin, 5), (globex.manager, 1)):
        written[rating] = await published(deps, actor, moderator, rating, f"{rating} stars")
    async with deps.works.begin(globex.agent) as work:
        await service.mark_helpful(work, written[3].id, helpful=True)
    orders = {
        Order.NEWEST: [1, 5, 3],
        Order.HELPFUL: [3, 1, 5],
        Order.HIGHEST: [5, 3, 1],
        Order.LOWEST: [1, 3, 5],
    }
    async with deps.works.begin(globex.agent) as work:
        for order, wanted in orders.items():
            seen, cursor = list[int](), None
            for _ in wanted:
                page = await service.list_reviews(
                    work, Selection("acme.echo", order=order), PageWanted.read(1, cursor)
                )
                seen += [item.review.rating for item in page.items]
                cursor = page.next_cursor
            assert (seen, cursor, page.total) == (wanted, None, 3)
        for after in ([2**40, str(uuid4())], [None, str(uuid4())], ["x", 1], "x"):
            with pytest.raises(Invalid):
                await service.list_reviews(
                    work, Selection("acme.echo", order=Order.HELPFUL), PageWanted(1, after)
                )
        score = await service.explain_score(work, "acme.echo")
    assert (score.parts[0].count, score.parts[0].average) == (3, 3)


async def test_a_review_that_changed_meanwhile_is_neither_edited_nor_decided_blindly(
    deps: Deps, globex: Tenant, moderator: Actor
) -> None:
    review = await write(deps, globex.viewer)
    await edit(deps, globex.viewer, review.id, 3, "Second thoughts.")
    async with deps.works.begin(globex.viewer) as work:
        now = (await service.find_review(work, review.id)).review
    for actor in (globex.viewer, moderator):
        with pytest.raises(ReviewMoved):
            async with deps.works.begin(actor) as work:
                if actor is moderator:
                    await service.decide_review(work, review.id, "approved", seen=review.etag)
                else:
                    await service.edit_review(work, review.id, service.Words(1, "Third."), seen=review.etag)
    async with deps.works.begin(moderator) as work:
        assert (await service.decide_review(work, review.id, "approved", seen=now.etag)).state is S.APPROVED


async def test_a_person_takes_all_that_is_kept_of_them_along_and_nothing_of_others(
    deps: Deps, globex: Tenant, moderator: Actor
) -> None:
    review = await published(deps, globex.viewer, moderator)
    await edit(deps, globex.viewer, review.id, 2, "Less so.")
    other = await published(deps, globex.admin, moderator, 1)
    await report(deps, globex.viewer, other.id, note="it is rude")
    async with deps.works.begin(globex.viewer) as work:
        await service.mark_helpful(work, other.id, helpful=True)
        own = await service.export_own(work)
    assert [(one.review.id, len(one.history)) for one in own.reviews] == [(review.id, 2)]
    assert [one.note for one in own.reports] == ["it is rude"]
    assert [review_id for review_id, _ in own.marks] == [other.id]
    with pytest.raises(MissingAction):
        async with deps.works.begin(moderator) as work:
            await service.export_own(work)


async def test_raw_sql_of_the_app_role_shows_nobody_but_staff_what_staff_know(
    deps: Deps, urls: DatabaseUrls, acme: Tenant, globex: Tenant, moderator: Actor
) -> None:
    review = await published(deps, globex.viewer, moderator, 5, PRAISE)
    copy = await write(deps, globex.admin, 5, CHANGED)
    await work_off(deps)
    await batch(deps, moderator, [copy.id])
    await publish(deps, acme.manager, {"id": "acme.secret"}, visibility="private")
    tables = ("review_flags", "review_likenesses", "review_signatures", "review_undos", "review_tallies")
    connection = await asyncpg.connect(urls.app)
    try:
        await connection.execute(
            "select set_config('aei.tenant', $1, false), set_config('aei.actor', $2, false)",
            str(globex.id),
            str(globex.viewer.id),
        )
        seen = [await connection.fetchval(f"select count(*) from {table}") for table in tables]
        assert seen == [0, 0, 0, 0, 1]
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("select reviews_unpublish($1)", review.id)
        belongs = "select accounts_belongs($1)"  # of the actor alone
        assert [await connection.fetchval(belongs, one.id) for one in (globex, acme)] == [True, False]
        for statement in (
            "insert into review_flags values ($1, 'links', 'x', now())",
            "insert into review_signatures values ($1, decode(repeat('00', 256), 'hex'), '{}')",
            "insert into review_tallies select 'acme.echo', '9.9.9', 5, 9, 9 where $1::uuid is not null",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement, review.id)
        assert await connection.execute("update review_tallies set writers = 9") == "UPDATE 0"
        await connection.execute("select set_config('aei.staff', 'on', false)")
        assert all([await connection.fetchval(f"select count(*) from {table}") for table in tables])
    finally:
        await connection.close()
