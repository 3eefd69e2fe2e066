"""From a wish to a badge and to its end: scans that are durable, decisions by people, and who is told."""

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
from aei_inspection.certificates import Certificate, verify_certificate
from aei_inspection.checks.report import Result
from aei_inspection.signatures import PrivateKey
from aei_marketplace.accounts import service as accounts
from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.adapters.scanner import ScannerProcess
from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.errors import PluginNotFound
from aei_marketplace.catalog.events import NamespaceTransferred
from aei_marketplace.catalog.service import ReleaseState
from aei_marketplace.certification import service
from aei_marketplace.certification.errors import (
    ChecksNotPassed,
    NotCertifiable,
    OwnRelease,
    RequestNotFound,
    ScanOutdated,
    ScanRefused,
    SecondEyesNeeded,
    StateConflict,
)
from aei_marketplace.certification.jobs import badges, scans, transfers
from aei_marketplace.certification.rules.states import Purpose, RequestState
from aei_marketplace.certification.rules.turns import FIRST_PAUSE, LEASE, MOST_ATTEMPTS
from aei_marketplace.certification.rules.verdicts import Outcome
from aei_marketplace.certification.service import badges as service_badges
from aei_marketplace.certification.service import scanning
from aei_marketplace.certification.service.advisories import keeping
from aei_marketplace.certification.service.badges import end_vulnerable, sign_badges
from aei_marketplace.certification.service.examining import examine
from aei_marketplace.certification.service.scanning import scan_next, settle, take_turn
from aei_marketplace.certification.store import requests, turns
from aei_marketplace.decisions import service as decisions
from aei_marketplace.decisions.errors import CaseConflict, CaseHeld, CaseMoved
from aei_marketplace.ground.actor import Actor, MissingAction
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.paging import PageWanted
from aei_marketplace.ground.ports import ScanFailed
from aei_marketplace.ground.work import Work
from aei_marketplace.installations import service as installations
from aei_marketplace.installations.errors import NotAdmitted, PolicyUnfit
from aei_marketplace.installations.rules.admission import NOT_CERTIFIED
from aei_marketplace.installations.rules.requests import Wish
from aei_marketplace.notices import service as notices
from aei_marketplace.operations import service as operations
from tests.builders import Tenant, make_tenant
from tests.certification.conftest import (
    BAD,
    KEY,
    ScriptedScanner,
    certified,
    dated,
    decide,
    look,
    scanned,
    set_policy,
    submit,
)
from tests.clocks import Time
from tests.plugins import install, publish, update, work_off

S = RequestState


async def told(deps: Deps, actor: Actor) -> list[str]:
    async with deps.works.begin(actor) as work:
        return sorted(n.kind for n in (await notices.list_notices(work, PageWanted())).page.items)


async def release(deps: Deps, actor: Actor, version: str = "1.0.0") -> catalog.ReleaseView:
    async with deps.works.begin(actor) as work:
        return await catalog.find_release(work, "acme.echo", version)


async def actions(urls: DatabaseUrls) -> list[str]:
    connection = await asyncpg.connect(urls.system)
    try:
        rows = await connection.fetch(
            "select action from audit_entries where action like 'certification.%' order by at"
        )
        return [row["action"] for row in rows]
    finally:
        await connection.close()


# ---------------------------------------------------------------- from a wish to a badge


