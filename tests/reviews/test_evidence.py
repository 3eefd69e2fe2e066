"""What staff see beside a review that waits: whom it resembles, where it leads, who wrote it and when."""

from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest

from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.ground.actor import Actor, MissingAction
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.errors import Invalid
from aei_marketplace.ground.paging import PageWanted
from aei_marketplace.reviews import service
from aei_marketplace.reviews.rules import flags
from aei_marketplace.reviews.service import (
    FlagKind,
    Policy,
    QueueOrder,
    QueueSelection,
    ReviewState,
    Selection,
)
from tests.builders import Tenant, make_staff
from tests.databases import rows
from tests.plugins import publish, update, work_off
from tests.reviews.conftest import batch, decide, edit, published, queue, shown, undo, write
from tests.reviews.test_evidence_rules import CHANGED, OTHER, PRAISE

S = ReviewState


async def test_staff_see_what_a_text_resembles_where_it_leads_and_who_wrote_it_and_due_it_is_sooner(
    deps: Deps, globex: Tenant, moderator: Actor
) -> None:
    first = await write(deps, globex.viewer, 5, PRAISE)
    plain = await write(deps, globex.admin, 2, OTHER)
    copy = await write(deps, globex.manager, 5, f"{CHANGED} https://shop.evil.example/x")
    await work_off(deps)
    found = {item.review.id: item for item in await queue(deps, moderator)}
    assert [item.review.id for item in await queue(deps, moderator)] == [copy.id, first.id, plain.id]
    assert [flag.kind for flag in found[copy.id].flags] == [FlagKind.LINKS, FlagKind.NEAR_DUPLICATE]
    [alike] = found[copy.id].similar
    assert (alike.review_id, alike.text, alike.author) == (first.id, PRAISE, first.author)
    assert 70 <= alike.score < 100
    assert [(link.host, link.allowed) for link in found[copy.id].links] == [("shop.evil.example", False)]
    assert (found[copy.id].language, found[plain.id].flags, found[plain.id].similar) == ("en", [], [])
    assert found[copy.id].account_since is not None
    assert found[copy.id].possible == {S.APPROVED, S.REJECTED}
    assert found[first.id].review.due_at == found[first.id].review.created_at + timedelta(hours=72)
    async with deps.works.begin(moderator) as work:
        counted = await service.count_queue(work)
        assert (await service.find_waiting(work, copy.id)).flags == found[copy.id].flags
    assert (counted.waiting, counted.overdue, counted.reported) == (3, 0, 0)
    assert counted.flagged[FlagKind.LINKS] == 1
    flagged = QueueSelection(flag=FlagKind.NEAR_DUPLICATE, reported=False, plugin_id="acme.echo")
    assert [item.review.id for item in await queue(deps, moderator, flagged)] == [copy.id]
    assert await queue(deps, moderator, QueueSelection(reported=True)) == []


async def test_a_flag_waits_just_as_long_as_its_review(
    deps: Deps, globex: Tenant, moderator: Actor, urls: DatabaseUrls
) -> None:
    async def flagged(order: QueueOrder = QueueOrder.DUE) -> list[UUID]:
        wanted = QueueSelection(flag=FlagKind.LINKS, order=order)
        async with deps.works.begin(moderator) as work:
            page, counts = await service.look_at_queue(work, PageWanted(50), wanted)
        assert page.total == counts.flagged[FlagKind.LINKS] == len(page.items)
        return sorted(item.review.id for item in page.items)

    linked = f"{OTHER} https://shop.evil.example/x"
    first, second = [await write(deps, who, 3, linked) for who in (globex.viewer, globex.admin)]
    await work_off(deps)
    assert await flagged() == await flagged(QueueOrder.OLDEST) == [first.id, second.id]  # ids go by time
    decided = await batch(deps, moderator, [first.id])
    assert await flagged() == [second.id]
    await undo(deps, moderator, decided.id)
    assert await flagged() == [first.id, second.id]
    await batch(deps, moderator, [first.id, second.id])
    assert await flagged() == []
    await edit(deps, globex.viewer, first.id, 2, linked)  # a writer's own change makes the flag wait again
    assert await flagged() == [first.id]
    connection = await asyncpg.connect(urls.app)
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetch("select * from reviews_count_waiting(now())")
    finally:
        await connection.close()


async def test_the_queue_is_read_in_pages_in_either_order(
    deps: Deps, globex: Tenant, moderator: Actor
) -> None:
    written = [await write(deps, actor) for actor in (globex.viewer, globex.admin, globex.manager)]
    async with deps.works.begin(moderator) as work:
        for order in QueueOrder:
            wanted, seen, cursor = QueueSelection(order=order), list[UUID](), None
            for _ in written:
                page = await service.list_waiting(work, PageWanted.read(1, cursor), wanted)
                seen += [item.review.id for item in page.items]
                cursor = page.next_cursor
            assert (seen, cursor, page.total) == ([review.id for review in written], None, 3)
        for after in (["yesterday", str(written[0].id)], [1, 2], "x", ["2026-07-01T00:00:00", "x"]):
            with pytest.raises(Invalid):
                await service.list_waiting(work, PageWanted(1, after))
    with pytest.raises(MissingAction):
        async with deps.works.begin(globex.admin) as work:
            await service.count_queue(work)


