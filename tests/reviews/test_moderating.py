"""What staff see of what waits, decisions about many at once and their undo, appeals, and who is told."""

import asyncio
from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest
from sqlalchemy import text

from aei_marketplace.accounts import service as accounts
from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.decisions import service as decisions
from aei_marketplace.decisions.errors import CaseNotFound, CaseSettled, OwnCase
from aei_marketplace.decisions.service import Ruling
from aei_marketplace.ground.actor import Actor, MissingAction
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.errors import Invalid
from aei_marketplace.ground.paging import PageWanted
from aei_marketplace.notices import service as notices
from aei_marketplace.reviews import service
from aei_marketplace.reviews.errors import (
    AlreadyReviewed,
    DecidedItYourself,
    NeverInstalled,
    NothingToAppeal,
    NothingToUndo,
    ReviewDecided,
    ReviewMoved,
    ReviewNotFound,
)
from aei_marketplace.reviews.rules import flags
from aei_marketplace.reviews.rules.appeals import KIND
from aei_marketplace.reviews.service import (
    Batch,
    Deed,
    FlagKind,
    Happened,
    Order,
    Policy,
    QueueOrder,
    QueueSelection,
    ReviewState,
    Selection,
    Standing,
    Waiting,
)
from tests.builders import Tenant, make_staff
from tests.plugins import publish, update, work_off
from tests.reviews.conftest import TEXT, confirm, decide, edit, published, report, rows, shown, write
from tests.reviews.test_evidence_rules import CHANGED, OTHER, PRAISE

S = ReviewState


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


async def appeal(deps: Deps, actor: Actor, review_id: UUID, words: str = "It is all true.") -> UUID:
    """The case of an appeal."""
    async with deps.works.begin(actor) as work:
        review = await service.appeal_review(work, review_id, words)
    assert review.appeal_case is not None
    return review.appeal_case


async def rule(deps: Deps, actor: Actor, case_id: UUID, verdict: str) -> None:
    async with deps.works.begin(actor) as work:
        await service.decide_appeal(work, case_id, Ruling(verdict, "we read it once more"))


async def told(deps: Deps, actor: Actor) -> list[str]:
    """The notices that somebody reads, the latest first."""
    async with deps.works.begin(actor) as work:
        page = (await notices.list_notices(work, PageWanted())).page
    return [notice.kind for notice in page.items]


# ---------------------------------------------------------------- evidence


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


# ---------------------------------------------------------------- many at once


async def test_a_decision_about_many_says_of_each_what_happened_and_tells_their_writers(
    deps: Deps, urls: DatabaseUrls, globex: Tenant, moderator: Actor
) -> None:
    one, other = await write(deps, globex.viewer, 5), await write(deps, globex.admin, 3)
    decided = await write(deps, globex.manager, 1)
    await decide(deps, moderator, decided.id, "rejected", "off topic")
    done = await batch(deps, moderator, [one.id, other.id, decided.id, uuid4()])
    happened = {item.review_id: item for item in done.happened}
    assert [happened[review.id].refusal for review in (one, other)] == [None, None]
    refusal = happened[decided.id].refusal
    assert isinstance(refusal, ReviewDecided)
    assert refusal.extensions == {"state": "rejected"}
    assert sum(isinstance(item.refusal, ReviewNotFound) for item in done.happened) == 1
    await work_off(deps)
    assert len(await shown(deps, globex.viewer)) == 2
    assert await told(deps, globex.viewer) == ["review.judged"]
    entries = await rows(urls, "select from audit_entries where action = 'review.approve'")
    assert len(entries) == 2
    with pytest.raises(Invalid):
        await batch(deps, moderator, [one.id], "hidden")
    with pytest.raises(MissingAction):
        await batch(deps, globex.admin, [one.id])


