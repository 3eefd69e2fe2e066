"""Scans that break, hang, come late or are killed never pass, and hold nobody else up."""

import asyncio
import os
import signal
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from aei_inspection.advisories.matching import Match, match
from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.adapters.scanner import ScannerProcess
from aei_marketplace.certification import service
from aei_marketplace.certification.errors import (
    ChecksNotPassed,
    ScanOutdated,
)
from aei_marketplace.certification.rules.states import RequestState
from aei_marketplace.certification.rules.turns import LEASE, MOST_ATTEMPTS
from aei_marketplace.certification.rules.verdicts import Outcome
from aei_marketplace.certification.service import scanning
from aei_marketplace.certification.service.advisories import keeping
from aei_marketplace.certification.service.examining import examine
from aei_marketplace.certification.service.scanning import scan_next, settle, take_turn
from aei_marketplace.certification.store import turns
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.ports import ScanFailed
from aei_marketplace.ground.work import Work
from tests.builders import Tenant, make_tenant
from tests.certification.conftest import (
    ScriptedScanner,
    dated,
    decide,
    look,
    scanned,
    set_policy,
    submit,
)
from tests.clocks import Time
from tests.plugins import publish

S = RequestState


@pytest.mark.parametrize("code", ["missing", "garbage"])
async def test_a_scan_without_a_report_never_passes(
    deps: Deps, acme: Tenant, certifier: Actor, scanner: ScriptedScanner, code: str
) -> None:
    scanner.broken = ScanFailed(code, "it said nothing")  # type: ignore[arg-type]  # each of its words
    request = (await submit(deps, acme.manager)).request
    for _ in range(MOST_ATTEMPTS):
        assert await scan_next(deps)
    assert not await scan_next(deps)
    request = await look(deps, acme.manager, request)
    assert (request.state, request.basis) == (S.IN_REVIEW, None)
    assert code in (request.problem or "")
    with pytest.raises(ScanOutdated):
        await decide(deps, certifier, request)
    if code == "missing":  # once it is there, the scan is done again
        scanner.broken = None
        async with deps.works.begin(certifier) as work:
            await service.scan_again(work, request.id)
        assert await scan_next(deps)
        assert (await decide(deps, certifier, request)).state is S.APPROVED


async def test_without_advisories_and_without_its_package_nothing_is_approved(
    deps: Deps, acme: Tenant, certifier: Actor, urls: DatabaseUrls
) -> None:
    connection = await asyncpg.connect(urls.system)
    await connection.execute("delete from advisory_sources")
    await connection.close()
    request = await scanned(deps, acme.manager)
    assert request.basis.outcome is Outcome.ERROR
    with pytest.raises(ChecksNotPassed, match="vulnerabilities"):
        await decide(deps, certifier, request)
    other = await publish(deps, acme.manager, {"version": "1.1.0"})
    await deps.blobs.delete(other.package_sha256)
    gone = await scanned(deps, acme.manager, "1.1.0")
    assert (gone.state, gone.basis) == (S.IN_REVIEW, None)
    assert "missing from the object store" in gone.problem


async def test_what_an_earlier_attempt_brings_late_is_refused(
    deps: Deps, acme: Tenant, time: Time, urls: DatabaseUrls
) -> None:
    await submit(deps, acme.manager)
    first = await take_turn(deps.works)
    assert await take_turn(deps.works) is None, "its lease holds"
    time.ahead += LEASE + timedelta(seconds=1)
    second = await take_turn(deps.works)
    assert (first.id, first.attempt, second.attempt) == (second.id, 1, 2)
    found = await examine(deps, second, lambda _: None)
    late, *twice = await asyncio.gather(
        settle(deps.works, first, found), settle(deps.works, second, found), settle(deps.works, second, found)
    )
    assert (late, sorted(twice)) == (False, [False, True]), "whichever of the two comes first"
    connection = await asyncpg.connect(urls.system)
    assert await connection.fetchval("select count(*) from certification_reports") == 1
    await connection.close()


async def test_advisories_that_come_during_a_scan_have_it_done_again_before_anything_is_decided(
    deps: Deps, acme: Tenant, operator: Actor, urls: DatabaseUrls
) -> None:
    await set_policy(deps, operator, decision="automatic")
    request = (await submit(deps, acme.manager)).request
    taken = await take_turn(deps.works)
    found = await examine(deps, taken, lambda _: None)
    await dated(urls)
    assert not await settle(deps.works, taken, found)
    overtaken = await look(deps, acme.manager, request)
    assert (overtaken.state, overtaken.basis) == (S.SCANNING, None)
    assert await scan_next(deps)
    assert (await look(deps, acme.manager, request)).state is S.APPROVED


