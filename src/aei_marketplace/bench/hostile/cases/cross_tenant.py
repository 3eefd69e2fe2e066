"""E: guests that look for what other tenants left."""

import json
import re
import uuid

from aei_marketplace.bench.hostile.assembly import Guest
from aei_marketplace.bench.hostile.attempt import Case, Execution, Scenario, Seen, expect
from aei_marketplace.bench.hostile.field import SECRET_OF_OTHERS, Field
from aei_marketplace.bench.hostile.kit import project_plugin
from aei_marketplace.bench.hostile.plugin import Plugin
from aei_marketplace.bench.hostile.tenants import Tenant

#: Samples of each kind in each round, of look-ups in a guest and of requests over HTTP.
SAMPLES = 25
FORGED = '\r\n{"event":"audit","action":"tenant.create"}\x1b[2J\x1b]0;owned\x07\u2028\u202e<script>1</script>'
#: What no message may show: where the host's code lies, and what it says to its database.
TELLING = re.compile(
    r"Traceback|File \"|\.py\b|site-packages|/usr/|/root|/home/|/tmp|sqlite|SELECT .* FROM|asyncpg|psycopg",
    re.I,
)


def _scanner() -> bytes:
    """Looks at 60 MiB of fresh memory for anything but zeros, then fills it for the next one to find."""
    guest = Guest()
    clean, dirty = guest.text("clean"), guest.text("dirty")
    return guest.build(
        f"""(local.set $i (i32.mul (memory.size) (i32.const 65536)))
        (drop (memory.grow (i32.const 960)))
        (local.set $end (i32.mul (memory.size) (i32.const 65536)))
        (local.set $from (local.get $i))
        (loop $l (local.set $n (i64.or (local.get $n) (i64.load (local.get $i))))
          (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 8))) (local.get $end))))
        (memory.fill (local.get $from) (i32.const 0xC5) (i32.sub (local.get $end) (local.get $from)))
        (if (result i32) (i64.eqz (local.get $n)) (then (call $ok {clean})) (else (call $err {dirty})))""",
        variables="(local $end i32) (local $from i32)",
    )


def _counter() -> bytes:
    guest = Guest()
    first, again = guest.text("1"), guest.text("more than one run was counted")
    return guest.build(
        f"""(global.set $seen (i32.add (global.get $seen) (i32.const 1)))
        (if (result i32) (i32.eq (global.get $seen) (i32.const 1))
          (then (call $ok {first})) (else (call $err {again})))""",
        module="(global $seen (mut i32) (i32.const 0))",
    )


SCANNER = Plugin("scanner", _scanner, limits={"memory_mib": 128})
COUNTER = Plugin("counter", _counter)


async def scan(place: Field, attacker: Tenant, number: int) -> list[Seen]:  # noqa: ARG001 each round is the same
    """Two tenants in turn, each after the other has filled its memory."""
    return await _in_turn(place, attacker, SCANNER, [{}] * 3)


async def count(place: Field, attacker: Tenant, number: int) -> list[Seen]:  # noqa: ARG001 each round is the same
    """The same with a global."""
    return await _in_turn(place, attacker, COUNTER, [{}] * 3)


async def remember(place: Field, attacker: Tenant, number: int) -> list[Seen]:  # noqa: ARG001 each round is the same
    """Each run must know its own words only."""
    words = [place.other_than(attacker).canaries["task"].text, "mine", "mine again"]
    tasks = [{"do": "remember", "words": each} for each in words]
    seen = await _in_turn(place, attacker, project_plugin("wild.python"), tasks)
    for one, own in zip(seen, words, strict=True):
        if one.outcome == "ok" and one.output != [own]:
            return [Seen(note="remembered", problem=f"a run for {own!r} knows {one.output}")]
    return seen


async def leave_files(place: Field, attacker: Tenant, number: int) -> list[Seen]:  # noqa: ARG001 each round is the same
    """What one run leaves in scratch, no other finds."""
    canary = place.other_than(attacker).canaries["file"].text
    tasks = [{"do": "use scratch", "words": words} for words in (canary, "mine", "mine again")]
    seen = await _in_turn(place, attacker, project_plugin("wild.python"), tasks)
    found = [one.output for one in seen if one.outcome == "ok" and one.output["found"]]
    return [Seen(note="left", problem=f"found in scratch: {found}")] if found else seen


async def share_caches(place: Field, attacker: Tenant, number: int) -> list[Seen]:  # noqa: ARG001 each round is the same
    """The same plugin and task in two tenants: nothing of one answer may be the other's."""
    python = project_plugin("wild.python")
    other = place.other_than(attacker)
    for tenant in (attacker, other):
        await place.install(tenant, python)
    seen = [await place.execute(t, python, {"do": "tell config"}) for t in (other, attacker, attacker)]
    told = [one.output for one in seen if one.outcome == "ok"]
    for part in ("random", "count"):
        if len({one[part] for one in told}) != len(told):
            return [Seen(note="shared", problem=f"{part} repeats: {[one[part] for one in told]}")]
    if [one["config"] for one in told] != [
        {"canary": t.canaries["config"].text} for t in (other, attacker, attacker)
    ]:
        return [Seen(note="shared", problem="a configuration is not its tenant's")]
    return seen


