"""The whole experiment, from the first tenant to the last search."""

import asyncio
import json
import math
import socket
import statistics
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aei_marketplace.bench.hostile.attempt import Case
from aei_marketplace.bench.hostile.behind import Behind
from aei_marketplace.bench.hostile.canaries import CanaryIndex
from aei_marketplace.bench.hostile.cases.time_and_cpu import ECHO
from aei_marketplace.bench.hostile.door import Door
from aei_marketplace.bench.hostile.evidence import Evidence, Leak
from aei_marketplace.bench.hostile.field import SECRET, SECRET_OF_OTHERS, Field
from aei_marketplace.bench.hostile.kit import project_plugin
from aei_marketplace.bench.hostile.load import Load
from aei_marketplace.bench.hostile.origin import Origin
from aei_marketplace.bench.hostile.plugin import MODELS, MODELS_PORT, ORIGIN, ORIGIN_PORT
from aei_marketplace.bench.hostile.rounds import HOSTILE, Rounds
from aei_marketplace.bench.hostile.seeded import SeededLeak, try_seeded_leaks
from aei_marketplace.bench.hostile.sweep import search_folder, sweep_interface
from aei_marketplace.bench.hostile.tenants import Tenant, make_tenants
from aei_marketplace.bench.running import Running
from aei_marketplace.settings import load_settings

TENANTS = 10
QUIET = "quiet"
_WARM_UP = "warm-up"
_WARM_UP_S = 3.0


@dataclass(frozen=True)
class Plan:
    """How much is done.

    Attributes:
        first: number of the first round; in round 0 the bombs are whole, and what is dear is tried too.
        quiet_s: without hostile runs, before the rounds.
        rounds_s: after which no further round begins.
    """

    first: int
    rounds: int
    quiet_s: float
    rounds_s: float

    @property
    def numbers(self) -> range:
        """The numbers of the rounds."""
        return range(self.first, self.first + self.rounds)


@dataclass(frozen=True)
class Found:
    """All that the experiment found."""

    rounds: Rounds
    leaks: Sequence[Leak]
    seeded: Sequence[SeededLeak]
    load: Mapping[str, Any]
    samples: Mapping[str, list[float]]
    searched: Mapping[str, int]
    searched_bytes: int
    seconds: float


@dataclass(frozen=True)
class Doors:
    """The listening sockets of the services that guests and the gateway reach."""

    origin: socket.socket
    models: socket.socket

    def environment(self) -> dict[str, str]:
        """What tells a marketplace of them."""
        hosts = ((ORIGIN, ORIGIN_PORT, self.origin), (MODELS, MODELS_PORT, self.models))
        named = [f"{name}:{port}=127.0.0.1:{door.getsockname()[1]}" for name, port, door in hosts]
        return {"AEI_SEED": "none", "AEI_EGRESS_HOSTS": ",".join(named)}


async def experiment(running: Running, data: Path, cases: Sequence[Case], plan: Plan, doors: Doors) -> Found:
    """Carry it out in a marketplace that runs."""
    began = time.monotonic()
    async with AsyncExitStack() as stack:
        place = await _settle(stack, running, data, doors)
        rounds = Rounds(place, cases)
        await _prepare(place, rounds, plan)
        load = Load(running.url, place.tenants[:-1], doors.models)
        stack.callback(load.kill)
        await _phases(load, rounds, plan)
        told = await load.end()
        await sweep_interface(place.door, place.tenants)
        await asyncio.to_thread(search_folder, data, place.tenants, place.evidence)
        leaks = [*place.evidence.leaks, *(Leak(**leak) for leak in told["leaks"])]
        searched = place.evidence.searched + type(place.evidence.searched)(told["searched"])
        size = place.evidence.searched_bytes + told["searched_bytes"]
        seeded = await try_seeded_leaks(place, project_plugin("calm.witness"))
        seconds = time.monotonic() - began
        return Found(rounds, leaks, seeded, told, place.samples, searched, size, seconds)


async def _settle(stack: AsyncExitStack, running: Running, data: Path, doors: Doors) -> Field:
    """Tenants, and the ways to reach what they reach."""
    tenants = await make_tenants(data, TENANTS)
    evidence = Evidence(CanaryIndex(canary for tenant in tenants for canary in tenant.canaries.values()))
    door = Door(running.url, evidence)
    stack.push_async_callback(door.close)
    behind = Behind(load_settings({"data": data}).sandbox_socket)
    stack.push_async_callback(behind.close)
    # Whoever sent it, none of the canaries may have left with it: hostile guests hold none.
    origin = Origin(doors.origin, lambda path, content: _received(evidence, path, content))
    await origin.open()
    stack.push_async_callback(origin.close)
    return Field(data, tenants, door, behind, origin)


def _received(evidence: Evidence, path: str, content: bytes) -> None:
    evidence.look(None, "request", f"that a guest sent to {path[:100]}", content)


async def _prepare(place: Field, rounds: Rounds, plan: Plan) -> None:
    """Secrets, endpoints and plugins of every tenant."""
    witness = project_plugin("calm.witness")
    await place.offer(witness)
    for tenant in place.tenants:
        await _furnish(place, tenant)
        await place.install(tenant, witness)
    for tenant in place.tenants[1:3]:
        await place.offer_privately(tenant, ECHO)
    await rounds.offer_all()
    await rounds.install_all(plan.numbers)


async def _furnish(place: Field, tenant: Tenant) -> None:
    canary = tenant.canaries["secret"].text
    for name in (SECRET, SECRET_OF_OTHERS):
        await _put(place, tenant, f"/api/secrets/{name}", {"value": canary})
    endpoint = {
        "kind": "chat",
        "base_url": f"http://{MODELS}:{MODELS_PORT}/{tenant.name}",
        "models": {"small": "m"},
        "key": canary,
    }
    await _put(place, tenant, "/api/model-endpoints/small", endpoint)


async def _put(place: Field, tenant: Tenant, path: str, body: Mapping[str, Any]) -> None:
    answer = await place.door.call(tenant, "PUT", path, json.dumps(body).encode())
    if answer.status != 200:
        raise RuntimeError(f"PUT {path} answered {answer.status}: {answer.body[:500]!r}")


async def _phases(load: Load, rounds: Rounds, plan: Plan) -> None:
    """Witnesses alone, then beside the hostile rounds."""
    load.begin(_WARM_UP)
    await asyncio.sleep(_WARM_UP_S)
    load.begin(QUIET)
    await asyncio.sleep(plan.quiet_s)
    load.begin(HOSTILE)
    rounds.tell = load.begin
    deadline = time.monotonic() + plan.rounds_s
    for number in plan.numbers:
        if time.monotonic() < deadline:
            await rounds.run(number)


def welch_t(one: Sequence[float], other: Sequence[float]) -> float | None:
    """Welch's t of two samples; None when it has no value.

    Source: B. L. Welch, "The generalization of 'Student's' problem", Biometrika 34 (1947).
    """
    if len(one) < 2 or len(other) < 2:
        return None
    spread = statistics.variance(one) / len(one) + statistics.variance(other) / len(other)
    return (statistics.fmean(one) - statistics.fmean(other)) / math.sqrt(spread) if spread else None