async def test_a_release_is_scanned_approved_signed_and_shown_as_certified(
    deps: Deps, acme: Tenant, certifier: Actor, scanner: ScriptedScanner, urls: DatabaseUrls
) -> None:
    request = await scanned(deps, acme.manager)
    assert (request.state, request.basis and request.basis.outcome) == (S.IN_REVIEW, Outcome.PASS)
    async with deps.works.begin(acme.manager) as work:
        operation = await operations.find_operation(work, request.operation_id)
        described = await service.find_request(work, request.id)
    assert operation.state == "succeeded"
    by_id = {check.id: check for check in described.evidence.checks}
    assert by_id["behaviour"].result is Result.PASS
    assert by_id["behaviour"].findings[0].rule == "ran"
    assert described.evidence.inspected == "extracted"
    assert not (await release(deps, acme.viewer)).certified

    request = await decide(deps, certifier, request)
    assert request.state is S.APPROVED
    assert not (await release(deps, acme.viewer)).certified, "not before it is signed"
    assert await sign_badges(deps.works, KEY) == 1
    assert await sign_badges(deps.works, KEY) == 0
    await work_off(deps)
    shown = await release(deps, acme.viewer)
    assert (shown.certified, shown.certification, shown.certified_until) == (
        True,
        request.id,
        request.expires_at,
    )
    async with deps.works.begin(acme.viewer) as work:
        assert (await catalog.find_plugin(work, "acme.echo")).certified
        envelope, pem = await service.find_statement(work, request)
        assert await service.list_verifying_keys(work) == [pem] == [KEY.public.pem().decode()]
    said = verify_certificate(envelope, shown.package_sha256, [KEY.public], deps.works.clock())
    assert (said.plugin_id, said.version, said.policy["number"]) == ("acme.echo", "1.0.0", 1)
    assert {check["id"] for check in said.checks} == set(by_id)
    assert (said.inspected, said.decided, said.advisories_at) == (
        "extracted", "certifier", request.basis.advisories_at,
    )  # fmt: skip
    assert await told(deps, acme.manager) == ["certification.granted"]
    assert await actions(urls) == ["certification.submit", "certification.approve"]

    await publish(deps, acme.manager, {"version": "1.1.0"})
    await scanned(deps, acme.manager, "1.1.0")
    assert scanner.before[0] is None
    assert (scanner.before[-1].version, scanner.before[-1].hosts) == ("1.0.0", ("api.acme.example",))


async def test_the_same_release_is_answered_from_the_record(
    deps: Deps, acme: Tenant, certifier: Actor, scanner: ScriptedScanner, urls: DatabaseUrls
) -> None:
    first = await submit(deps, acme.manager)
    again = await submit(deps, acme.manager)
    assert (first.new, again.new, again.request.id) == (True, False, first.request.id)
    both = await asyncio.gather(*(submit(deps, acme.manager) for _ in range(3)))
    assert {each.request.id for each in both} == {first.request.id}
    assert await scan_next(deps)
    assert not await scan_next(deps)
    await decide(deps, certifier, first.request, "deny", "It should say what it does.")
    answered = await submit(deps, acme.manager)
    assert (answered.new, answered.request.state) == (False, S.DENIED)
    assert len(scanner.before) == 1
    await dated(urls)
    assert (await submit(deps, acme.manager)).new, "other advisories are another question"


async def test_who_may_ask_and_for_what(deps: Deps, acme: Tenant, certifier: Actor, operator: Actor) -> None:
    globex = await make_tenant(deps.works, "globex")
    with pytest.raises(PluginNotFound):
        await submit(deps, globex.manager)
    for actor in (acme.viewer, acme.agent, certifier):
        with pytest.raises(MissingAction):
            await submit(deps, actor)
    async with deps.works.begin(operator) as work:
        await catalog.change_state(work, "acme.echo", "1.0.0", ReleaseState.QUARANTINED, "looked at")
    with pytest.raises(NotCertifiable):
        await submit(deps, acme.manager)


async def test_a_request_is_withdrawn_until_it_is_decided_and_its_scan_comes_to_nothing(
    deps: Deps, acme: Tenant, certifier: Actor, scanner: ScriptedScanner
) -> None:
    request = (await submit(deps, acme.manager)).request

    async def withdraw() -> None:
        async with deps.works.begin(acme.manager) as work:
            await service.withdraw(work, request.id)

    scanner.during = withdraw
    assert await scan_next(deps)
    assert (await look(deps, acme.manager, request)).state is S.WITHDRAWN
    with pytest.raises(StateConflict):
        await withdraw()
    with pytest.raises(StateConflict):
        await decide(deps, certifier, request)
    globex = await make_tenant(deps.works, "globex")
    async with deps.works.begin(globex.manager) as work:
        with pytest.raises(RequestNotFound):
            await service.withdraw(work, request.id)
        with pytest.raises(RequestNotFound):
            await service.find_request(work, request.id)