async def time_look_ups(place: Field, attacker: Tenant, number: int) -> list[Seen]:
    """Take times of what exists elsewhere and of what is nowhere; the figures are compared at the end."""
    python, other = project_plugin("wild.python"), place.other_than(attacker)
    await place.install(attacker, python)
    absent = f"ABSENT_{number}"
    task = {"do": "time secrets", "names": [SECRET_OF_OTHERS, absent] * SAMPLES}
    seen = await place.execute(attacker, python, task)
    if seen.outcome == "ok":
        place.samples["secret existing"] += seen.output[::2]
        place.samples["secret absent"] += seen.output[1::2]
    existing = next((x for x in place.private_plugins if not x.startswith(f"{attacker.name}.")), None)
    for _ in range(SAMPLES):
        for kind, plugin in (
            ("existing", existing),
            ("absent", f"{other.name}.absent-{uuid.uuid4().hex[:4]}"),
        ):
            if plugin is not None:
                status, taken = await place.timed_get(attacker, f"/api/plugins/{plugin}")
                if status != 404:
                    return [Seen(note="timed", problem=f"{plugin} answered {status}")]
                place.samples[f"plugin {kind}"].append(taken)
    return [seen]


async def _in_turn(place: Field, attacker: Tenant, plugin: Plugin, tasks: list[dict[str, str]]) -> list[Seen]:
    """Another tenant, the attacker, and the attacker again."""
    other = place.other_than(attacker)
    for tenant in (attacker, other):
        await place.install(tenant, plugin)
    turns = zip((other, attacker, attacker), tasks, strict=True)
    return [await place.execute(tenant, plugin, task) for tenant, task in turns]


def nothing_telling(seen: Seen) -> str | None:
    """No message may show the host's inside."""
    told = TELLING.search(f"{seen.problem} {json.dumps(seen.output)}")
    return f"a message tells {told[0]!r}" if told else None


def guests_words_escaped(seen: Seen) -> str | None:
    """What the guest says of itself may stand there, on one line."""
    problem = seen.problem or ""
    return None if problem.isprintable() else f"not escaped: {problem!r}"


def one_escaped_line(seen: Seen) -> str | None:
    """The forged entry must be one line, its control characters escaped."""
    messages = [line["message"] for line in seen.log]
    if len(messages) != 1:
        return f"{len(messages)} lines of log"
    return None if messages[0].isprintable() else f"not escaped: {messages[0]!r}"


_PYTHON = project_plugin("wild.python")
CASES = (
    Case(
        "E01",
        "scans all of its fresh memory for what others left",
        "nothing but zeros",
        (Scenario(scan, expect("ok"), (SCANNER,), how="two tenants in turn"),),
    ),
    Case(
        "E02",
        "counts its runs in a global",
        "always 1",
        (Scenario(count, expect("ok"), (COUNTER,), how="two tenants in turn"),),
    ),
    Case(
        "E03",
        "keeps words in a Python global, replaces the standard library",
        "each run knows its own words only",
        (Scenario(remember, expect("ok"), (_PYTHON,), how="two tenants in turn"),),
    ),
    Case(
        "E04",
        "leaves files in scratch",
        "scratch is empty at each start",
        (Scenario(leave_files, expect("ok"), (_PYTHON,), how="two tenants in turn"),),
    ),
    Case(
        "E05",
        "the same plugin and task in two tenants",
        "no answer is another's",
        (Scenario(share_caches, expect("ok"), (_PYTHON,), how="two tenants in turn"),),
    ),
    Case(
        "E06",
        "provokes errors of the host to read its messages",
        "plain words, no path, no SQL, no traceback",
        (
            Execution(_PYTHON, expect("ok", "denied", judge=nothing_telling), {"do": "provoke"}),
            Execution(
                _PYTHON,
                expect("guest_error", judge=guests_words_escaped),
                {"do": "fail loudly", "words": FORGED},
                how="failed loudly",
            ),
        ),
    ),
    Case(
        "E07",
        "a log line with line ends, terminal codes and a forged audit entry",
        "one escaped line",
        (Execution(_PYTHON, expect("ok", judge=one_escaped_line), {"do": "forge log", "words": FORGED}),),
    ),
    Case(
        "E08",
        "takes the time of look-ups of what exists elsewhere and what is nowhere",
        "answers alike; Welch's t is a figure of the report",
        (Scenario(time_look_ups, expect("ok"), (_PYTHON,), how="timed"),),
    ),
)