async def test_of_two_who_decide_about_the_same_reviews_at_once_each_is_decided_by_one(
    deps: Deps, globex: Tenant, moderator: Actor
) -> None:
    ids = [(await write(deps, actor)).id for actor in (globex.viewer, globex.admin, globex.manager)]
    second, _ = await make_staff(deps.works, "Operator")
    done = await asyncio.gather(batch(deps, moderator, ids), batch(deps, second, ids[::-1], "rejected", "no"))
    refused = [item for one in done for item in one.happened if item.refusal]
    assert len(refused) == 3
    assert all(isinstance(item.refusal, ReviewDecided) for item in refused)


async def test_nobody_decides_about_their_own_among_many_and_that_is_on_record(
    deps: Deps, urls: DatabaseUrls, globex: Tenant
) -> None:
    assert globex.viewer.id is not None
    async with deps.works.system("tests") as work:
        await accounts.add_staff(work, globex.viewer.id, "Moderator")
    own, other = await write(deps, globex.viewer), await write(deps, globex.admin)
    done = await batch(deps, await accounts.actor_for(deps.works, globex.viewer.id, None), [own.id, other.id])
    assert [item.refusal is None for item in done.happened] == [
        item.review_id == other.id for item in done.happened
    ]
    assert len(await rows(urls, "select from audit_entries where action = 'access.denied'")) == 1


async def test_a_decision_about_many_is_taken_back_as_if_it_never_was(
    deps: Deps, urls: DatabaseUrls, globex: Tenant, moderator: Actor
) -> None:
    read = await published(deps, globex.viewer, moderator, 4)
    await edit(deps, globex.viewer, read.id, 1, "Worse now.")
    fresh = await write(deps, globex.admin, 2)
    await work_off(deps)
    before = await rows(urls, "select * from reviews order by id")
    seen = await rows(urls, "select * from published_reviews order by review_id")
    done = await batch(deps, moderator, [read.id, fresh.id])
    await work_off(deps)
    assert len(await shown(deps, globex.viewer)) == 2
    async with deps.works.begin(globex.manager) as work:
        await service.mark_helpful(work, fresh.id, helpful=True)
    happened = await undo(deps, moderator, done.id)
    await work_off(deps)
    assert [item.refusal for item in happened] == [None, None]
    assert await rows(urls, "select * from reviews order by id") == before
    assert await rows(urls, "select * from published_reviews order by review_id") == seen
    assert await shown(deps, globex.viewer) == [("1.0.0", 4, TEXT)]
    assert (await told(deps, globex.admin))[0] == "review.reopened"
    assert len(await rows(urls, "select from audit_entries where action = 'review.undo'")) == 2
    with pytest.raises(NothingToUndo):
        await undo(deps, moderator, done.id)


async def test_what_is_taken_back_does_not_name_a_writer_who_was_forgotten_meanwhile(
    deps: Deps, urls: DatabaseUrls, globex: Tenant, moderator: Actor
) -> None:
    review = await published(deps, globex.viewer, moderator)
    done = await batch(deps, moderator, [review.id], "hidden", "spam")
    # An erasure that began before the decision was committed has not seen what is kept for its undo.
    for table in ("reviews", "published_reviews"):
        await rows(urls, f"update {table} set writer_id = null, author = 'Erased account'")
    [happened] = await undo(deps, moderator, done.id)
    assert happened.refusal is None
    for table in ("reviews", "published_reviews"):
        [named] = await rows(urls, f"select writer_id, author from {table}")
        assert tuple(named) == (None, "Erased account"), table
    assert await shown(deps, globex.viewer) == [("1.0.0", 4, TEXT)]


async def test_only_its_decider_takes_a_decision_back_in_time_and_what_changed_since_stays(
    deps: Deps, urls: DatabaseUrls, globex: Tenant, moderator: Actor
) -> None:
    edited, kept = await write(deps, globex.viewer), await write(deps, globex.admin)
    done = await batch(deps, moderator, [edited.id, kept.id], "rejected", "off topic")
    second, _ = await make_staff(deps.works, "Operator")
    for act in (undo(deps, second, done.id), undo(deps, moderator, uuid4())):
        with pytest.raises(NothingToUndo):
            await act
    with pytest.raises(MissingAction):
        await undo(deps, globex.admin, done.id)
    await edit(deps, globex.viewer, edited.id, 3, "On topic.")
    later = replace(deps.works, clock=lambda: deps.works.clock() + timedelta(minutes=11))
    with pytest.raises(NothingToUndo):
        async with later.begin(moderator) as work:
            await service.undo_decisions(work, done.id)
    happened = {item.review_id: item for item in await undo(deps, moderator, done.id)}
    assert happened[kept.id].refusal is None
    assert isinstance(happened[edited.id].refusal, ReviewDecided)
    again = await batch(deps, moderator, [kept.id])
    await service.forget_undos(later)
    with pytest.raises(NothingToUndo):
        await undo(deps, moderator, again.id)


