"""Decisions about many reviews at once, and how they are taken back."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from aei_marketplace.accounts import service as accounts
from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.ground.actor import Actor, MissingAction
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.errors import Invalid
from aei_marketplace.reviews import service
from aei_marketplace.reviews.errors import (
    NothingToUndo,
    ReviewDecided,
    ReviewNotFound,
)
from tests.builders import Tenant, make_staff
from tests.databases import rows
from tests.plugins import work_off
from tests.reviews.conftest import (
    TEXT,
    batch,
    decide,
    edit,
    published,
    queue,
    report,
    shown,
    told,
    undo,
    write,
)


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
