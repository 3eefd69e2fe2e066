"""Writing, editing and confirming reviews, moderation, what everybody reads, and the listing's rating."""

import asyncio
from pathlib import Path
from uuid import uuid4

import pytest

from aei_marketplace.accounts import service as accounts
from aei_marketplace.adapters.archive_folder import ArchiveFolder
from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.audit.service import erase_person
from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.errors import PluginNotFound
from aei_marketplace.catalog.service import ReleaseState
from aei_marketplace.executions import service as executions
from aei_marketplace.ground.actor import ANONYMOUS, Actor, MissingAction
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.errors import Invalid, NotSignedIn
from aei_marketplace.ground.paging import PageWanted
from aei_marketplace.notices import service as notices
from aei_marketplace.reviews import service
from aei_marketplace.reviews.errors import (
    AlreadyReviewed,
    NeverInstalled,
    NothingToConfirm,
    OwnPlugin,
    PluginStopped,
    ReviewDecided,
    ReviewNotFound,
    TooManyReviews,
    WroteItYourself,
)
from aei_marketplace.reviews.rules import writing
from aei_marketplace.reviews.rules.rating import STEP
from aei_marketplace.reviews.service import ReviewState
from tests.builders import Tenant, make_staff, make_tenant
from tests.databases import rows
from tests.executions.conftest import run
from tests.plugins import install, publish, uninstall, update, work_off
from tests.reviews.conftest import TEXT, confirm, decide, edit, published, shown, write

S = ReviewState


async def listing(deps: Deps, actor: Actor) -> tuple[int, int]:
    """Sum and number of the ratings in the listing."""
    async with deps.works.begin(actor) as work:
        plugin = await catalog.find_plugin(work, "acme.echo")
    return plugin.rating_sum, plugin.rating_count


async def kinds(deps: Deps, actor: Actor) -> list[str]:
    """The notices that somebody reads, the latest first."""
    async with deps.works.begin(actor) as work:
        page = (await notices.list_notices(work, PageWanted())).page
    return [notice.kind for notice in page.items]


# ---------------------------------------------------------------- writing


async def test_a_review_waits_is_approved_and_reaches_listing_publisher_and_writer(
    deps: Deps, acme: Tenant, globex: Tenant, moderator: Actor
) -> None:
    review = await write(deps, globex.viewer, 5)
    assert (review.state, review.version, review.executions) == (S.PENDING, "1.0.0", 0)
    await work_off(deps)
    assert await shown(deps, globex.viewer) == []
    assert await listing(deps, acme.viewer) == (0, 0)
    assert (await decide(deps, moderator, review.id)).state is S.APPROVED
    await work_off(deps)
    assert await shown(deps, ANONYMOUS) == [("1.0.0", 5, TEXT)]
    assert await listing(deps, acme.viewer) == (5, 1)
    assert await kinds(deps, acme.manager) == ["review.published"]
    assert await kinds(deps, globex.viewer) == ["review.judged"]


async def test_who_may_not_review_is_told_why(
    deps: Deps, acme: Tenant, globex: Tenant, initech: Tenant, moderator: Actor
) -> None:
    with pytest.raises(NeverInstalled):
        await write(deps, initech.viewer)
    with pytest.raises(OwnPlugin):
        await write(deps, acme.manager)
    for actor in (globex.agent, moderator):
        with pytest.raises(MissingAction):
            await write(deps, actor)
    with pytest.raises(NotSignedIn):
        await write(deps, ANONYMOUS)
    with pytest.raises(NeverInstalled):
        await write(deps, globex.viewer, version="9.9.9")


async def test_a_publisher_that_installed_its_own_plugin_does_not_review_it(deps: Deps, acme: Tenant) -> None:
    assert (await install(deps, acme.admin)).state == "succeeded"
    with pytest.raises(OwnPlugin):
        await write(deps, acme.viewer)