async def test_reports_that_a_decision_closed_wait_again_when_it_is_taken_back(
    deps: Deps, urls: DatabaseUrls, globex: Tenant, moderator: Actor
) -> None:
    review = await published(deps, globex.viewer, moderator)
    await report(deps, globex.admin, review.id)
    await work_off(deps)
    done = await batch(deps, moderator, [review.id], "hidden", "spam")
    await undo(deps, moderator, done.id)
    [waiting] = await queue(deps, moderator)
    assert [one.outcome for one in waiting.reports] == [None]
    assert len(await shown(deps, globex.viewer)) == 1


# ---------------------------------------------------------------- what a writer can do, and orders


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


# ---------------------------------------------------------------- appeals


async def test_an_appeal_is_decided_by_another_member_of_the_staff_and_publishes_the_review(
    deps: Deps, urls: DatabaseUrls, globex: Tenant, moderator: Actor
) -> None:
    review = await write(deps, globex.viewer, 2)
    with pytest.raises(NothingToAppeal):
        await appeal(deps, globex.viewer, review.id)
    await decide(deps, moderator, review.id, "rejected", "off topic")
    assert (await standing(deps, globex.viewer)).reviews[0].may == {Deed.EDIT, Deed.APPEAL}
    with pytest.raises(ReviewNotFound):
        await appeal(deps, globex.admin, review.id)
    case = await appeal(deps, globex.viewer, review.id)
    with pytest.raises(NothingToAppeal):
        await appeal(deps, globex.viewer, review.id)
    assert (await standing(deps, globex.viewer)).reviews[0].may == {Deed.EDIT}
    with pytest.raises(DecidedItYourself):
        await rule(deps, moderator, case, "publish")
    second, _ = await make_staff(deps.works, "Operator")
    with pytest.raises(MissingAction):
        await rule(deps, globex.admin, case, "publish")
    await rule(deps, second, case, "publish")
    await work_off(deps)
    assert await shown(deps, globex.admin) == [("1.0.0", 2, TEXT)]
    assert (await told(deps, globex.viewer))[0] == "review.judged"
    assert await told(deps, globex.admin) == []  # the case is about one person, who alone is told
    [kept] = await rows(urls, "select state, appeal_case, appeal_words, reason from reviews")
    assert tuple(kept) == ("approved", None, None, "we read it once more")


async def test_an_appeal_that_fails_is_the_last_word_until_the_review_says_something_else(
    deps: Deps, globex: Tenant, moderator: Actor
) -> None:
    review = await published(deps, globex.viewer, moderator)
    await decide(deps, moderator, review.id, "hidden", "names a person")
    second, _ = await make_staff(deps.works, "Operator")
    await rule(deps, second, await appeal(deps, globex.viewer, review.id), "stands")
    assert await shown(deps, globex.admin) == []
    with pytest.raises(NothingToAppeal):
        await appeal(deps, globex.viewer, review.id)
    await edit(deps, globex.viewer, review.id, 3, "Without the name.")
    await decide(deps, moderator, review.id, "rejected", "still there")
    case = await appeal(deps, globex.viewer, review.id)
    await edit(deps, globex.viewer, review.id, 3, "Now without it.")  # what was appealed is no more
    async with deps.works.begin(moderator) as work:
        assert (await decisions.find_case(work, case)).state == "withdrawn"
    assert KIND.four_eyes


