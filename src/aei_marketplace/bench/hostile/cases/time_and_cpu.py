"""A: guests that take time."""

import asyncio
import json

from aei_marketplace.bench.hostile.assembly import AREA, TASK, Guest
from aei_marketplace.bench.hostile.attempt import Case, Execution, Scenario, Seen, expect
from aei_marketplace.bench.hostile.cases.wasi import python_with_wasi, through_wasi
from aei_marketplace.bench.hostile.field import Field
from aei_marketplace.bench.hostile.kit import project_plugin
from aei_marketplace.bench.hostile.plugin import ORIGIN, ORIGIN_PORT, Plugin
from aei_marketplace.bench.hostile.tenants import Tenant

SHORT = {"cpu_ms": 150, "wall_ms": 8000}
SHORT_WALL = {"wall_ms": 250}
FLOOD = 1_000
_NETWORK = {"network": {"hosts": [f"{ORIGIN}:{ORIGIN_PORT}"]}}
_SECRETS = {"secrets": {"names": ["OWN_KEY"]}}

ECHO = Plugin("echo", lambda: Guest().build(f"(call $ok {TASK})"))
ENDLESS = Plugin("endless", lambda: Guest().build("(loop $l (br $l)) (unreachable)"))
ENDLESS_START = Plugin(
    "endless-start",
    lambda: Guest().build(f"(call $ok {TASK})", module="(func $s (loop $l (br $l))) (start $s)"),
)
RECURSION = Plugin(
    "recursion",
    lambda: Guest().build(
        "(call $r (i64.const 1) (i64.const 2) (i64.const 3) (i64.const 4)) (unreachable)",
        module="""(func $r (param i64 i64 i64 i64)
          (call $r (local.get 1) (local.get 2) (local.get 3) (local.get 0)))""",
    ),
)


def _log_flood() -> bytes:
    guest = Guest("log.log")
    words = f"{guest.text('info')} {guest.text('flood')}"
    return guest.build(f"(loop $l (call $log_log {words}) (br $l)) (unreachable)")


def _staller() -> bytes:
    """Waits for an answer that does not come; told that its time is up, it asks again."""
    guest = Guest("http.fetch")
    request = guest.text(json.dumps({"url": f"http://{ORIGIN}:{ORIGIN_PORT}/stall"}))
    return guest.build(f"(loop $l (call $http_fetch {request} {AREA}) (br $l)) (unreachable)")


def _dozer() -> bytes:
    """Computes a while, then waits in the host for an answer that takes its time, and again."""
    guest = Guest("secrets.get")
    absent = guest.text("ABSENT")
    return guest.build(
        f"""(loop $turn
          (local.set $i (i32.const 20000000))
          (loop $spin (br_if $spin (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
          (call $secrets_get {absent} {AREA}) (br $turn)) (unreachable)"""
    )


LOG_FLOOD = Plugin("log-flood", _log_flood)
STALLER = Plugin("staller", _staller, permissions=_NETWORK)
DOZER = Plugin("dozer", _dozer, permissions=_SECRETS)


async def flood(place: Field, attacker: Tenant, number: int) -> list[Seen]:  # noqa: ARG001 always the same one
    """A burst of tiny executions; what is beyond the tenant's share is refused with a time to come back.

    Always by the tenant that has no witness: its own share is what it uses up.
    """
    attacker = place.flooder
    await place.install(attacker, ECHO)
    await place.door.call(
        attacker, "PATCH", "/api/policies", b'{"executions_per_minute": 600, "executions_burst": 100}'
    )
    path = f"/api/plugins/{ECHO.id}/execute"
    try:
        answers = await asyncio.gather(*(place.door.post(attacker, path, {"task": {}}) for _ in range(FLOOD)))
    finally:
        null = b'{"executions_per_minute": null, "executions_burst": null}'
        await place.door.call(attacker, "PATCH", "/api/policies", null)
    refused = [answer for answer in answers if answer.status == 429]
    ran = sum(a.status == 200 and a.json["outcome"] == "ok" for a in answers)
    other = next((f"{a.status} {a.body[:200]!r}" for a in answers if a.status not in (200, 429)), None)
    note = f"{ran} ran, {len(refused)} refused with 429"
    if other or ran + len(refused) != FLOOD:
        return [Seen(note=note, problem=f"other answers, the first {other}")]
    if not refused or not all(answer.headers.get("Retry-After") for answer in refused):
        return [Seen(note=note, problem="no answer said when to come back")]
    return [Seen(refusals=("429",), note=note)]


CASES = (
    Case(
        "A01",
        "endless loop",
        "ends at its CPU limit, and at its wall limit",
        (
            Execution(ENDLESS, expect("cpu_limit"), limits=SHORT),
            Execution(ENDLESS, expect("wall_limit", "cpu_limit"), limits=SHORT_WALL),
        ),
    ),
    Case(
        "A02",
        "endless loop in the core start function",
        "the same: instantiating is inside the limits",
        (Execution(ENDLESS_START, expect("cpu_limit"), limits=SHORT),),
    ),
    Case("A03", "endless recursion", "trap: the stack is exhausted", (Execution(RECURSION, expect("trap")),)),
    Case(
        "A04",
        "waits in the host for an hour",
        "killed at the wall limit; a sleep of its own is refused with WASI",
        (
            Execution(STALLER, expect("wall_limit"), limits=SHORT_WALL),
            *through_wasi("sleep", "clocks", seconds=3600),
            *python_with_wasi(),
        ),
        seconds=240.0,
    ),
    Case(
        "A05",
        "flood of host calls",
        "ends at the cap of 10,000 host calls, or at a limit of time",
        (
            Execution(
                LOG_FLOOD,
                expect("host_call_limit", "wall_limit", "cpu_limit"),
                limits={"cpu_ms": 3000, "wall_ms": 6000},
            ),
        ),
    ),
    Case(
        "A06",
        "computes behind small waits, to dodge a limit of wall time",
        "ends at its CPU limit",
        (Execution(DOZER, expect("cpu_limit"), limits=SHORT),),
    ),
    Case(
        "A07",
        "catastrophic regular expression in the guest",
        "ends at its CPU limit, the host unaffected",
        (Execution(project_plugin("wild.python"), expect("cpu_limit"), {"do": "backtrack"}, SHORT),),
    ),
    Case(
        "A08",
        "1,000 tiny executions in a burst",
        "429 with Retry-After beyond the tenant's share",
        (Scenario(flood, expect("429"), (ECHO,), how="flooded"),),
        alone=True,
    ),
)
