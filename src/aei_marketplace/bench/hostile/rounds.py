"""The rounds: each case by another tenant each time, and what must hold after all of them."""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from aei_marketplace.bench.hostile.attempt import Attempt, Case, Seen
from aei_marketplace.bench.hostile.field import Field
from aei_marketplace.bench.hostile.plugin import Plugin
from aei_marketplace.bench.hostile.tenants import Tenant

#: What the witnesses measure goes to the phase in which they measured it.
HOSTILE, FLOOD = "hostile", "flood"
AT_ONCE = 3
_OFFERED_AT_ONCE = 3
_SETTLED_S, _AUDITED_S = 1.0, 15.0


@dataclass
class Account:
    """What came of one case over all rounds.

    Attributes:
        seconds: that the longest try took.
        words: how it was tried → outcomes and refusals, counted.
        complaints: what was not as it should be.
    """

    case: Case
    tries: int = 0
    seconds: float = 0.0
    words: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    complaints: Counter[str] = field(default_factory=Counter)

    @property
    def as_expected(self) -> bool:
        """Whether every try was made and ended as it should."""
        return bool(self.tries) and not self.complaints


class Rounds:
    """Makes the tries.

    Args:
        tell: is told the phase, `HOSTILE` or `FLOOD`.

    Attributes:
        accounts: by case.
        general: what must hold after every round and did not.
        runs: tries that were made.
        done: rounds that were completed.
    """

    def __init__(
        self, place: Field, cases: Sequence[Case], tell: Callable[[str], None] = lambda _: None
    ) -> None:
        self.place = place
        self.tell = tell
        self.cases = cases
        self.accounts = {case.id: Account(case) for case in cases}
        self.general: list[str] = []
        self.runs = self.done = 0
        self._broken: dict[str, str] = {}
        self._room = asyncio.Semaphore(AT_ONCE)

    async def offer_all(self) -> None:
        """Publish every plugin that the cases install; one that cannot be spoils its own cases only."""
        wanted = {p.id: p for case in self.cases for attempt in case.attempts for p in attempt.plugins}
        room = asyncio.Semaphore(_OFFERED_AT_ONCE)

        async def offer(plugin: Plugin) -> None:
            async with room:
                try:
                    await asyncio.to_thread(lambda: plugin.component)
                    await self.place.offer(plugin)
                except Exception as error:  # noqa: BLE001 one broken plugin must not end the experiment
                    self._broken[plugin.id] = f"{type(error).__name__}: {error}"

        await asyncio.gather(*(offer(plugin) for plugin in wanted.values()))

    async def install_all(self, numbers: Iterable[int]) -> None:
        """Install what will be executed in these rounds, so that installing is no part of the load."""
        pairs = {
            (attacker.name, plugin.id): (attacker, plugin)
            for number in numbers
            for index, case in enumerate(self.cases)
            for attempt in case.attempts
            for plugin in attempt.plugins
            for attacker in (
                self._attacker(index, number),
                self.place.other_than(self._attacker(index, number)),
            )
            if plugin.id not in self._broken
        }
        room = asyncio.Semaphore(8)

        async def install(tenant: Tenant, plugin: Plugin) -> None:
            async with room:
                try:
                    await self.place.install(tenant, plugin)
                except Exception as error:  # noqa: BLE001 told by the tries that need it
                    self._broken[plugin.id] = f"{type(error).__name__}: {error}"

        await asyncio.gather(*(install(tenant, plugin) for tenant, plugin in pairs.values()))

    async def run(self, number: int) -> None:
        """One round: every case, then what must hold afterwards."""
        executions: list[Seen] = []
        together = [(i, c) for i, c in enumerate(self.cases) if not c.alone]
        apart = [(i, c) for i, c in enumerate(self.cases) if c.alone]
        await asyncio.gather(*(self._case(index, case, number, executions) for index, case in together))
        self.tell(FLOOD)
        for index, case in apart:
            await self._case(index, case, number, executions)
        self.tell(HOSTILE)
        await asyncio.sleep(_SETTLED_S)
        await self._nothing_runs(number)
        await self._audited(executions)
        self.done += 1

    def _attacker(self, index: int, number: int) -> Tenant:
        tenants = self.place.tenants
        return tenants[(index + number) % len(tenants)]

    async def _case(self, index: int, case: Case, number: int, executions: list[Seen]) -> None:
        async with self._room:
            for attempt in case.attempts:
                if number == 0 or not attempt.dear:
                    executions += await self._try(case, attempt, self._attacker(index, number), number)

    async def _try(self, case: Case, attempt: Attempt, attacker: Tenant, number: int) -> list[Seen]:
        account, began = self.accounts[case.id], time.monotonic()
        try:
            seen = await self._carry_out(case, attempt, attacker, number)
        except TimeoutError:
            account.complaints[f"{attempt.how}: no end after {case.seconds:.0f} s"] += 1
            return []
        except Exception as error:  # noqa: BLE001 one failing case must not end the others
            account.complaints[f"{attempt.how}: {type(error).__name__}: {str(error)[:600]}"] += 1
            return []
        finally:
            account.seconds = max(account.seconds, time.monotonic() - began)
        self.runs += 1
        account.tries += 1
        for one in seen:
            account.words[attempt.how][one.word] += 1
            complaint = one.problem if one.note and one.problem else attempt.complaint(one)
            if complaint:
                account.complaints[f"{attempt.how}: {complaint[:600]}"] += 1
            self._sample(attempt, one)
        return [one for one in seen if one.execution]

    async def _carry_out(self, case: Case, attempt: Attempt, attacker: Tenant, number: int) -> list[Seen]:
        broken = [f"{p.id} {self._broken[p.id]}" for p in attempt.plugins if p.id in self._broken]
        if broken:
            raise RuntimeError("; ".join(broken))
        async with asyncio.timeout(case.seconds):
            for plugin in attempt.plugins:
                await self.place.install(attacker, plugin)
            return await attempt.carry_out(self.place, attacker, number)

    def _sample(self, attempt: Attempt, seen: Seen) -> None:
        limits: Mapping[str, int] = getattr(attempt, "limits", {})
        if seen.outcome == "wall_limit" and "wall_ms" in limits:
            self.place.samples["late"].append(seen.usage["wall_ms"] - limits["wall_ms"])

    async def _nothing_runs(self, number: int) -> None:
        """No hostile guest may still run a second after its end was told."""
        status = await self.place.behind.status()
        hostile = {p.component_sha256 for c in self.cases for a in c.attempts for p in a.plugins}
        for worker in status.details.get("workers", ()):
            if worker["component"] in hostile and worker["state"] in ("running", "awaiting"):
                self.general.append(
                    f"round {number + 1}: a hostile guest still runs in process {worker['pid']}"
                )

    async def _audited(self, executions: Sequence[Seen]) -> None:
        """Each execution has one start and one end in its tenant's audit log, the end with its outcome."""
        deadline = time.monotonic() + _AUDITED_S
        by_name = {tenant.name: tenant for tenant in self.place.tenants}
        for seen in executions:
            assert seen.tenant is not None
            problem = await self._entries_problem(by_name[seen.tenant], seen)
            while problem and time.monotonic() < deadline:
                # An entry can be read once the sequencer has taken it, within a second or so.
                await asyncio.sleep(0.3)
                problem = await self._entries_problem(by_name[seen.tenant], seen)
            if problem:
                self.general.append(f"execution {seen.execution}: {problem}")

    async def _entries_problem(self, tenant: Tenant, seen: Seen) -> str | None:
        answer = await self.place.door.get(tenant, f"/api/audit?resource={seen.execution}&limit=200")
        entries = answer.json["items"] if answer.status == 200 else []
        starts = [entry for entry in entries if entry["action"] == "execution.start"]
        ends = [entry["outcome"] for entry in entries if entry["action"] == "execution.end"]
        if len(starts) == 1 and ends == [seen.outcome]:
            return None
        return f"{len(starts)} starts, ends {ends}, outcome {seen.outcome}"
