"""Many of the fifty, through a real sandbox host and the real gate: what the bench expects comes of each."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from aei_inspection.gate import inspect_package
from aei_inspection.problems import PackageRefused
from aei_marketplace.bench.hostile.attempt import BehindTheGate, Execution, Publication, Seen
from aei_marketplace.bench.hostile.behind import Behind
from aei_marketplace.bench.hostile.cases import CASES
from aei_marketplace.bench.hostile.cases.capabilities import REBOUND
from aei_marketplace.bench.hostile.cases.compile_bombs import HOSTILE_ENTRIES, with_entries
from aei_marketplace.bench.hostile.cases.cross_tenant import COUNTER, SCANNER
from aei_marketplace.bench.hostile.cases.time_and_cpu import ECHO
from aei_marketplace.bench.hostile.rebinding import rebinding_host
from aei_marketplace.bench.hostile.tenants import Tenant
from aei_protocol.limits import requested_limits
from aei_sandbox.local import LocalHost

#: Tries that need no toolchain, no web and little time.
EXECUTED = (
    "A01", "A02", "A03", "A05", "A06", "B01", "B02", "B03", "B04", "B05", "B07", "B09", "D07", "F01", "F02",
)  # fmt: skip
BEHIND = ("C05", "D01", "D02", "D04", "D05", "D06", "F03", "F04")
GATED = ("C04", "C05", "C06", "D01", "D02", "D04", "D05", "D06", "F03", "F04")


def tries(ids: tuple[str, ...], kind: type) -> list:
    return [
        pytest.param(attempt, id=f"{case.id} {attempt.how}")
        for case in CASES
        for attempt in case.attempts
        if case.id in ids and isinstance(attempt, kind) and not attempt.dear and not needs_toolchain(attempt)
    ]


def needs_toolchain(attempt) -> bool:
    return any(plugin.published is not None for plugin in attempt.plugins)


@pytest.fixture(scope="session")
def host_socket() -> Iterator[Path]:
    """One host for all; it needs no line of its own."""
    with asyncio.Runner() as runner:
        host = runner.run(_started())
        yield host.path
        runner.run(host.__aexit__(None, None, None))


async def _started() -> LocalHost:
    return await LocalHost("--max-workers", "4").__aenter__()


@pytest.fixture
async def behind(host_socket: Path) -> AsyncIterator[Behind]:
    line = Behind(host_socket)
    yield line
    await line.close()


async def run(behind: Behind, plugin, task: str = "{}", limits=None, tenant: str = "north") -> Seen:
    bounds = requested_limits({**plugin.limits, **(limits or {})})
    return await behind.run(tenant, str(uuid.uuid4()), plugin, task, bounds)


def test_there_are_fifty_and_each_is_tried() -> None:
    assert len({case.id for case in CASES}) == len(CASES) == 50
    assert all(case.attempts for case in CASES)
    groups = {letter: sum(case.id[0] == letter for case in CASES) for letter in "ABCDEF"}
    assert groups == {"A": 8, "B": 9, "C": 7, "D": 12, "E": 8, "F": 6}


@pytest.mark.parametrize("attempt", tries(EXECUTED, Execution))
async def test_a_hostile_guest_ends_as_expected_and_the_next_execution_is_fine(
    behind: Behind, attempt: Execution
) -> None:
    seen = await run(behind, attempt.plugin, json.dumps(attempt.task), attempt.limits)
    assert attempt.complaint(seen) is None
    following = await run(behind, ECHO, '"calm"', tenant="south")
    assert (following.outcome, following.output) == ("ok", '"calm"')


@pytest.mark.parametrize("attempt", tries(BEHIND, BehindTheGate))
async def test_what_got_past_the_gate_is_refused_by_the_host(behind: Behind, attempt: BehindTheGate) -> None:
    seen = await run(behind, attempt.plugin)
    assert attempt.complaint(seen) is None
    assert seen.outcome is None


@pytest.mark.parametrize("attempt", tries(GATED, Publication))
def test_the_gate_refuses(attempt: Publication) -> None:
    with pytest.raises(PackageRefused) as refusal:
        inspect_package(attempt.package("north.bomb", "1.0.0", 1))
    codes = tuple(problem.code for problem in refusal.value.problems)
    assert attempt.complaint(Seen(refusals=codes)) is None


@pytest.mark.parametrize("kind", HOSTILE_ENTRIES)
def test_the_gate_refuses_entries(kind: str) -> None:
    with pytest.raises(PackageRefused):
        inspect_package(with_entries(kind, b"marker")("north.bomb", "1.0.0", 1))


@pytest.mark.parametrize("plugin", [SCANNER, COUNTER], ids=lambda plugin: plugin.name)
async def test_a_guest_finds_nothing_that_another_left(behind: Behind, plugin) -> None:
    for tenant in ("south", "north", "north", "south"):
        assert (await run(behind, plugin, tenant=tenant)).outcome == "ok"


async def test_a_name_that_changes_its_address_is_resolved_once_and_judged_each_time() -> None:
    attacker = Tenant("north", "north", "", {})
    async with rebinding_host() as host:
        seen = await host.fetch(attacker, REBOUND)
    assert [(one.outcome, one.targets()) for one in seen] == [
        ("denied", {"network mixed.example"}),
        ("denied", {"network rebound.example"}),
    ]


def test_a_guest_that_ends_otherwise_is_complained_of() -> None:
    attempt = next(a for case in CASES if case.id == "A01" for a in case.attempts)
    assert attempt.complaint(Seen(outcome="ok")) == "ok instead of cpu_limit"
    refused = next(a for case in CASES if case.id == "B01" for a in case.attempts)
    assert refused.complaint(Seen(outcome="ok", output="granted")) == "the guest says 'granted'"
