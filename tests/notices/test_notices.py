"""Notices in the product: to whom, how often, read and unread."""

import asyncio
from datetime import timedelta

import pytest

from aei_marketplace.ground.actor import ANONYMOUS
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.errors import Invalid, NotSignedIn
from aei_marketplace.ground.paging import PageWanted
from aei_marketplace.notices import service
from aei_marketplace.notices.errors import NoSuchNotice
from aei_marketplace.notices.rules.kind import Severity
from aei_marketplace.notices.rules.notices import Notice, Subject, to_holders, to_staff, to_user
from tests.builders import Tenant, make_staff
from tests.notices.acts import asks_more, blocked, inbox, read_by, tell, yanked
from tests.notices.conftest import Watch


async def test_a_notice_reaches_whoever_holds_the_action_in_the_tenant(
    deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    operator, _ = await make_staff(deps.works)
    await tell(deps, yanked(to_holders(acme.id, "plugin.install")))
    for actor in (acme.admin, acme.manager):
        (notice,) = await read_by(deps, actor)
        assert notice.words.title == "acme.echo 1.0.0 was withdrawn"
        assert "counts twice" in notice.words.text
        assert notice.words.link == "/marketplace/acme.echo"
    for actor in (acme.agent, acme.viewer, globex.admin, operator):
        assert await read_by(deps, actor) == []


async def test_a_notice_to_one_person_is_read_by_nobody_else(deps: Deps, acme: Tenant) -> None:
    await tell(deps, yanked(to_user(acme.agent.id, acme.id)))
    assert len(await read_by(deps, acme.agent)) == 1
    assert await read_by(deps, acme.admin) == []


async def test_a_notice_to_the_staff_is_read_by_those_who_may_act_on_it(deps: Deps, acme: Tenant) -> None:
    operator, _ = await make_staff(deps.works)
    finance, _ = await make_staff(deps.works, "Finance")
    await tell(deps, blocked(to_staff("plugin.moderate")))
    assert len(await read_by(deps, operator)) == 1
    assert await read_by(deps, finance) == []
    assert await read_by(deps, acme.admin) == []


async def test_a_request_tells_its_own_tenant_and_the_staff_and_no_other_tenant(
    deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    operator, _ = await make_staff(deps.works)
    async with deps.works.begin(acme.admin) as work:
        await service.notify(work, yanked(to_holders(acme.id, "plugin.install")))
        await service.notify(work, yanked(to_staff("plugin.moderate")))
        await service.notify(work, yanked(to_user(acme.admin.id, None)))
    assert len(await read_by(deps, operator)) == 1
    assert len(await read_by(deps, acme.admin)) == 2
    for audience in (to_holders(globex.id, "plugin.install"), to_user(globex.admin.id, None)):
        with pytest.raises(Exception, match="a notice to another tenant"):
            async with deps.works.begin(acme.admin) as work:
                await service.notify(work, yanked(audience))
    assert await read_by(deps, globex.admin) == []


async def test_a_notice_vanishes_with_the_work_that_was_its_cause(deps: Deps, acme: Tenant) -> None:
    with pytest.raises(ZeroDivisionError):
        async with deps.works.system("tests") as work:
            await service.notify(work, yanked(to_holders(acme.id, "plugin.install")))
            raise ZeroDivisionError
    assert await read_by(deps, acme.admin) == []


async def test_what_repeats_on_a_day_is_counted_and_unread_again(
    deps: Deps, acme: Tenant, watch: Watch
) -> None:
    notice = yanked(to_holders(acme.id, "plugin.install"))
    (first,) = await tell(deps, notice)
    assert first is not None
    async with deps.works.begin(acme.admin) as work:
        assert (await service.mark_read(work, first)).read
    watch.pass_(hours=1)
    assert await tell(deps, notice, notice) == [None, None]
    (found,) = await read_by(deps, acme.admin)
    assert (found.id, found.count, found.read) == (first, 3, False)
    assert found.last_at - found.created_at == timedelta(hours=1)
    watch.pass_(days=1)
    assert await tell(deps, notice) != [None]
    assert len(await read_by(deps, acme.admin)) == 2


async def test_other_plugins_and_other_readers_are_other_notices(
    deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    ours, theirs = to_holders(acme.id, "plugin.install"), to_holders(globex.id, "plugin.install")
    written = await tell(deps, yanked(ours), yanked(ours, "acme.other"), blocked(ours), yanked(theirs))
    assert None not in written
    assert len(await read_by(deps, acme.admin)) == 3


async def test_a_job_that_runs_twice_for_one_cause_counts_once(deps: Deps, acme: Tenant) -> None:
    for _ in range(2):
        async with deps.works.system("tests", "one-cause") as work:
            await service.notify(work, yanked(to_holders(acme.id, "plugin.install")))
    (found,) = await read_by(deps, acme.admin)
    assert found.count == 1


async def test_many_at_once_become_one_notice_with_their_number(deps: Deps, acme: Tenant) -> None:
    notice = yanked(to_holders(acme.id, "plugin.install"))
    written = await asyncio.gather(*(tell(deps, notice) for _ in range(6)))
    assert len([ids for ids in written if ids != [None]]) == 1
    (found,) = await read_by(deps, acme.admin)
    assert found.count == 6


async def test_a_read_notice_is_read_for_its_reader_only(deps: Deps, acme: Tenant) -> None:
    (notice_id,) = await tell(deps, yanked(to_holders(acme.id, "plugin.install")))
    assert notice_id is not None
    for _ in range(2):
        async with deps.works.begin(acme.admin) as work:
            assert (await service.mark_read(work, notice_id)).read
    assert (await inbox(deps, acme.admin)).unread == 0
    assert (await inbox(deps, acme.manager)).unread == 1


async def test_a_notice_of_others_cannot_be_marked_or_guessed(
    deps: Deps, acme: Tenant, globex: Tenant
) -> None:
    (notice_id,) = await tell(deps, yanked(to_holders(acme.id, "plugin.install")))
    assert notice_id is not None
    for actor in (globex.admin, acme.agent):
        with pytest.raises(NoSuchNotice):
            async with deps.works.begin(actor) as work:
                await service.mark_read(work, notice_id)


async def test_marking_all_leaves_what_came_after_the_reader_looked(
    deps: Deps, acme: Tenant, watch: Watch
) -> None:
    to = to_holders(acme.id, "plugin.install")
    await tell(deps, yanked(to), blocked(to))
    seen = watch.now
    watch.pass_(minutes=1)
    await tell(deps, asks_more(to))
    async with deps.works.begin(acme.admin) as work:
        assert await service.mark_all_read(work, seen) == 2
    assert [n.kind for n in (await inbox(deps, acme.admin, unread=True)).page.items] == ["update.asks_more"]
    async with deps.works.begin(acme.admin) as work:
        assert await service.mark_all_read(work) == 1
        assert await service.mark_all_read(work) == 0
    with pytest.raises(Invalid):
        async with deps.works.begin(acme.admin) as work:
            await service.mark_all_read(work, seen.replace(tzinfo=None))


async def test_notices_come_in_pages_the_latest_first(deps: Deps, acme: Tenant, watch: Watch) -> None:
    to = to_holders(acme.id, "plugin.install")
    for n in range(5):
        await tell(deps, yanked(to, f"acme.p{n}"))
        watch.pass_(minutes=n % 2)  # some at the same moment
    seen: list[str] = []
    cursor = None
    while True:
        async with deps.works.begin(acme.admin) as work:
            page = (await service.list_notices(work, PageWanted.read(2, cursor))).page
        assert page.total == 5
        seen += [n.subject.id for n in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert sorted(seen) == [f"acme.p{n}@1.0.0" for n in range(5)]
    assert seen[0] == "acme.p4@1.0.0"


@pytest.mark.parametrize("after", ["x", ["a"], ["2030-01-01T00:00:00Z", "no"], {"a": 1}, [1, 2]])
async def test_a_cursor_of_another_list_is_refused(deps: Deps, acme: Tenant, after: object) -> None:
    with pytest.raises(Invalid):
        async with deps.works.begin(acme.admin) as work:
            await service.list_notices(work, PageWanted(2, after))


async def test_notices_are_filtered_by_kind_and_severity(deps: Deps, acme: Tenant) -> None:
    to = to_holders(acme.id, "plugin.install")
    await tell(deps, yanked(to), blocked(to), asks_more(to))
    found = await inbox(deps, acme.admin, severity=Severity.CRITICAL)
    assert [n.kind for n in found.page.items] == ["release.blocked"]
    assert (found.page.total, found.unread) == (1, 3)
    assert (await inbox(deps, acme.admin, kind="release.yanked")).page.total == 1
    with pytest.raises(Invalid):
        await inbox(deps, acme.admin, kind="no.such")


async def test_nobody_reads_notices_without_signing_in(deps: Deps) -> None:
    with pytest.raises(NotSignedIn):
        await inbox(deps, ANONYMOUS)


async def test_data_that_do_not_fit_their_kind_are_a_fault_of_ours(deps: Deps, acme: Tenant) -> None:
    to, about = to_holders(acme.id, "plugin.install"), Subject("release", "x")
    for notice in (Notice("no.such", to, about, {}), Notice("release.yanked", to, about, {"plugin": "x"})):
        with pytest.raises(ValueError, match=r"kind|takes"):
            await tell(deps, notice)


async def test_hostile_values_stay_one_line_of_text(deps: Deps, acme: Tenant) -> None:
    reason = "<script>alert(1)</script>\r\nBcc: x@y\x00 $plugin \u202eevil " + "x" * 2000
    await tell(deps, yanked(to_holders(acme.id, "plugin.install"), reason=reason))
    (found,) = await read_by(deps, acme.admin)
    assert found.words.text.count("\n") == 1  # the template's own
    assert "$plugin" in found.words.text
    assert "\u202e" not in found.words.text
    assert len(found.words.text) < 1000


async def test_old_notices_are_forgotten(deps: Deps, acme: Tenant, watch: Watch) -> None:
    await tell(deps, yanked(to_holders(acme.id, "plugin.install")))
    watch.pass_(days=89)
    assert not await service.forget_old(deps.works)
    assert len(await read_by(deps, acme.admin)) == 1
    watch.pass_(days=2)
    await service.forget_old(deps.works)
    assert await read_by(deps, acme.admin) == []
