"""Releases on trial: what is asked of the sandbox, and that nothing passes which it did not run."""

from hashlib import sha256

import pytest

from aei_inspection.checks.report import CheckResult, Result
from aei_inspection.rehearsal import NOTHING
from aei_marketplace.certification import service
from aei_marketplace.certification.errors import ChecksNotPassed
from aei_marketplace.certification.rules.verdicts import Outcome
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.deps import Deps
from aei_protocol.messages import Attempt
from aei_protocol.outcomes import Outcome as End
from tests.builders import Tenant
from tests.certification.conftest import decide, scanned
from tests.fakes import FakeSandbox, ended
from tests.plugins import publish

NOTHING_DIGEST = sha256(NOTHING).hexdigest()
ASKING = {
    "version": "1.1.0",
    "permissions": {"network": {"hosts": ["api.acme.example"], "reason": "fetches"}},
    "examples": [{"title": "one", "input": {"n": 1}}],
}


async def behaviour(deps: Deps, actor: Actor, request: service.Request) -> CheckResult:
    async with deps.works.begin(actor) as work:
        described = await service.find_request(work, request.id)
    assert described.evidence is not None
    return next(check for check in described.evidence.checks if check.id == "behaviour")


async def test_a_release_is_tried_with_what_it_asks_for_beside_a_plugin_that_does_nothing(
    deps: Deps, acme: Tenant, sandbox: FakeSandbox
) -> None:
    release = await publish(deps, acme.manager, ASKING)
    sandbox.sent.clear()
    tried = Attempt("http.fetch", "evil.example", 2, 2)
    sandbox.guest = lambda _, task, __: ended(
        task, attempts=() if task.component == NOTHING_DIGEST else (tried,)
    )
    request = await scanned(deps, acme.manager, "1.1.0")
    nothing, own = sandbox.sent
    assert (nothing.component, own.component) == (NOTHING_DIGEST, release.component_sha256)
    for task in (nothing, own):
        assert task.rehearsal
        assert task.tenant not in (str(acme.id), "")
        assert (task.capabilities.hosts, task.interfaces) == (
            ("api.acme.example",), release.manifest.interfaces,
        )  # fmt: skip
    assert own.task == '{"n":1}'
    assert request.basis is not None
    assert request.basis.outcome is Outcome.FAIL
    said = await behaviour(deps, acme.manager, request)
    assert {finding.rule for finding in said.findings} == {"undeclared-host", "ran"}


@pytest.mark.parametrize("how", ["refuses", "goes away", "loses the process"])
async def test_what_the_sandbox_did_not_run_is_an_error_that_nobody_approves(
    how: str, deps: Deps, acme: Tenant, certifier: Actor, sandbox: FakeSandbox
) -> None:
    match how:
        case "refuses":
            sandbox.refuse = ("no_walls", "this machine cannot confine guests")
        case "goes away":
            sandbox.gone = True
        case _:
            sandbox.guest = lambda _, task, __: ended(
                task, End.OK if task.component == NOTHING_DIGEST else End.WORKER_LOST
            )
    request = await scanned(deps, acme.manager)
    assert request.basis is not None
    assert request.basis.outcome is Outcome.ERROR
    assert (await behaviour(deps, acme.manager, request)).result is Result.ERROR
    with pytest.raises(ChecksNotPassed, match="behaviour"):
        await decide(deps, certifier, request)


async def test_a_release_that_no_task_is_known_for_is_not_passed_by_that(
    deps: Deps, acme: Tenant, certifier: Actor
) -> None:
    schema = {"type": "string", "pattern": "^[0-9]{20}$"}
    await publish(deps, acme.manager, {"version": "1.1.0", "input_schema": schema})
    request = await scanned(deps, acme.manager, "1.1.0")
    assert (await behaviour(deps, acme.manager, request)).result is Result.NOT_RUN
    with pytest.raises(ChecksNotPassed, match="add an example"):
        await decide(deps, certifier, request)
