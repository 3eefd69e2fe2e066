"""Where the experiment takes place: a running marketplace, its tenants, and what they have installed."""

import asyncio
import itertools
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from aei_marketplace.bench.hostile.attempt import Seen
from aei_marketplace.bench.hostile.behind import Behind
from aei_marketplace.bench.hostile.door import Answer, Door
from aei_marketplace.bench.hostile.evidence import Evidence
from aei_marketplace.bench.hostile.origin import Origin
from aei_marketplace.bench.hostile.plugin import Plugin
from aei_marketplace.bench.hostile.tenants import Tenant
from aei_protocol.limits import requested_limits

_POLL_S = 0.05
_PROCESSED_S = 200.0
#: Named `CANARY_KEY` in every tenant; granted to the harmless plugin only.
SECRET = "CANARY_KEY"  # noqa: S105 the name of a secret
#: Named so in every tenant, granted to nobody.
SECRET_OF_OTHERS = "CANARY_KEY_UNGRANTED"  # noqa: S105 the name of a secret


class Field:
    """What the tries are made with.

    Args:
        data: the marketplace's data folder.
        door: over HTTP.
        behind: to the sandbox host, past the gate.
        origin: a web server that guests may reach.
    """

    def __init__(
        self, data: Path, tenants: Sequence[Tenant], door: Door, behind: Behind, origin: Origin
    ) -> None:
        self.data = data
        self.tenants = tenants
        self.door = door
        self.behind = behind
        self.origin = origin
        self.samples: defaultdict[str, list[float]] = defaultdict(list)
        self.private_plugins: list[str] = []
        self._versions = itertools.count(1)
        self._installing: dict[tuple[str, str], asyncio.Task[None]] = {}

    @property
    def evidence(self) -> Evidence:
        """What everybody saw."""
        return self.door.evidence

    @property
    def publisher(self) -> Tenant:
        """Who publishes what all install."""
        return self.tenants[0]

    @property
    def flooder(self) -> Tenant:
        """The tenant without a witness."""
        return self.tenants[-1]

    def other_than(self, tenant: Tenant) -> Tenant:
        """Another tenant: the next one."""
        return self.tenants[(self.tenants.index(tenant) + 1) % len(self.tenants)]

    async def timed_get(self, tenant: Tenant, path: str) -> tuple[int, float]:
        """Status, and milliseconds until the answer was there."""
        began = time.perf_counter()
        answer = await self.door.get(tenant, path)
        return answer.status, (time.perf_counter() - began) * 1000

    async def offer_privately(self, tenant: Tenant, plugin: Plugin) -> None:
        """Publish a plugin that only its tenant may see."""
        id = f"{tenant.name}.{plugin.name}"
        answer = await self.door.publish(tenant, plugin.package(id=id), "private")
        if answer.status != 201:
            raise RuntimeError(f"{id} was not published: {answer.body[:1500]!r}")
        self.private_plugins.append(id)

    async def offer(self, plugin: Plugin) -> None:
        """Publish a plugin for all tenants.

        Raises:
            RuntimeError: it is not listed afterwards.
        """
        answer = await self.door.publish(self.publisher, plugin.package())
        state = await self._processed(self.publisher, answer) if answer.status == 201 else None
        if state != "listed":
            raise RuntimeError(f"{plugin.id} was not listed: {answer.status} {state} {answer.body[:1500]!r}")

    async def install(self, tenant: Tenant, plugin: Plugin) -> None:
        """Have a plugin installed in a tenant, once, with its grants and a canary as configuration.

        Raises:
            RuntimeError: it could not be.
        """
        key = (tenant.name, plugin.id)
        task = self._installing.get(key)
        if task is None:
            task = self._installing[key] = asyncio.create_task(self._install(tenant, plugin))
        await asyncio.shield(task)

    async def execute(
        self, tenant: Tenant, plugin: Plugin, task: Any, limits: Mapping[str, int] | None = None
    ) -> Seen:
        """Execute an installed plugin, and read its log as well."""
        body = {"task": task, "limits": dict(limits)} if limits else {"task": task}
        answer = await self.door.post(tenant, f"/api/plugins/{plugin.id}/execute", body)
        if answer.status != 200:
            return Seen(refusals=(str(answer.status), *answer.codes()), tenant=tenant.name)
        log = await self.door.get(tenant, f"/api/executions/{answer.json['id']}/log")
        return seen_execution(answer, log, tenant.name)

    async def publish(self, tenant: Tenant, package: Callable[[str, str, int], bytes], number: int) -> Seen:
        """Publish a hostile package under a fresh version, and wait for what becomes of it."""
        version = f"1.0.{next(self._versions)}"
        content = await asyncio.to_thread(package, f"{tenant.name}.bomb", version, number)
        answer = await self.door.publish(tenant, content)
        if answer.status != 201:
            return Seen(refusals=(str(answer.status), *answer.codes()), tenant=tenant.name)
        return Seen(outcome=await self._processed(tenant, answer), tenant=tenant.name)

    async def run_behind(self, tenant: Tenant, plugin: Plugin) -> Seen:
        """Hand a component to the sandbox host and run it there, as if the gate had taken it."""
        limits = requested_limits(plugin.limits)
        seen = await self.behind.run(tenant.id, str(uuid.uuid4()), plugin, "{}", limits)
        for name, value in (("output", seen.output), ("problem", seen.problem), ("log", seen.log)):
            self.evidence.look(tenant.name, name, f"behind the gate of {plugin.id}", str(value))
        return seen

    async def _install(self, tenant: Tenant, plugin: Plugin) -> None:
        body = {"grants": plugin.granted, "config": {"canary": tenant.canaries["config"].text}}
        answer = await self.door.post(tenant, f"/api/plugins/{plugin.id}/install", body)
        while answer.status == 202 or answer.json.get("state") in ("queued", "running"):
            await asyncio.sleep(_POLL_S)
            answer = await self.door.get(tenant, f"/api/operations/{answer.json['id']}")
        if answer.json.get("state") != "succeeded":
            raise RuntimeError(f"{plugin.id} was not installed in {tenant.name}: {answer.body[:1500]!r}")

    async def _processed(self, tenant: Tenant, answer: Answer) -> str:
        """The state that a release reaches."""
        path = f"/api/plugins/{answer.json['plugin_id']}/versions/{answer.json['version']}"
        async with asyncio.timeout(_PROCESSED_S):
            while answer.json["state"] == "processing":
                await asyncio.sleep(_POLL_S)
                answer = await self.door.get(tenant, path)
        return str(answer.json["state"])


def seen_execution(answer: Answer, log: Answer, tenant: str) -> Seen:
    """An execution as its answer and its log show it."""
    document = answer.json
    return Seen(
        outcome=document["outcome"],
        output=document["output"],
        problem=document["problem"],
        denied=tuple((document["permissions"] or {}).get("denied", ())),
        log=tuple(log.json["items"]) if log.status == 200 else (),
        log_truncated=document["log_truncated"],
        usage=document["usage"] or {},
        execution=document["id"],
        tenant=tenant,
    )
