"""Importing advisories: all of an export, or nothing of it."""

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from aei_inspection.checks.report import CheckResult, Component, Result
from aei_marketplace.certification.errors.advisories import AdvisoriesOlder, AdvisoriesRefused
from aei_marketplace.certification.rules.advisories import AdvisorySource, check_plausible, replaces
from aei_marketplace.certification.service import advisories
from aei_marketplace.ground.work import Works
from tests.certification.advisories.conftest import Advisories, component, nobody
from tests.inspection.advisories.osv import before, record

_EARLY, _LATE = datetime(2025, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)


async def test_an_import_replaces_what_its_source_brought_and_touches_no_other(database: Advisories) -> None:
    first = await database.bring(record("A-1"), record("A-2"), record("A-3", modified="2025-01-01T00:00:00Z"))
    assert (first.records, first.changed, first.removed) == (3, 3, 0)
    await database.bring(record("B-1"), record("A-2"), source="other")
    again = await database.bring(record("A-3", modified="2026-02-01T00:00:00Z"))
    assert (again.records, again.changed, again.removed) == (1, 2, 1)
    # A-2 stays, for the other source brings it too.
    assert await database.ids() == {"A-2", "A-3", "B-1"}
    unchanged = await database.bring(record("A-3", modified="2026-02-01T00:00:00Z"))
    assert (unchanged.changed, unchanged.removed) == (0, 0)


async def test_of_two_records_with_one_id_the_newer_stays_wherever_it_stands(database: Advisories) -> None:
    older = record("A-1", events=before("9.0"), modified="2025-01-01T00:00:00Z")
    newer = record("A-1", events=before("1.0"), modified="2026-01-01T00:00:00Z")
    later = record("A-1", events=before("2.0"), modified="2026-01-01T00:00:00Z")
    for documents, fixed in (
        ((older, newer), "1.0"),
        ((newer, older), "1.0"),
        ((newer, later, older), "2.0"),
    ):
        await database.bring(*documents, source="-".join(["s", *fixed.split(".")]))
        async with database.works.system("tests") as work:
            found = await advisories.find_package_advisory(work, "A-1")
        assert found.packages[0].ranges == ((("introduced", "0"), ("fixed", fixed)),)


async def test_a_spoilt_export_is_refused_whole_and_the_old_database_stays(
    database: Advisories, tmp_path: Path
) -> None:
    await database.bring(record("A-1"), record("A-2"))
    spoilt = tmp_path / "spoilt.jsonl"
    for content in (
        json.dumps(record("A-9")) + "\n{}",
        json.dumps(record("A-9")) + "\n" + json.dumps(record("A-10"))[:-5],
        json.dumps(record("A-9", package="a\0b")),
        "",
    ):
        spoilt.write_text(content)
        with pytest.raises(AdvisoriesRefused) as refused:
            await advisories.import_export(database.works, spoilt, "test", nobody)
        assert "Nothing was changed" in refused.value.next_step
    assert await database.ids() == {"A-1", "A-2"}
    async with database.works.system("tests") as work:
        (source,) = await advisories.list_advisory_sources(work)
        kept = (
            await work.run(text("select count(*) from audit_entries where action = 'advisories.import'"))
        ).scalar_one()
    assert (source.records, kept) == (2, 1)


async def test_an_export_that_looks_old_is_taken_only_when_that_is_wanted(database: Advisories) -> None:
    await database.bring(record("A-1", modified="2026-01-02T00:00:00Z"))
    with pytest.raises(AdvisoriesOlder, match="2026-01-01"):
        await database.bring(record("A-2", modified="2026-01-01T00:00:00Z"))
    assert await database.ids() == {"A-1"}
    await database.bring(record("A-2", modified="2026-01-01T00:00:00Z"), force=True)
    assert await database.ids() == {"A-2"}


async def test_imports_at_once_come_one_after_the_other(database: Advisories, tmp_path: Path) -> None:
    async def bring(number: int) -> None:
        path = tmp_path / f"{number}.json"
        path.write_text(
            json.dumps(record("A-1", modified=f"2026-01-0{number}T00:00:00Z", aliases=[f"CVE-{number}"]))
        )
        await advisories.import_export(database.works, path, f"source-{number}", nobody)

    await asyncio.gather(*(bring(number) for number in (3, 1, 2)))
    async with database.works.system("tests") as work:
        assert (await advisories.find_package_advisory(work, "A-1")).aliases == ("CVE-3",)


async def test_a_record_of_the_future_does_not_make_every_later_export_look_old(database: Advisories) -> None:
    await database.bring(
        record("A-1", modified="9999-01-01T00:00:00Z"), record("A-2", modified="2026-01-01T00:00:00Z")
    )
    await database.bring(record("A-2", modified="2026-01-02T00:00:00Z"))
    assert await database.ids() == {"A-2"}


async def test_components_are_held_against_what_is_here(database: Advisories, works: Works) -> None:
    async def compare(components: Sequence[Component] | None) -> CheckResult:
        return (await advisories.compare_packages(works, components)).result

    assert (await compare([component("jinja2", "1.0")])).result is Result.NOT_RUN
    await database.bring(
        record("A-1", events=before("2.11.3")),
        record("A-2", events=before("9.0"), withdrawn="2026-01-01T00:00:00Z"),
    )
    found = await compare([component("Jinja2", "2.11.2"), component("x", "1")])
    clean = await compare([component("Jinja2", "2.11.3")])
    untold = await compare(None)
    assert (found.result, [finding.rule for finding in found.findings]) == (Result.FAIL, ["A-1"])
    assert (clean.result, untold.result) == (Result.PASS, Result.NOT_RUN)


@pytest.mark.parametrize(
    ("modified", "digest", "known", "expected"),
    [
        (_LATE, b"b", None, True),
        (_LATE, b"b", (_EARLY, b"a"), True),
        (_LATE, b"b", (_LATE, b"a"), True),
        (_LATE, b"a", (_EARLY, b"a"), False),
        (_EARLY, b"b", (_LATE, b"a"), False),
    ],
)
def test_a_record_replaces_what_is_not_newer_and_differs(modified, digest, known, expected) -> None:
    assert replaces(modified, digest, known) is expected


def test_what_takes_most_of_a_source_away_looks_cut() -> None:
    known = AdvisorySource("osv", 1000, 0, _EARLY, _EARLY, _EARLY)
    check_plausible(None, 1, None)
    check_plausible(known, 500, _EARLY)
    for records, dated in ((499, _LATE), (1000, None)):
        with pytest.raises(AdvisoriesOlder):
            check_plausible(known, records, dated)