async def test_who_belongs_to_the_publisher_does_not_review_its_plugin_for_another_tenant(
    deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    assert globex.viewer.id is not None
    async with deps.works.system("tests") as work:
        await accounts.add_member(work, globex.viewer.id, "Viewer", acme.id)
    with pytest.raises(OwnPlugin):
        await write(deps, globex.viewer, 5)
    async with deps.works.begin(globex.viewer) as work:
        assert isinstance((await service.find_standing(work, "acme.echo")).obstacle, OwnPlugin)
    assert (await write(deps, globex.admin, 5)).state is S.PENDING


async def test_a_review_is_not_confirmed_for_a_version_that_its_writer_reviewed_in_another_tenant(
    deps: Deps, acme: Tenant, globex: Tenant, initech: Tenant, moderator: Actor
) -> None:
    review = await published(deps, globex.viewer, moderator)
    await publish(deps, acme.manager, {"version": "1.1.0"})
    await update(deps, globex.admin)
    await install(deps, initech.admin)
    assert globex.viewer.id is not None
    async with deps.works.system("tests") as work:
        await accounts.add_member(work, globex.viewer.id, "Viewer", initech.id)
    elsewhere = await accounts.actor_for(deps.works, globex.viewer.id, initech.id)
    assert (await write(deps, elsewhere)).version == "1.1.0"
    with pytest.raises(AlreadyReviewed):
        await confirm(deps, globex.viewer, review.id)


async def test_who_uninstalled_a_plugin_still_reviews_it(deps: Deps, globex: Tenant) -> None:
    await uninstall(deps, globex.admin)
    assert (await write(deps, globex.viewer, 1)).version == "1.0.0"


async def test_a_private_plugin_is_as_absent_as_one_that_never_was(
    deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    await publish(deps, acme.manager, {"id": "acme.secret"}, visibility="private")
    for name in ("acme.secret", "acme.absent"):
        with pytest.raises(PluginNotFound):
            async with deps.works.begin(globex.viewer) as work:
                await service.write_review(work, name, service.Words(4, TEXT))
        with pytest.raises(PluginNotFound):
            async with deps.works.begin(globex.viewer) as work:
                await service.list_reviews(work, service.Selection(name), PageWanted())


async def test_a_quarantined_release_takes_no_reviews_and_no_edits(
    deps: Deps, globex: Tenant, moderator: Actor
) -> None:
    review = await write(deps, globex.viewer)
    async with deps.works.begin(moderator) as work:
        await catalog.change_state(work, "acme.echo", "1.0.0", ReleaseState.QUARANTINED, "we look at it")
    with pytest.raises(PluginStopped):
        await write(deps, globex.admin)
    with pytest.raises(PluginStopped):
        await edit(deps, globex.viewer, review.id, 1, "Worse.")


async def test_the_second_review_of_a_release_is_refused_also_when_both_come_at_once(
    deps: Deps, urls: DatabaseUrls, globex: Tenant
) -> None:
    results = await asyncio.gather(*(write(deps, globex.viewer) for _ in range(3)), return_exceptions=True)
    assert sum(isinstance(result, AlreadyReviewed) for result in results) == 2
    with pytest.raises(AlreadyReviewed):
        await write(deps, globex.viewer)
    assert len(await rows(urls, "select from reviews")) == 1
    assert len(await rows(urls, "select from review_revisions")) == 1


async def test_a_review_says_how_often_its_writer_ran_that_version(
    deps: Deps, urls: DatabaseUrls, globex: Tenant
) -> None:
    async with executions.serving(deps, urls.app) as runs:
        for actor in (globex.manager, globex.manager, globex.agent):
            await run(runs, actor)
    assert (await write(deps, globex.manager)).executions == 2
    assert (await write(deps, globex.viewer)).executions == 0


async def test_a_person_writes_so_often_in_a_day_and_no_more(
    deps: Deps, globex: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "MOST_IN_PERIOD", 3)
    review = await write(deps, globex.viewer)
    for number in range(2):
        await edit(deps, globex.viewer, review.id, 4, f"Thought {number}.")
    with pytest.raises(TooManyReviews):
        await edit(deps, globex.viewer, review.id, 4, "One more thought.")


# ---------------------------------------------------------------- editing and confirming


async def test_an_edit_waits_while_the_approved_text_is_read_and_the_history_is_kept(
    deps: Deps, globex: Tenant, moderator: Actor
) -> None:
    review = await published(deps, globex.viewer, moderator)
    edited = await edit(deps, globex.viewer, review.id, 1, "It broke.")
    assert (edited.state, edited.revision) == (S.PENDING, 2)
    assert await shown(deps, globex.admin) == [("1.0.0", 4, TEXT)]
    await decide(deps, moderator, review.id)
    await work_off(deps)
    assert await shown(deps, globex.admin) == [("1.0.0", 1, "It broke.")]
    assert await listing(deps, globex.admin) == (1, 1)
    async with deps.works.begin(globex.viewer) as work:
        own = await service.find_review(work, review.id)
    assert [(kept.revision, kept.rating, kept.text) for kept in own.history] == [
        (2, 1, "It broke."),
        (1, 4, TEXT),
    ]


async def test_an_edit_that_is_turned_down_leaves_the_review_as_it_was(
    deps: Deps, globex: Tenant, moderator: Actor
) -> None:
    review = await published(deps, globex.viewer, moderator)
    await edit(deps, globex.viewer, review.id, 1, "Buy at my shop.")
    after = await decide(deps, moderator, review.id, "rejected", "advertising")
    assert (after.state, after.text, after.reason) == (S.APPROVED, TEXT, "advertising")
    assert await shown(deps, globex.admin) == [("1.0.0", 4, TEXT)]


async def test_nobody_edits_the_review_of_another(deps: Deps, globex: Tenant, moderator: Actor) -> None:
    review = await published(deps, globex.viewer, moderator)
    for act in (
        edit(deps, globex.admin, review.id, 1, "Not mine."),
        confirm(deps, globex.admin, review.id),
        edit(deps, globex.viewer, uuid4(), 1, "Nobody's."),
    ):
        with pytest.raises(ReviewNotFound):
            await act
    with pytest.raises(ReviewNotFound):
        async with deps.works.begin(globex.admin) as work:
            await service.find_review(work, review.id)


async def test_a_review_is_confirmed_for_a_new_version_or_another_is_written_and_each_writer_counts_once(
    deps: Deps, urls: DatabaseUrls, acme: Tenant, globex: Tenant, moderator: Actor
) -> None:
    review = await published(deps, globex.viewer, moderator, 2)
    other = await published(deps, globex.admin, moderator, 4)
    with pytest.raises(NothingToConfirm):
        await confirm(deps, globex.viewer, review.id)
    await publish(deps, acme.manager, {"version": "1.1.0"})
    assert (await update(deps, globex.admin)).state == "succeeded"
    confirmed = await confirm(deps, globex.viewer, review.id)
    assert (confirmed.version, confirmed.state, confirmed.revision) == ("1.1.0", S.APPROVED, 2)
    await work_off(deps)
    assert await listing(deps, acme.viewer) == (6, 2)
    [weighed] = await rows(urls, "select rating_weighed_sum as total, rating_weight as weight from plugins")
    assert tuple(weighed) == pytest.approx((2 + STEP * 4, 1 + STEP))
    renewed = await published(deps, globex.admin, moderator, 5, "Better now.")
    assert renewed.id != other.id
    assert await shown(deps, globex.admin) == [
        ("1.1.0", 5, "Better now."),
        ("1.0.0", 4, TEXT),
        ("1.1.0", 2, TEXT),
    ]
    assert await listing(deps, acme.viewer) == (7, 2)
    with pytest.raises(AlreadyReviewed):
        await confirm(deps, globex.admin, other.id)


# ---------------------------------------------------------------- moderation


async def test_a_decided_review_is_a_conflict_with_its_state_also_when_two_decide_at_once(
    deps: Deps, globex: Tenant, moderator: Actor
) -> None:
    review = await write(deps, globex.viewer)
    results = await asyncio.gather(
        decide(deps, moderator, review.id), decide(deps, moderator, review.id), return_exceptions=True
    )
    [refused] = [result for result in results if isinstance(result, BaseException)]
    assert isinstance(refused, ReviewDecided)
    assert refused.extensions == {"state": "approved"}


async def test_only_moderators_decide_and_with_a_reason_where_one_is_due(
    deps: Deps, globex: Tenant, moderator: Actor
) -> None:
    review = await write(deps, globex.viewer)
    curator, _ = await make_staff(deps.works, "Curator")
    for actor in (globex.admin, globex.viewer, curator):
        with pytest.raises(MissingAction):
            await decide(deps, actor, review.id)
    with pytest.raises(Invalid):
        await decide(deps, moderator, review.id, "rejected")
    with pytest.raises(ReviewNotFound):
        await decide(deps, moderator, uuid4())
    assert (await decide(deps, moderator, review.id, "rejected", "not about it")).state is S.REJECTED
    await work_off(deps)
    assert await shown(deps, globex.viewer) == []
    assert (await edit(deps, globex.viewer, review.id, 3, "About it.")).state is S.PENDING


async def test_a_hidden_review_leaves_reading_and_rating_and_returns_by_an_approved_edit(
    deps: Deps, globex: Tenant, moderator: Actor
) -> None:
    review = await published(deps, globex.viewer, moderator)
    await decide(deps, moderator, review.id, "hidden", "names a person")
    await work_off(deps)
    assert await shown(deps, globex.viewer) == []
    assert await listing(deps, globex.viewer) == (0, 0)
    await edit(deps, globex.viewer, review.id, 3, "Without the name.")
    await decide(deps, moderator, review.id)
    await work_off(deps)
    assert await shown(deps, globex.viewer) == [("1.0.0", 3, "Without the name.")]


async def test_who_writes_and_moderates_does_not_decide_about_their_own(deps: Deps, globex: Tenant) -> None:
    assert globex.viewer.id is not None
    async with deps.works.system("tests") as work:
        await accounts.add_staff(work, globex.viewer.id, "Moderator")
    review = await write(deps, globex.viewer)
    with pytest.raises(WroteItYourself):
        await decide(deps, await accounts.actor_for(deps.works, globex.viewer.id, None), review.id)


async def test_a_trusted_writer_is_read_at_once_until_staff_find_a_fault(
    deps: Deps, acme: Tenant, globex: Tenant, moderator: Actor
) -> None:
    operator, _ = await make_staff(deps.works, "Operator")
    async with deps.works.begin(operator) as work:
        await service.change_policy(work, service.Policy(1))
    with pytest.raises(MissingAction):
        async with deps.works.begin(moderator) as work:
            await service.change_policy(work, service.Policy())
    first = await published(deps, globex.viewer, moderator)
    assert (await edit(deps, globex.viewer, first.id, 5, "Even better.")).state is S.APPROVED
    assert await shown(deps, ANONYMOUS) == [("1.0.0", 5, "Even better.")]
    assert (await write(deps, globex.admin)).state is S.PENDING
    await decide(deps, moderator, first.id, "hidden", "bought")
    await publish(deps, acme.manager, {"version": "1.1.0"})
    await update(deps, globex.admin)
    assert (await write(deps, globex.viewer, 5)).state is S.PENDING


async def test_the_queue_shows_what_waits_with_its_writers_record(
    deps: Deps, globex: Tenant, moderator: Actor
) -> None:
    first = await write(deps, globex.viewer)
    second = await write(deps, globex.admin)
    async with deps.works.begin(moderator) as work:
        page = await service.list_waiting(work, PageWanted(1))
        rest = await service.list_waiting(work, PageWanted.read(1, page.next_cursor))
    assert (page.total, [item.review.id for item in (*page.items, *rest.items)]) == (2, [first.id, second.id])
    assert page.items[0].record is not None
    with pytest.raises(MissingAction):
        async with deps.works.begin(globex.admin) as work:
            await service.list_waiting(work, PageWanted())


async def test_fresh_accounts_that_bomb_a_plugin_do_not_move_its_rating_before_staff_decide(
    deps: Deps, globex: Tenant, moderator: Actor
) -> None:
    await published(deps, globex.viewer, moderator, 5)
    for number in range(3):
        tenant = await make_tenant(deps.works, f"bomber{number}")
        await install(deps, tenant.admin)
        for actor in (tenant.admin, tenant.manager, tenant.viewer):
            await write(deps, actor, 1, "Bad.")
    await work_off(deps)
    assert await listing(deps, globex.viewer) == (5, 1)
    assert await shown(deps, globex.viewer) == [("1.0.0", 5, TEXT)]


# ---------------------------------------------------------------- privacy


async def test_an_erased_person_counts_once_as_before(
    deps: Deps, acme: Tenant, globex: Tenant, moderator: Actor, tmp_path: Path
) -> None:
    await published(deps, globex.viewer, moderator, 1)
    await publish(deps, acme.manager, {"version": "1.1.0"})
    await update(deps, globex.admin)
    await published(deps, globex.viewer, moderator, 5)
    assert await listing(deps, acme.viewer) == (5, 1)
    await erase_person(deps.works, ArchiveFolder(tmp_path / "archive"), "viewer@globex.example")
    await service.rate_plugin(deps.works, "acme.echo", "trace")
    assert await listing(deps, acme.viewer) == (5, 1)
    assert len(await shown(deps, ANONYMOUS)) == 2


async def test_the_reviews_of_an_erased_person_stay_without_their_name_and_their_drafts_go(
    deps: Deps, urls: DatabaseUrls, globex: Tenant, moderator: Actor, tmp_path: Path
) -> None:
    review = await published(deps, globex.viewer, moderator)
    await edit(deps, globex.viewer, review.id, 4, "It does what it says, mostly.")
    assert globex.viewer.id is not None
    await erase_person(deps.works, ArchiveFolder(tmp_path / "archive"), "viewer@globex.example")
    [kept] = await rows(urls, "select * from published_reviews")
    assert (kept["writer_id"], kept["author"], kept["text"]) == (None, accounts.ERASED_NAME, TEXT)
    [kept] = await rows(urls, "select * from reviews")
    assert (kept["writer_id"], kept["author"]) == (None, accounts.ERASED_NAME)
    assert await rows(urls, "select from review_revisions") == []
    await decide(deps, moderator, review.id)  # what waited can still be decided, and nobody is told
    await work_off(deps)
    with pytest.raises(MissingAction):
        async with deps.works.begin(globex.admin) as work:
            await service.forget_person(work, globex.viewer.id)