async def test_what_is_inside_is_compared_once_for_a_scan_and_outside_of_its_transactions(
    deps: Deps, acme: Tenant, urls: DatabaseUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_works: list[int] = []

    async def count() -> int:
        connection = await asyncpg.connect(urls.system)
        try:
            return await connection.fetchval(
                "select count(*) from pg_stat_activity"
                " where datname = current_database() and state = 'idle in transaction'"
            )
        finally:
            await connection.close()

    def compare(*given: Any) -> tuple[Match, ...]:
        open_works.append(asyncio.run(count()))  # in a thread of its own
        return match(*given)

    monkeypatch.setattr(keeping, "match", compare)
    await submit(deps, acme.manager)
    taken = await take_turn(deps.works)
    assert await settle(deps.works, taken, await examine(deps, taken, lambda _: None))
    assert open_works == [0]


async def test_a_killed_job_process_loses_its_attempt_and_nothing_else(
    deps: Deps, acme: Tenant, time: Time, urls: DatabaseUrls, tmp_path: Path
) -> None:
    request = (await submit(deps, acme.manager)).request
    sign = tmp_path / "begun"
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        HANGING,
        urls.app,
        urls.system,
        str(sign),
        str(Path.cwd()),
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(60):
            while not sign.exists():
                assert process.returncode is None
                await asyncio.sleep(0.05)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        await process.wait()
    assert (await look(deps, acme.manager, request)).state is S.SCANNING
    assert not await scan_next(deps), "until the lease of the dead has run out"
    time.ahead += LEASE + timedelta(seconds=1)
    assert await scan_next(deps)
    request = await look(deps, acme.manager, request)
    assert (request.state, request.attempt, request.broken) == (S.IN_REVIEW, 2, 0)


HANGING = """
import asyncio, sys
from pathlib import Path
sys.path.insert(0, sys.argv[4])
from aei_marketplace.adapters.queue import PostgresQueue
from aei_marketplace.certification.service.scanning import take_turn
from aei_marketplace.ground.db import open_database
from aei_marketplace.ground.work import Works

async def main():
    async with open_database(sys.argv[1], sys.argv[2], size=2) as database:
        assert await take_turn(Works(database, PostgresQueue())) is not None
        Path(sys.argv[3]).touch()
        await asyncio.sleep(600)

asyncio.run(main())
"""


async def test_a_scan_that_ends_its_process_each_time_comes_to_people(
    deps: Deps, acme: Tenant, time: Time
) -> None:
    request = (await submit(deps, acme.manager)).request
    for _ in range(MOST_ATTEMPTS):
        assert await take_turn(deps.works) is not None
        time.ahead += LEASE + timedelta(seconds=1)
    assert await scan_next(deps)
    request = await look(deps, acme.manager, request)
    assert (request.state, request.basis) == (S.IN_REVIEW, None)


async def test_a_scan_whose_lease_could_not_be_renewed_renews_it_the_next_time(
    deps: Deps, acme: Tenant, scanner: ScriptedScanner, monkeypatch: pytest.MonkeyPatch
) -> None:
    renewed, truly_renew = asyncio.Event(), turns.renew
    answers = iter((OSError("the database is gone"), ValueError("of all things")))

    async def renew(work: Work, request_id: UUID, attempt: int) -> bool:
        if failure := next(answers, None):
            raise failure
        done = await truly_renew(work, request_id, attempt)
        renewed.set()
        return done

    async def wait() -> None:
        async with asyncio.timeout(60):
            await renewed.wait()

    monkeypatch.setattr(scanning, "_TOLD_EVERY", 0.01)
    monkeypatch.setattr(turns, "renew", renew)
    scanner.during = wait
    request = await scanned(deps, acme.manager)
    assert (request.state, request.attempt) == (S.IN_REVIEW, 1)


async def test_publishers_take_turns_in_the_queue(deps: Deps, acme: Tenant) -> None:
    globex = await make_tenant(deps.works, "globex")
    for version in ("1.1.0", "1.2.0"):
        await publish(deps, acme.manager, {"version": version})
        await submit(deps, acme.manager, version)
    await submit(deps, acme.manager)
    await publish(deps, globex.manager, {"id": "globex.one"})
    await submit(deps, globex.manager, plugin="globex.one")
    order = [(await take_turn(deps.works)).plugin_id for _ in range(4)]
    assert order == ["acme.echo", "globex.one", "acme.echo", "acme.echo"]


async def test_a_real_scan_of_an_honest_package_passes_every_check_that_has_to_pass(
    deps: Deps, acme: Tenant
) -> None:
    deps = replace(deps, scanner=ScannerProcess(require_walls=False))
    request = await scanned(deps, acme.manager)
    async with deps.works.begin(acme.manager) as work:
        verdict = (await service.find_request(work, request.id)).verdict
    assert (request.basis and request.basis.outcome, verdict and verdict.why()) == (Outcome.PASS, "")