async def test_a_request_that_is_withdrawn_while_its_turn_is_chosen_does_not_come_back(
    deps: Deps, acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = (await submit(deps, acme.manager)).request

    async def recent(_work: Work) -> dict[UUID, int]:
        async with deps.works.begin(acme.manager) as work:
            await service.withdraw(work, request.id)
        return {}

    monkeypatch.setattr(turns, "recent", recent)
    assert await take_turn(deps.works) is None
    assert (await look(deps, acme.manager, request)).state is S.WITHDRAWN


# ---------------------------------------------------------------- scans that break


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


# ---------------------------------------------------------------- decisions


async def test_of_two_decisions_at_once_one_stands_and_the_other_learns_of_it(
    deps: Deps, acme: Tenant, certifier: Actor, operator: Actor
) -> None:
    request = await scanned(deps, acme.manager)
    outcomes = await asyncio.gather(
        decide(deps, certifier, request, "approve"),
        decide(deps, operator, request, "deny", "no"),
        return_exceptions=True,
    )
    refused = [each for each in outcomes if isinstance(each, StateConflict)]
    assert len(refused) == 1
    present = (await look(deps, certifier, request)).state
    assert refused[0].extensions == {"state": str(present)}
    assert refused[0].status == 409
    with pytest.raises(CaseConflict):
        async with deps.works.begin(certifier) as work:
            await service.DESK.decide(work, request.case_id, decisions.Ruling("deny", "late"))


async def test_who_may_not_decide(deps: Deps, acme: Tenant, certifier: Actor, operator: Actor) -> None:
    request = await scanned(deps, acme.manager)
    for actor in (acme.admin, acme.manager):
        with pytest.raises(MissingAction):
            await decide(deps, actor, request)
    async with deps.works.system("tests") as work:
        await accounts.add_member(work, certifier.id, "Viewer", acme.id)
    for decision in ("approve", "deny"):
        with pytest.raises(OwnRelease):
            await decide(deps, certifier, request, decision)
    with pytest.raises(OwnRelease):
        async with deps.works.begin(certifier) as work:
            await service.waive(work, "acme.echo", "permissions", "overreach", "", "ours, so harmless", 10)
    assert (await decide(deps, operator, request)).state is S.APPROVED


async def test_a_decision_on_an_outdated_scan_is_refused_until_it_is_scanned_again(
    deps: Deps, acme: Tenant, certifier: Actor, operator: Actor, urls: DatabaseUrls, scanner: ScriptedScanner
) -> None:
    request = await scanned(deps, acme.manager)
    await set_policy(deps, operator, valid_days=30)
    with pytest.raises(ScanOutdated, match="policy 2"):
        await decide(deps, certifier, request)
    async with deps.works.begin(certifier) as work:
        await service.scan_again(work, request.id)
    with pytest.raises(StateConflict):
        await decide(deps, certifier, request)
    scanner.failed = {"permissions": BAD}
    assert await scan_next(deps)
    with pytest.raises(ChecksNotPassed, match="asks for the network"):
        await decide(deps, certifier, request)
    async with deps.works.begin(certifier) as work:
        await service.waive(work, "acme.echo", "permissions", "overreach", "", "known and harmless", 10)
    await dated(urls)
    with pytest.raises(ScanOutdated, match="advisories"):
        await decide(deps, certifier, request)
    async with deps.works.begin(certifier) as work:
        await service.scan_again(work, request.id)
    assert await scan_next(deps)
    assert (await decide(deps, certifier, request)).state is S.APPROVED


async def test_two_people_approve_where_the_policy_says_so(
    deps: Deps, acme: Tenant, certifier: Actor, operator: Actor
) -> None:
    await set_policy(deps, operator, decision="two")
    request = await decide(deps, certifier, await scanned(deps, acme.manager))
    assert (request.state, request.first_approval_by) == (S.IN_REVIEW, certifier.id)
    with pytest.raises(SecondEyesNeeded):
        await decide(deps, certifier, request)
    assert await sign_badges(deps.works, KEY) == 0
    request = await decide(deps, operator, request)
    assert (request.state, request.decided_by) == (S.APPROVED, operator.id)


async def test_from_the_queue_of_cases_nobody_approves_while_it_is_scanned_again_or_held_by_another(
    deps: Deps, acme: Tenant, certifier: Actor, operator: Actor
) -> None:
    await set_policy(deps, operator, decision="two")
    request = await scanned(deps, acme.manager)

    async def approve(actor: Actor, version: int | None = None) -> None:
        async with deps.works.begin(actor) as work:
            await service.DESK.decide(work, request.case_id, decisions.Ruling("approve", "good", version))

    async with deps.works.begin(operator) as work:
        case = await decisions.claim(work, service.KIND, request.case_id)
    with pytest.raises(CaseHeld):
        await approve(certifier)
    with pytest.raises(CaseMoved):
        await approve(operator, case.version - 1)
    async with deps.works.begin(operator) as work:
        await decisions.let_go(work, service.KIND, request.case_id)
        await service.scan_again(work, request.id)
    with pytest.raises(StateConflict, match="submitted"):
        await approve(certifier)
    taken = await take_turn(deps.works)
    with pytest.raises(StateConflict, match="scanning"):
        await approve(certifier)
    assert await settle(deps.works, taken, await examine(deps, taken, lambda _: None))
    assert (await look(deps, certifier, request)).first_approval_by is None
    await approve(certifier)
    assert (await look(deps, certifier, request)).first_approval_by == certifier.id


async def test_a_policy_that_decides_by_itself_approves_denies_and_leaves_what_is_unclear_to_people(
    deps: Deps, acme: Tenant, certifier: Actor, operator: Actor, scanner: ScriptedScanner
) -> None:
    await set_policy(deps, operator, decision="automatic")
    request = await scanned(deps, acme.manager)
    assert (request.state, request.decided_by) == (S.APPROVED, None)
    await publish(deps, acme.manager, {"version": "1.1.0"})
    scanner.failed = {"permissions": BAD}
    request = await scanned(deps, acme.manager, "1.1.0")
    assert request.state is S.DENIED
    assert "It asks for the network" in request.reason
    await work_off(deps)
    assert "case.decided" in await told(deps, acme.manager)
    with pytest.raises(ScanRefused):
        async with deps.works.begin(certifier) as work:
            await service.scan_again(work, request.id)
    async with deps.works.begin(acme.manager) as work:
        await decisions.record_appeal(work, service.KIND, request.case_id, "It never does.")
    scanner.failed = {}
    async with deps.works.begin(certifier) as work:
        await service.scan_again(work, request.id)
    assert await scan_next(deps)
    assert (await look(deps, certifier, request)).state is S.IN_REVIEW, "an appeal is for people"
    assert (await decide(deps, certifier, request)).state is S.APPROVED


async def test_what_cannot_be_signed_holds_up_no_other_and_is_signed_later(
    deps: Deps, acme: Tenant, certifier: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    await publish(deps, acme.manager, {"version": "1.1.0"})
    first, second = [
        await decide(deps, certifier, await scanned(deps, acme.manager, version))
        for version in ("1.0.0", "1.1.0")
    ]
    sign = service_badges.sign_certificate

    def refuse_first(certificate: Certificate, key: PrivateKey) -> bytes:
        if certificate.id == str(first.id):
            raise ValueError("it has no form")
        return sign(certificate, key)

    monkeypatch.setattr(service_badges, "sign_certificate", refuse_first)
    assert await sign_badges(deps.works, KEY) == 1
    assert [(await look(deps, certifier, each)).signed for each in (first, second)] == [False, True]
    monkeypatch.undo()
    assert await sign_badges(deps.works, KEY) == 1
    assert (await look(deps, certifier, first)).signed


async def test_looking_at_a_case_waits_for_nobody_who_decides_it(
    deps: Deps, acme: Tenant, certifier: Actor
) -> None:
    request = await scanned(deps, acme.manager)
    async with deps.works.begin(certifier) as deciding:
        await requests.find_by_case(deciding, request.case_id, hold=True)
        async with asyncio.timeout(60), deps.works.begin(certifier) as work:
            found = await service.find_by_case(work, request.case_id)
    assert found is not None
    assert found.request.id == request.id


# ---------------------------------------------------------------- the end of a badge


@pytest.mark.parametrize("by", ["quarantine", "advisory", "packages", "time"])
async def test_a_badge_ends_and_every_tenant_that_runs_the_release_is_told(
    deps: Deps, acme: Tenant, certifier: Actor, operator: Actor, time: Time, by: str, urls: DatabaseUrls
) -> None:
    globex = await make_tenant(deps.works, "globex")
    assert (await install(deps, globex.admin)).state == "succeeded"
    request = await certified(deps, acme.manager, certifier)
    if by == "quarantine":
        async with deps.works.begin(operator) as work:
            await catalog.change_state(work, "acme.echo", "1.0.0", ReleaseState.QUARANTINED, "looked at")
    elif by == "advisory":
        async with deps.works.begin(certifier) as work:
            await catalog.file_advisory(
                work, "acme.echo", {"severity": "high", "title": "Bad", "details": "Very", "affected": "*"}
            )
    elif by == "packages":
        await concern(urls, request)
        await end_vulnerable(deps.works, request.release_id, ["PYSEC-1"], "trace")
    else:
        time.ahead = timedelta(days=181)
        await badges.end_expired(deps)
    await work_off(deps)
    ended = await look(deps, acme.manager, request)
    assert ended.state is (S.EXPIRED if by == "time" else S.SUSPENDED)
    assert ended.suspended_reason
    assert not (await release(deps, acme.viewer)).certified
    assert "certification.ended" in await told(deps, globex.admin)
    assert "certification.lost" in await told(deps, acme.manager)
    action = "certification.expire" if by == "time" else "certification.suspend"
    assert (await actions(urls))[-1] == action


async def test_a_badge_that_was_renewed_outlives_the_end_of_the_one_before(
    deps: Deps, acme: Tenant, certifier: Actor, time: Time, urls: DatabaseUrls
) -> None:
    first = await certified(deps, acme.manager, certifier)
    time.ahead = timedelta(days=100)
    await dated(urls)
    second = await certified(deps, acme.manager, certifier)
    assert second.id != first.id
    time.ahead = timedelta(days=200)
    await badges.end_expired(deps)
    await work_off(deps)
    assert (await look(deps, acme.manager, first)).state is S.EXPIRED
    shown = await release(deps, acme.viewer)
    assert (shown.certification, shown.certified_until) == (second.id, second.expires_at)
    assert "certification.lost" not in await told(deps, acme.manager)
    time.ahead = timedelta(days=300)
    await badges.end_expired(deps)
    await work_off(deps)
    assert not (await release(deps, acme.viewer)).certified
    assert "certification.lost" in await told(deps, acme.manager)


@pytest.mark.parametrize("by", ["quarantine", "advisory", "packages"])
async def test_what_comes_between_an_approval_and_its_signature_leaves_it_unsigned(
    deps: Deps, acme: Tenant, certifier: Actor, operator: Actor, by: str, urls: DatabaseUrls
) -> None:
    request = await decide(deps, certifier, await scanned(deps, acme.manager))
    if by == "quarantine":
        async with deps.works.begin(operator) as work:
            await catalog.change_state(work, "acme.echo", "1.0.0", ReleaseState.QUARANTINED, "looked at")
    elif by == "advisory":
        async with deps.works.begin(certifier) as work:
            await catalog.file_advisory(
                work, "acme.echo", {"severity": "high", "title": "Bad", "details": "Very", "affected": "*"}
            )
    else:
        await concern(urls, request)
    await sign_badges(deps.works, KEY)  # before any reaction to it
    ended = await look(deps, acme.manager, request)
    assert (ended.state, ended.signed) == (S.SUSPENDED, False)
    assert not (await release(deps, acme.viewer)).certified
    await work_off(deps)
    assert "certification.granted" not in await told(deps, acme.manager)
    assert "certification.lost" in await told(deps, acme.manager)


async def concern(urls: DatabaseUrls, request: service.Request) -> None:
    """Have a grave advisory stand against a package inside the release."""
    connection = await asyncpg.connect(urls.system)
    await connection.execute(
        "insert into package_advisories (id, modified, aliases, severity, vectors, informational, summary,"
        " details, links, digest)"
        " values ('PYSEC-1', now(), '{}', 'critical', '{}', '', 'Bad', 'Very', '{}', $1)",
        bytes(16),
    )
    await connection.execute(
        "insert into release_vulnerabilities (release_id, ecosystem, normal_name, name, version, origin,"
        " advisory_id, certain, fixed, informational, since)"
        " values ($1, 'PyPI', 'urllib3', 'urllib3', '1.0', 'embedded', 'PYSEC-1', true, '{}', '', now())",
        request.release_id,
    )
    await connection.close()


# ---------------------------------------------------------------- who wants certified releases


async def test_a_tenant_that_wants_certified_releases_installs_no_others_and_keeps_what_runs(
    deps: Deps, acme: Tenant, certifier: Actor
) -> None:
    globex = await make_tenant(deps.works, "globex")
    async with deps.works.begin(globex.admin) as work:
        plan = await installations.find_plan(work, deps.aei_version, "acme.echo", Wish())
        assert plan.warnings == (NOT_CERTIFIED,)
    async with deps.works.begin(globex.admin) as work:
        await installations.change_policies(work, deps, {"uncertified_releases": "refuse"})
    with pytest.raises(NotAdmitted, match="wants certified releases"):
        await install(deps, globex.admin)
    await certified(deps, acme.manager, certifier)
    async with deps.works.begin(globex.admin) as work:
        action = (await installations.actions_for(work, deps.aei_version, ["acme.echo"]))["acme.echo"]
        plan = await installations.find_plan(work, deps.aei_version, "acme.echo", Wish())
    assert (action.certified, plan.warnings) == (True, ())
    assert (await install(deps, globex.admin)).state == "succeeded"
    await publish(deps, acme.manager, {"version": "1.1.0"})
    with pytest.raises(NotAdmitted):
        await update(deps, globex.admin)
    with pytest.raises(PolicyUnfit):
        async with deps.works.begin(globex.admin) as work:
            await installations.change_policies(work, deps, {"uncertified_releases": "perhaps"})


# ---------------------------------------------------------------- scans before the listing


async def test_a_new_release_is_listed_after_its_scan_and_held_when_that_fails_or_breaks(
    deps: Deps, acme: Tenant, scanner: ScriptedScanner, time: Time
) -> None:
    deps = replace(deps, publish_scan=True)
    await publish(deps, acme.manager, {"version": "1.1.0"})
    assert (await release(deps, acme.manager, "1.1.0")).state is ReleaseState.PROCESSING
    assert await scan_next(deps)
    assert (await release(deps, acme.manager, "1.1.0")).state is ReleaseState.LISTED

    scanner.failed = {"permissions": BAD}
    await publish(deps, acme.manager, {"version": "1.2.0"})
    assert await scan_next(deps)
    held = await release(deps, acme.manager, "1.2.0")
    assert held.state is ReleaseState.HELD
    assert "It asks for the network" in held.state_reason
    async with deps.works.begin(acme.manager) as work:
        standing = await service.find_standing(work, "acme.echo", "1.2.0")
    assert (standing.publish_scan.request.state, standing.certification) == (S.DENIED, None)

    scanner.failed, scanner.broken = {}, ScanFailed("crashed", "it is gone")
    await publish(deps, acme.manager, {"version": "1.3.0"})
    for _ in range(MOST_ATTEMPTS):
        assert await scan_next(deps)
    held = await release(deps, acme.manager, "1.3.0")
    assert (held.state, "could not be scanned" in held.state_reason) == (ReleaseState.HELD, True)
    await work_off(deps)
    kinds = await told(deps, acme.manager)
    assert (kinds.count("release.held"), kinds.count("release.delayed")) == (1, 1)
    scanner.broken = None
    time.ahead += FIRST_PAUSE
    await scans.try_held_again(deps)
    assert await scan_next(deps)
    assert (await release(deps, acme.manager, "1.3.0")).state is ReleaseState.LISTED
    assert not await scan_next(deps)

    scanner.broken = ScanFailed("crashed", "it is gone")
    await publish(deps, acme.manager, {"version": "1.4.0"})
    for _ in range(MOST_ATTEMPTS):
        assert await scan_next(deps)
    scanner.failed, scanner.broken = {"permissions": BAD}, None
    time.ahead += FIRST_PAUSE
    await scans.try_held_again(deps)
    assert await scan_next(deps)
    held = await release(deps, acme.manager, "1.4.0")
    assert (held.state, "It asks for the network" in held.state_reason) == (ReleaseState.HELD, True)
    await work_off(deps)
    kinds = await told(deps, acme.manager)
    assert (kinds.count("release.held"), kinds.count("release.delayed")) == (2, 2)


async def test_a_scan_that_never_ends_rests_longer_each_time_and_lets_others_go_first(
    deps: Deps, acme: Tenant, operator: Actor, scanner: ScriptedScanner, time: Time
) -> None:
    deps, scanner.broken = replace(deps, publish_scan=True), ScanFailed("crashed", "it is gone")
    await publish(deps, acme.manager, {"version": "1.1.0"})
    for pause in (10, 20, 40):
        for _ in range(MOST_ATTEMPTS):
            assert await scan_next(deps)
        time.ahead += timedelta(minutes=pause - 1)
        await scans.try_held_again(deps)
        assert await take_turn(deps.works) is None
        time.ahead += timedelta(minutes=1)
        await scans.try_held_again(deps)
    wish = (await submit(deps, acme.manager)).request
    await publish(deps, acme.manager, {"version": "1.2.0"})
    order = [await take_turn(deps.works) for _ in range(3)]
    assert [each.version for each in order] == ["1.2.0", "1.1.0", "1.0.0"]
    assert order[-1].id == wish.id


async def test_an_operator_may_have_unscanned_releases_listed_and_that_is_on_record(
    deps: Deps, acme: Tenant, operator: Actor, scanner: ScriptedScanner, urls: DatabaseUrls, time: Time
) -> None:
    await set_policy(deps, operator, publish_on_error="list")
    deps, scanner.broken = replace(deps, publish_scan=True), ScanFailed("walls", "there are none")
    await publish(deps, acme.manager, {"version": "1.1.0"})
    for _ in range(MOST_ATTEMPTS):
        assert await scan_next(deps)
    assert (await release(deps, acme.manager, "1.1.0")).state is ReleaseState.LISTED
    assert "certification.unscanned" in await actions(urls)

    scanner.failed, scanner.broken = {"permissions": BAD}, None
    time.ahead += FIRST_PAUSE
    await scans.try_held_again(deps)
    assert await scan_next(deps)
    stopped = await release(deps, acme.manager, "1.1.0")
    assert stopped.state is ReleaseState.QUARANTINED
    assert "It asks for the network" in stopped.state_reason
    await work_off(deps)
    for actor in (acme.manager, operator):
        assert "release.stopped" in await told(deps, actor)


# ---------------------------------------------------------------- another owner


async def test_with_a_namespace_go_its_requests_and_what_nobody_has_decided_is_withdrawn(
    deps: Deps, acme: Tenant, certifier: Actor, urls: DatabaseUrls
) -> None:
    globex = await make_tenant(deps.works, "globex")
    badge = await certified(deps, acme.manager, certifier)
    await publish(deps, acme.manager, {"version": "1.1.0"})
    waiting = await scanned(deps, acme.manager, "1.1.0")
    await publish(deps, acme.manager, {"version": "1.2.0"})
    denied = await decide(deps, certifier, await scanned(deps, acme.manager, "1.2.0"), "deny")
    async with deps.works.begin(acme.manager) as work:
        await decisions.record_appeal(work, service.KIND, denied.case_id, "It is not so.")
    async with deps.works.begin(certifier) as work:
        await service.scan_again(work, denied.id)
    async with deps.works.begin(acme.admin) as work:
        await catalog.offer_namespace(work, "acme", "globex")
    async with deps.works.begin(globex.manager) as work:
        transfer = await catalog.accept_namespace(work, "acme")
    with pytest.raises(StateConflict, match="former owner"):
        await submit(deps, globex.manager, "1.1.0")
    await work_off(deps)
    event = NamespaceTransferred(transfer.id, "acme", transfer.from_tenant, transfer.to_tenant)
    await transfers.leave_to_successor(deps, event, "a job can run twice")
    seen = [await look(deps, globex.manager, each) for each in (badge, waiting, denied)]
    assert [each.state for each in seen] == [S.APPROVED, S.WITHDRAWN, S.SUBMITTED]
    assert {each.owner_tenant for each in seen} == {globex.id}
    for request in (waiting, denied):
        with pytest.raises(RequestNotFound):
            await look(deps, acme.manager, request)
    async with deps.works.begin(certifier) as work:
        assert not (await decisions.find_case(work, waiting.case_id)).open
        assert (await decisions.find_case(work, denied.case_id)).open
    assert (await actions(urls)).count("certification.withdraw") == 1
    assert (await submit(deps, globex.manager, "1.1.0")).new
    async with deps.works.system("tests") as work:
        await accounts.add_member(work, certifier.id, "Viewer", globex.id)
    for _ in range(2):
        assert await scan_next(deps)
    with pytest.raises(OwnRelease):
        await decide(deps, certifier, denied)


# ---------------------------------------------------------------- who sees what


async def test_a_tenant_sees_badges_of_others_and_nothing_that_waits_or_was_denied(
    deps: Deps, acme: Tenant, certifier: Actor, urls: DatabaseUrls
) -> None:
    globex = await make_tenant(deps.works, "globex")
    await certified(deps, acme.manager, certifier)
    await publish(deps, acme.manager, {"version": "1.1.0"})
    await scanned(deps, acme.manager, "1.1.0")
    connection = await asyncpg.connect(urls.app)

    async def sees(tenant: Tenant) -> tuple[list[str], int]:
        async with connection.transaction():
            await connection.execute("select set_config('aei.tenant', $1, true)", str(tenant.id))
            rows = await connection.fetch("select state from certification_requests order by id")
            return [row["state"] for row in rows], await connection.fetchval(
                "select count(*) from certification_reports"
            )

    assert await sees(globex) == (["approved"], 1)
    assert await sees(acme) == (["approved", "in_review"], 2)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with connection.transaction():
            await connection.execute("select set_config('aei.tenant', $1, true)", str(acme.id))
            await connection.execute("update certification_requests set state = 'approved'")
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="immutable"):
        async with connection.transaction():
            await connection.execute("select set_config('aei.tenant', $1, true)", str(acme.id))
            await connection.execute("update releases set certified_until = now() where version = '1.1.0'")
    async with connection.transaction():
        await connection.execute("select set_config('aei.tenant', $1, true)", str(globex.id))
        assert await connection.execute("update certification_requests set reason = 'mine'") == "UPDATE 0"
    await connection.close()
    async with deps.works.begin(certifier) as work:
        assert (await service.list_requests(work, PageWanted(), None)).total == 1
        assert (await service.list_requests(work, PageWanted(), "approved")).items[
            0
        ].purpose is Purpose.CERTIFICATION
    async with deps.works.begin(globex.manager) as work:
        assert (await service.list_requests(work, PageWanted(), "approved")).total == 0


async def test_a_real_scan_of_an_honest_package_passes_every_check_that_has_to_pass(
    deps: Deps, acme: Tenant
) -> None:
    deps = replace(deps, scanner=ScannerProcess(require_walls=False))
    request = await scanned(deps, acme.manager)
    async with deps.works.begin(acme.manager) as work:
        verdict = (await service.find_request(work, request.id)).verdict
    assert (request.basis and request.basis.outcome, verdict and verdict.why()) == (Outcome.PASS, "")
