"""What releases contain is held against advisories whenever these change."""

from typing import Any
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import text

from aei_inspection.advisories import matching
from aei_inspection.checks.report import Result
from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.certification.service import advisories
from aei_marketplace.certification.store.advisories import taking
from aei_marketplace.ground.actor import ANONYMOUS
from aei_marketplace.ground.errors import NotSignedIn
from aei_marketplace.ground.work import Works
from tests.certification.advisories.conftest import Advisories, Contained, component, keep
from tests.inspection.advisories.osv import before, record


async def test_a_new_advisory_is_held_against_every_release_and_a_mended_one_lets_go(
    database: Advisories, contained: Contained
) -> None:
    await contained("old", [component("Jinja2", "2.11.2"), component("other", "1.0")])
    await contained("new", [component("jinja2", "2.11.3")])
    await database.bring(record("A-1", events=before("2.11.3")), record("A-2", package="unused"))
    await database.follow()
    assert database.told == [("catalogue.old", ("A-1",), ())]
    assert await database.standing("catalogue.old") == {"A-1": ("2.11.3",)}
    assert await database.standing("catalogue.new") == {}

    widened = record("A-1", events=before("3.0"), modified="2026-02-01T00:00:00Z")
    await database.bring(widened, record("A-2", package="unused"))
    await database.follow()
    assert sorted(database.told[1:]) == [("catalogue.new", ("A-1",), ()), ("catalogue.old", ("A-1",), ())]
    assert await database.standing("catalogue.old") == {"A-1": ("3.0",)}

    database.told.clear()
    withdrawn = widened | {"withdrawn": "2026-03-01T00:00:00Z", "modified": "2026-03-01T00:00:00Z"}
    await database.bring(withdrawn, record("A-2", package="unused"))
    await database.follow()
    assert sorted(database.told) == [("catalogue.new", (), ("A-1",)), ("catalogue.old", (), ("A-1",))]
    assert await database.standing("catalogue.old") == {}


async def test_an_advisory_that_is_gone_or_about_another_package_now_lets_go(
    database: Advisories, contained: Contained
) -> None:
    await database.bring(record("A-1", events=before("9.0")), record("A-2", events=before("9.0")))
    await database.follow()
    await contained("old", [component("jinja2", "1.0")])
    assert set(await database.standing("catalogue.old")) == {"A-1", "A-2"}
    await database.bring(
        record("A-1", package="elsewhere", events=before("9.0"), modified="2026-02-01T00:00:00Z")
    )
    await database.follow()
    assert database.told == [("catalogue.old", (), ("A-1", "A-2"))]
    assert await database.standing("catalogue.old") == {}


async def test_an_advisory_that_grew_worse_is_told_of_and_one_in_other_words_is_not(
    database: Advisories, contained: Contained
) -> None:
    await contained("old", [component("jinja2", "1.0")])
    said = record("A-1", events=before("9.0"))

    async def tells(month: int, **more: Any) -> int:
        database.told.clear()
        await database.bring({**said, **more, "modified": f"2026-{month:02}-01T00:00:00Z"})
        await database.follow()
        assert all(told == ("catalogue.old", ("A-1",), ()) for told in database.told)
        return len(database.told)

    low = [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:N/I:N/A:L"}]
    high = [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}]
    assert [
        await tells(2, severity=low),
        await tells(3, severity=low, summary="In other words"),
        await tells(4, severity=high),
    ] == [1, 0, 1]