async def test_a_rejected_edit_of_a_hidden_review_does_not_open_the_door_to_what_was_hidden(
    deps: Deps, globex: Tenant, moderator: Actor
) -> None:
    review = await published(deps, globex.viewer, moderator, 1, "Call Jo at home: 555 0100.")
    await decide(deps, moderator, review.id, "hidden", "it names a person")
    second, _ = await make_staff(deps.works, "Operator")
    await rule(deps, second, await appeal(deps, globex.viewer, review.id), "stands")
    await edit(deps, globex.viewer, review.id, 1, "Not what I hoped for.")
    after = await decide(deps, moderator, review.id, "rejected", "say what you hoped for")
    assert (after.state, after.text) == (S.REJECTED, "Not what I hoped for.")
    await rule(deps, second, await appeal(deps, globex.viewer, review.id), "publish")
    assert await shown(deps, globex.admin) == [("1.0.0", 1, "Not what I hoped for.")]


async def test_an_appeal_that_is_won_has_the_reports_dismissed_and_the_words_are_not_called_edited(
    deps: Deps, urls: DatabaseUrls, globex: Tenant, moderator: Actor
) -> None:
    review = await published(deps, globex.viewer, moderator)
    await report(deps, globex.manager, review.id)
    await work_off(deps)
    await decide(deps, moderator, review.id)  # staff keep it
    await report(deps, globex.admin, review.id)
    await decide(deps, moderator, review.id, "hidden", "it is spam")
    second, _ = await make_staff(deps.works, "Operator")
    await rule(deps, second, await appeal(deps, globex.viewer, review.id), "publish")
    found = await rows(urls, "select outcome from review_reports")
    assert [one["outcome"] for one in found] == ["dismissed"] * 2
    [same] = await rows(urls, "select published_at = updated_at as same, visible from published_reviews")
    assert tuple(same) == (True, True)


async def test_an_edit_and_the_decision_of_the_appeal_that_it_ends_do_not_wait_for_each_other(
    deps: Deps, urls: DatabaseUrls, globex: Tenant, moderator: Actor
) -> None:
    review = await write(deps, globex.viewer)
    await decide(deps, moderator, review.id, "rejected", "off topic")
    case = await appeal(deps, globex.viewer, review.id)
    second, _ = await make_staff(deps.works, "Operator")
    async with deps.works.begin(globex.viewer) as work:
        await service.find_review(work, review.id)
        await work.run(text("select from reviews where id = :review for update"), {"review": review.id})
        deciding = asyncio.create_task(rule(deps, second, case, "publish"))
        await _somebody_waits(urls)
        await service.edit_review(work, review.id, service.Words(3, "About it."))
    with pytest.raises(CaseSettled):
        await deciding


async def _somebody_waits(urls: DatabaseUrls) -> None:
    waiting = (
        "select from pg_locks join pg_stat_activity a using (pid) where not granted"
        " and a.datname = current_database()"
    )
    async with asyncio.timeout(60):
        while not await rows(urls, waiting):  # noqa: ASYNC110 the database tells nobody that it waits
            await asyncio.sleep(0.02)


async def test_whose_tenant_wrote_the_review_does_not_decide_its_appeal_and_late_ones_are_refused(
    deps: Deps, globex: Tenant, initech: Tenant, moderator: Actor
) -> None:
    review = await write(deps, globex.viewer)
    await decide(deps, moderator, review.id, "rejected", "off topic")
    late = replace(deps.works, clock=lambda: deps.works.clock() + timedelta(days=15))
    with pytest.raises(NothingToAppeal):
        async with late.begin(globex.viewer) as work:
            await service.appeal_review(work, review.id, "It is all true.")
    case = await appeal(deps, globex.viewer, review.id)
    assert globex.admin.id is not None
    async with deps.works.system("tests") as work:
        await accounts.add_staff(work, globex.admin.id, "Moderator")
    with pytest.raises(OwnCase):
        await rule(deps, await accounts.actor_for(deps.works, globex.admin.id, None), case, "publish")
    with pytest.raises(CaseNotFound):
        async with deps.works.begin(initech.viewer) as work:
            await decisions.find_case(work, case)


# ---------------------------------------------------------------- isolation


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