async def test_a_trusted_writers_flagged_review_is_read_and_brought_before_staff(
    deps: Deps, globex: Tenant, moderator: Actor
) -> None:
    operator, _ = await make_staff(deps.works, "Operator")
    async with deps.works.begin(operator) as work:
        await service.change_policy(work, Policy(1, allowed_hosts=("docs.example.org",)))
    review = await published(deps, globex.viewer, moderator)
    await edit(deps, globex.viewer, review.id, 5, "See https://docs.example.org/how")
    await work_off(deps)
    assert await queue(deps, moderator) == []
    await edit(deps, globex.viewer, review.id, 5, "See https://evil.example/how")
    await work_off(deps)
    [waiting] = await queue(deps, moderator)
    assert (waiting.review.state, waiting.possible) == (S.APPROVED, {S.APPROVED, S.HIDDEN})
    assert [text for _, _, text in await shown(deps, globex.admin)] == ["See https://evil.example/how"]
    await decide(deps, moderator, review.id)
    await service.examine(deps.works, review.id, "again")  # a job may run twice
    assert await queue(deps, moderator) == []


async def test_what_one_says_again_about_the_same_plugin_is_no_copy(
    deps: Deps, acme: Tenant, globex: Tenant, moderator: Actor
) -> None:
    await published(deps, globex.viewer, moderator, 5, PRAISE)
    await publish(deps, acme.manager, {"version": "1.1.0"})
    await update(deps, globex.admin)
    await write(deps, globex.viewer, 4, CHANGED)
    await work_off(deps)
    [waiting] = await queue(deps, moderator)
    assert (waiting.flags, waiting.similar) == ([], [])


async def test_many_fresh_accounts_at_once_are_flagged_and_move_nothing_that_is_shown(
    deps: Deps, urls: DatabaseUrls, globex: Tenant, moderator: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flags, "LEAST_BURST", 4)
    monkeypatch.setattr(flags, "DEVIATIONS", 2)
    await published(deps, globex.viewer, moderator, 5)
    await bomb(urls, globex, 500)
    last = await write(deps, globex.admin, 1, "Bad, bad, bad.")
    await service.rate_plugin(deps.works, "acme.echo", "trace")
    await work_off(deps)
    async with deps.works.begin(globex.viewer) as work:
        rating = await service.find_rating(work, "acme.echo")
        page = await service.list_reviews(work, Selection("acme.echo"), PageWanted())
    assert (rating.average, rating.count, page.total) == (5, 1, 1)
    async with deps.works.begin(moderator) as work:
        waiting = await service.find_waiting(work, last.id)
        assert (await service.count_queue(work)).waiting == 501
    assert [flag.kind for flag in waiting.flags] == [FlagKind.BURST, FlagKind.NEW_ACCOUNTS]
    assert waiting.flags[0].reason.startswith("502 reviews of the plugin within 24 hours")
    # Those that came before there were many are flagged and due as the one that showed it.
    [alike] = await rows(
        urls,
        "select count(*), count(distinct flags) as ways, count(distinct due_at - waiting_since) as waits"
        " from reviews r cross join lateral (select array_agg(kind order by kind) as flags"
        " from review_flags f where f.review_id = r.id) g where waiting_since is not null",
    )
    assert tuple(alike) == (501, 1, 1)


async def test_the_first_reviews_of_a_burst_are_flagged_like_the_last_unless_staff_decided_about_them(
    deps: Deps, acme: Tenant, globex: Tenant, moderator: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flags, "LEAST_BURST", 4)
    monkeypatch.setattr(flags, "DEVIATIONS", 2)
    decided, edited = await write(deps, globex.manager), await write(deps, globex.viewer)
    await decide(deps, moderator, decided.id)
    first = await write(deps, globex.admin)
    await work_off(deps)
    assert [one.flags for one in await queue(deps, moderator)] == [[], []]
    await publish(deps, acme.manager, {"version": "1.1.0"})
    await update(deps, globex.admin)
    last = await write(deps, globex.viewer)
    await work_off(deps)
    assert {one.review.id: [flag.kind for flag in one.flags] for one in await queue(deps, moderator)} == {
        review.id: [FlagKind.BURST] for review in (edited, first, last)
    }
    reasons = {flag.reason for one in await queue(deps, moderator) for flag in one.flags}
    assert reasons == {"4 reviews of the plugin within 24 hours; 0.0 are usual."}
    for one in await queue(deps, moderator):
        assert one.review.due_at == one.review.created_at + timedelta(hours=48)
    async with deps.works.begin(moderator) as work:
        assert (await service.find_waiting(work, decided.id)).flags == []
    # An edit does not shake off that it came with the others, nor does a decision that is taken back.
    await edit(deps, globex.viewer, edited.id, 4, "Other words.")
    done = await batch(deps, moderator, [first.id])
    await undo(deps, moderator, done.id)
    await work_off(deps)
    assert [[flag.kind for flag in one.flags] for one in await queue(deps, moderator)] == [
        [FlagKind.BURST]
    ] * 3


async def bomb(urls: DatabaseUrls, tenant: Tenant, many: int) -> None:
    """So many reviews of fresh accounts that wait, all at once."""
    connection = await asyncpg.connect(urls.owner)
    try:
        await connection.execute(
            """
            with fresh as (
              insert into users (id, kind, name, created_at)
              select gen_random_uuid(), 'user', 'Fresh ' || n, now() from generate_series(1, $2::int) n
              returning id)
            insert into reviews (id, plugin_id, release_id, version, writer_id, tenant_id, author, rating,
              text, state, revision, executions, reports, held, waiting_since, due_at, created_at, updated_at)
            select gen_random_uuid(), 'acme.echo', r.id, '1.0.0', fresh.id, $1, 'Fresh', 1, 'Bad.', 'pending',
              1, 0, 0, false, now(), now() + interval '72 hours', now(), now()
            from fresh, releases r where r.plugin_id = 'acme.echo'
            """,
            tenant.id,
            many,
        )
    finally:
        await connection.close()
