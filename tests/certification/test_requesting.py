"""From a wish to a badge: who may ask and for what, what is answered from the record, what is withdrawn."""

import asyncio
from uuid import UUID

import pytest

from aei_inspection.certificates import verify_certificate
from aei_inspection.checks.report import Result
from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.errors import PluginNotFound
from aei_marketplace.catalog.service import ReleaseState
from aei_marketplace.certification import service
from aei_marketplace.certification.errors import (
    NotCertifiable,
    RequestNotFound,
    StateConflict,
)
from aei_marketplace.certification.rules.states import RequestState
from aei_marketplace.certification.rules.verdicts import Outcome
from aei_marketplace.certification.service.badges import sign_badges
from aei_marketplace.certification.service.scanning import scan_next, take_turn
from aei_marketplace.certification.store import turns
from aei_marketplace.ground.actor import Actor, MissingAction
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.work import Work
from aei_marketplace.operations import service as operations
from tests.builders import Tenant, make_tenant
from tests.certification.conftest import (
    KEY,
    ScriptedScanner,
    actions,
    dated,
    decide,
    look,
    release,
    scanned,
    submit,
    told,
)
from tests.plugins import publish, work_off

S = RequestState


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
