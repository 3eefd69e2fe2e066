"""Appeals: once, decided by another member of the staff, and what they open again."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from aei_marketplace.accounts import service as accounts
from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.decisions import service as decisions
from aei_marketplace.decisions.errors import CaseNotFound, CaseSettled, OwnCase
from aei_marketplace.decisions.service import Ruling
from aei_marketplace.ground.actor import Actor, MissingAction
from aei_marketplace.ground.deps import Deps
from aei_marketplace.reviews import service
from aei_marketplace.reviews.errors import (
    DecidedItYourself,
    NothingToAppeal,
    ReviewNotFound,
)
from aei_marketplace.reviews.rules.appeals import KIND
from aei_marketplace.reviews.service import (
    Deed,
    ReviewState,
)
from tests.builders import Tenant, make_staff
from tests.databases import rows
from tests.plugins import work_off
from tests.reviews.conftest import TEXT, decide, edit, published, report, shown, standing, told, write

S = ReviewState


async def appeal(deps: Deps, actor: Actor, review_id: UUID, words: str = "It is all true.") -> UUID:
    """The case of an appeal."""
    async with deps.works.begin(actor) as work:
        review = await service.appeal_review(work, review_id, words)
    assert review.appeal_case is not None
    return review.appeal_case


async def rule(deps: Deps, actor: Actor, case_id: UUID, verdict: str) -> None:
    async with deps.works.begin(actor) as work:
        await service.decide_appeal(work, case_id, Ruling(verdict, "we read it once more"))


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