async def test_a_release_that_is_kept_during_an_import_does_not_escape_its_advisories(
    database: Advisories, contained: Contained, works: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish = taking.replace_origins

    async def meanwhile(*given: Any) -> None:
        """After the import has noted whom it concerns, and before anybody sees it."""
        await contained("old", [component("jinja2", "1.0")])
        await finish(*given)

    monkeypatch.setattr(taking, "replace_origins", meanwhile)
    await database.bring(record("A-1", events=before("9.0")))
    await database.follow()
    assert (await database.standing("catalogue.old"), database.told) == ({}, [])
    (release,) = database.kept
    assert [await advisories.match_again(works, release) for _ in range(2)] == [1, 0]
    await database.follow()
    assert database.told == [("catalogue.old", ("A-1",), ())]
    assert await database.standing("catalogue.old") == {"A-1": ("9.0",)}


async def test_what_a_second_scan_finds_before_the_recheck_is_told_of_all_the_same(
    database: Advisories, contained: Contained, works: Works
) -> None:
    inside = [component("jinja2", "1.0")]
    release = await contained("old", inside)
    await database.bring(record("A-1", events=before("9.0")))
    await keep(works, release, inside)
    await database.follow()
    assert database.told == [("catalogue.old", ("A-1",), ())]


async def test_what_is_kept_of_a_release_is_replaced_and_forgotten_whole(
    database: Advisories, contained: Contained, works: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    await database.bring(record("A-1", events=before("9.0")))
    release = await contained("old", [component("jinja2", "1.0"), component("jinja2", "latest")])
    async with works.system("tests") as work:
        found = await advisories.list_vulnerabilities(work, "catalogue.old")
        assert [(each.version, each.certain) for each in found.items] == [("1.0", True), ("latest", False)]
        assert (found.components, found.advisories_at is not None) == (2, True)
    await keep(works, release, [component("jinja2", "9.0")])
    with monkeypatch.context() as patched:  # an inventory that is too much to compare is told as such
        patched.setattr(matching, "MOST_PAIRS", 1)
        refused = await advisories.compare_packages(works, [component("jinja2", f"1.{n}") for n in range(2)])
    assert (refused.matches, refused.result.result) == (None, Result.ERROR)
    async with works.system("tests") as work:
        assert (await advisories.list_vulnerabilities(work, "catalogue.old")).items == ()
        await advisories.forget_packages(work, release)
        left = (await work.run(text("select count(*) from release_packages"))).scalar_one()
        assert (left, (await advisories.list_vulnerabilities(work, "catalogue.old")).scanned_at) == (0, None)


async def test_only_staff_and_jobs_keep_what_is_inside(works: Works, contained: Contained) -> None:
    release = await contained("old", [])
    with pytest.raises(NotSignedIn):
        async with works.begin(ANONYMOUS) as work:
            await advisories.keep_packages(work, release, [], [])


async def test_tenants_see_what_stands_against_releases_that_they_see_and_write_nothing(
    database: Advisories, contained: Contained, urls: DatabaseUrls
) -> None:
    await database.bring(record("A-1", events=before("9.0")))
    release = await contained("hidden", [component("jinja2", "1.0")])
    connection = await asyncpg.connect(urls.app)
    try:
        assert await _seen(connection) == [1, 1, 1]
        async with database.works.system("tests") as work:
            await work.run(text("update plugins set visibility = 'private' where id = 'catalogue.hidden'"))
        assert await _seen(connection) == [0, 0, 0]
        assert await connection.fetchval("select count(*) from package_advisories") == 1
        for statement in _WRITES:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement.replace(":release", f"'{release}'"))
    finally:
        await connection.close()


_TABLES = ("release_packages", "release_vulnerabilities", "release_inventories")
_WRITES = (
    "delete from package_advisories",
    "update advised_packages set extent = ''",
    "insert into advisory_sources values ('x', 1, 1, now(), now(), now())",
    "delete from release_vulnerabilities",
    "insert into release_packages values (:release, 'PyPI', 'a', 'a', '1', 'sbom')",
    "select * from advisory_changes",
)


async def _seen(connection: asyncpg.Connection) -> list[int]:
    return [await connection.fetchval(f"select count(*) from {table}") for table in _TABLES]


async def test_a_recheck_of_a_change_that_is_not_there_does_nothing(works: Works) -> None:
    assert await advisories.recheck_releases(works, UUID(int=1)) == 0
