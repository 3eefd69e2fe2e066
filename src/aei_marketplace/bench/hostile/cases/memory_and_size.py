"""B: guests that take memory, or hand over more than anybody takes."""

from aei_marketplace.bench.hostile.assembly import AREA, TASK, Guest
from aei_marketplace.bench.hostile.attempt import Case, Execution, Scenario, Seen, expect
from aei_marketplace.bench.hostile.field import Field
from aei_marketplace.bench.hostile.kit import project_plugin
from aei_marketplace.bench.hostile.plugin import Plugin
from aei_marketplace.bench.hostile.tenants import Tenant

LOG_BYTES = 256 * 1024
DEPTH = 10_000
_FILES = {"filesystem": {"scratch_mib": 1, "persistent_mib": 64}}


def _says_whether(condition: str, **definitions: str) -> bytes:
    """A guest that returns `refused` when the condition holds, and an error `granted` otherwise."""
    guest = Guest()
    refused, granted = guest.text("refused"), guest.text("granted")
    body = f"(if (result i32) {condition} (then (call $ok {refused})) (else (call $err {granted})))"
    return guest.build(body, **definitions)


def _log_lines() -> bytes:
    guest = Guest("log.log")
    words = f"{guest.text('info')} {guest.text('x' * 100)}"
    return guest.build(
        f"""(local.set $i (i32.const 1000000))
        (loop $l (call $log_log {words})
          (br_if $l (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
        (call $ok {TASK})"""
    )


def _heavy_writer() -> bytes:
    guest = Guest("files.write")
    path = guest.text("persistent/heavy")
    return guest.build(
        f"""(loop $l (call $files_write {path} (i32.const 65536) (i32.const 50331648) {AREA}) (br $l))
        (unreachable)""",
        pages=800,
    )


def _nested() -> bytes:
    guest = Guest()
    return guest.build(f"(call $ok {guest.text('[' * DEPTH + ']' * DEPTH)})")


GROWS = Plugin("grows", lambda: _says_whether("(i32.eq (memory.grow (i32.const 65535)) (i32.const -1))"))
DECLARES = Plugin("declares", lambda: Guest().build(f"(call $ok {TASK})", pages=65536))
TABLE = Plugin(
    "grows-table",
    lambda: _says_whether(
        "(i32.eq (table.grow $t (ref.null func) (i32.const 50000000)) (i32.const -1))",
        module="(table $t 1 funcref)",
    ),
)
LONG_RESULT = Plugin(
    "long-result",
    lambda: Guest().build(
        "(drop (memory.grow (i32.const 3200))) (call $ok (i32.const 65536) (i32.const 200000000))"
    ),
    limits={"memory_mib": 256},
)
HEAVY_WRITER = Plugin("heavy-writer", _heavy_writer, permissions=_FILES)
LOG_LINES = Plugin("log-lines", _log_lines)
NESTED = Plugin("nested", _nested)


def refused(seen: Seen) -> str | None:
    """The guest must have been told no."""
    return None if seen.output == "refused" else f"the guest says {seen.output!r}"


def log_is_capped(seen: Seen) -> str | None:
    """The log must be cut, and say so."""
    kept = sum(len(line["message"]) for line in seen.log)
    if not seen.log_truncated or kept > LOG_BYTES:
        return f"{kept} bytes of log kept, truncated: {seen.log_truncated}"
    return None


def stays_text(seen: Seen) -> str | None:
    """Nobody may have read it as JSON."""
    return None if seen.outcome != "ok" or isinstance(seen.output, str) else "the result was read as JSON"


async def fill_files(place: Field, attacker: Tenant, number: int) -> list[Seen]:  # noqa: ARG001 each round is the same
    """Fill the installation's area; another tenant can still write to its own."""
    python = project_plugin("wild.python")
    other = place.other_than(attacker)
    await place.install(other, python)
    await place.execute(attacker, python, {"do": "empty files"})
    filled = await place.execute(attacker, python, {"do": "fill files", "times": 8})
    unaffected = await place.execute(other, python, {"do": "fill files", "times": 1})
    for tenant in (attacker, other):
        await place.execute(tenant, python, {"do": "empty files"})
    told = filled.output if isinstance(filled.output, dict) else {}
    if filled.outcome == "ok" and told.get("code") != "quota":
        return [Seen(note="filled", problem=f"no quota was met: {filled.output}")]
    if unaffected.outcome != "ok" or unaffected.output != {"written": 1}:
        return [Seen(note="filled", problem=f"another tenant could not write: {unaffected}")]
    return [filled, unaffected]


CASES = (
    Case(
        "B01",
        "memory.grow to 4 GiB",
        "the guest is told no",
        (Execution(GROWS, expect("ok", judge=refused)),),
    ),
    Case(
        "B02",
        "declares 65,536 pages of memory",
        "memory_limit",
        (Execution(DECLARES, expect("memory_limit")),),
    ),
    Case(
        "B03",
        "table.grow by 50 million",
        "the guest is told no",
        (Execution(TABLE, expect("ok", judge=refused)),),
    ),
    Case("B04", "returns 200 MB of text", "output_limit", (Execution(LONG_RESULT, expect("output_limit")),)),
    Case(
        "B05",
        "hands 48 MiB to a host call, again and again",
        "host_call_limit: an argument has at most 1 MiB",
        (Execution(HEAVY_WRITER, expect("host_call_limit")),),
    ),
    Case(
        "B06",
        "Python list of growing byte arrays",
        "MemoryError in the guest, or a trap",
        (
            Execution(
                project_plugin("wild.python"),
                expect("trap", "guest_error", "memory_limit"),
                {"do": "hoard"},
                {"cpu_ms": 5000, "wall_ms": 20000},
            ),
        ),
    ),
    Case(
        "B07",
        "a million lines of log",
        "the log is cut at 256 KiB and says so",
        (
            Execution(
                LOG_LINES,
                expect("host_call_limit", "wall_limit", "cpu_limit", judge=log_is_capped),
                limits={"cpu_ms": 3000, "wall_ms": 6000},
            ),
        ),
    ),
    Case(
        "B08",
        "fills its files with values of 1 MB",
        "quota error at the cap; another tenant's writes succeed",
        (Scenario(fill_files, expect("ok"), (project_plugin("wild.python"),), how="executed"),),
    ),
    Case(
        "B09",
        "a result of JSON nested 10,000 deep",
        "stored as text, or guest_error",
        (Execution(NESTED, expect("ok", "guest_error", judge=stays_text)),),
    ),
)
