"""Decisions about certifications: by whom, on which scan, and what a policy decides by itself."""

import asyncio

import pytest

from aei_inspection.certificates import Certificate
from aei_inspection.signatures import PrivateKey
from aei_marketplace.accounts import service as accounts
from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.certification import service
from aei_marketplace.certification.errors import (
    ChecksNotPassed,
    OwnRelease,
    ScanOutdated,
    ScanRefused,
    SecondEyesNeeded,
    StateConflict,
)
from aei_marketplace.certification.rules.states import RequestState
from aei_marketplace.certification.service import badges as service_badges
from aei_marketplace.certification.service.badges import sign_badges
from aei_marketplace.certification.service.examining import examine
from aei_marketplace.certification.service.scanning import scan_next, settle, take_turn
from aei_marketplace.certification.store import requests
from aei_marketplace.decisions import service as decisions
from aei_marketplace.decisions.errors import CaseConflict, CaseHeld, CaseMoved
from aei_marketplace.ground.actor import Actor, MissingAction
from aei_marketplace.ground.deps import Deps
from tests.builders import Tenant
from tests.certification.conftest import (
    BAD,
    KEY,
    ScriptedScanner,
    dated,
    decide,
    look,
    scanned,
    set_policy,
    told,
)
from tests.plugins import publish, work_off

S = RequestState


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
