"""Plugins on trial in a real sandbox: bad ones are told by what they do, and no honest one is denied."""

import asyncio

import pytest

from aei_inspection.checks.report import CheckResult, Result
from aei_inspection.checks.subject import Subject
from aei_marketplace.bench.corpus.acting import BAD, BASE, HONEST, MODEL, SECRET, Actor
from aei_marketplace.bench.corpus.making import HOST
from aei_sandbox.local import LocalHost
from aei_sdk.testing.rehearsing import rehearse


@pytest.fixture(scope="module")
def results() -> dict[str, CheckResult]:
    """What each actor's rehearsal came to, by its name; one host for all of them."""

    async def play() -> dict[str, CheckResult]:
        async with LocalHost() as host:
            return {actor.name: await _rehearsed(host, actor) for actor in (*BAD, *HONEST)}

    return asyncio.run(play())


async def _rehearsed(host: LocalHost, actor: Actor) -> CheckResult:
    subject = Subject(actor.package())
    assert subject.problems == (), "the gate has nothing to say: it is what it does that is found"
    return await rehearse(host, subject.package.manifest, subject.component)


@pytest.mark.parametrize("actor", BAD, ids=lambda actor: actor.name.replace(" ", "-"))
def test_a_bad_plugin_is_told_by_what_it_does(actor: Actor, results: dict[str, CheckResult]) -> None:
    said = results[actor.name]
    assert actor.rule in {finding.rule for finding in said.findings}, said
    assert said.result is (Result.FAIL if actor.denies else Result.PASS)


@pytest.mark.parametrize("actor", HONEST, ids=lambda actor: actor.name.replace(" ", "-"))
def test_an_honest_plugin_passes_its_trial(actor: Actor, results: dict[str, CheckResult]) -> None:
    said = results[actor.name]
    assert said.result is Result.PASS
    assert {finding.rule for finding in said.findings} == {"ran"}, said


def test_every_call_is_told_with_its_target(results: dict[str, CheckResult]) -> None:
    (seen,) = results[HONEST[0].name].findings
    for word in (
        f"http.fetch {HOST}",
        f"secrets.get {SECRET}",
        f"models.chat {MODEL}",
        f"plugins.call {BASE}",
    ):
        assert word in seen.evidence
    assert "files.write persistent" in seen.evidence
    assert "denied" not in seen.evidence
