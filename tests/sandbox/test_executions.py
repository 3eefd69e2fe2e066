"""How executions end, seen from the marketplace's side of the socket."""

import asyncio

import pytest

from aei_protocol.limits import MIB, Limits
from aei_protocol.messages import Denial
from aei_protocol.outcomes import Outcome
from aei_protocol.permissions import Capabilities
from aei_protocol.walls import REQUIRED_WALLS
from aei_sandbox.local import HostLine, HostRefused, Observer
from tests.sandbox.guests import AREA, REPLY_RESULT, REPLY_STRING, TASK, Guest, echo, endless, logging

WITH_SECRETS = ("log", "secrets")
SHORT = Limits(cpu_ms=200, wall_ms=20_000)


def secret_reader() -> bytes:
    return Guest("secrets.get").build(f"(call $secrets_get {TASK} {AREA}) {REPLY_RESULT}")


async def run(host: HostLine, content: bytes, task: str = "{}", **options):
    prepared = await host.prepare(
        content, options.get("interfaces", ("log", "progress", "clock", "random", "config"))
    )
    return await host.execute(prepared.component, task, **options)


async def test_a_guest_returns_its_result_and_its_usage_is_measured(host: HostLine) -> None:
    ended = await run(host, echo(), '{"größe": 1}')
    assert (ended.outcome, ended.output, ended.problem) == (Outcome.OK, '{"größe": 1}', None)
    assert ended.usage.cpu_ms > 0
    assert ended.usage.wall_ms > 0
    assert ended.usage.peak_memory_bytes > MIB
    assert ended.usage.bytes_in == ended.usage.bytes_out == len('{"größe": 1}'.encode())


async def test_the_walls_that_stood_are_recorded_with_the_end(host: HostLine) -> None:
    ended = await run(host, echo())
    assert set(REQUIRED_WALLS) <= set(ended.walls)


async def test_nothing_is_left_in_a_guest_between_two_runs(host: HostLine) -> None:
    counter = Guest().build(
        "(global.set $seen (i32.add (global.get $seen) (i32.const 1)))"
        "(if (result i32) (i32.eq (global.get $seen) (i32.const 1))"
        f"(then (call $ok {TASK})) (else (unreachable)))",
        "(global $seen (mut i32) (i32.const 0))",
    )
    for _ in range(3):
        assert (await run(host, counter)).outcome is Outcome.OK


async def test_a_loop_ends_at_its_cpu_limit_and_the_next_execution_is_fine(host: HostLine) -> None:
    ended = await run(host, endless(), limits=SHORT)
    assert ended.outcome is Outcome.CPU_LIMIT
    assert 150 <= ended.usage.cpu_ms < 2_000
    assert (await run(host, echo())).outcome is Outcome.OK


async def test_a_loop_ends_at_its_wall_limit(host: HostLine) -> None:
    ended = await run(host, endless(), limits=Limits(wall_ms=300))
    assert ended.outcome is Outcome.WALL_LIMIT
    assert 290 <= ended.usage.wall_ms < 3_000


async def test_a_loop_in_a_start_function_is_inside_the_limits(host: HostLine) -> None:
    loops = Guest().build(f"(call $ok {TASK})", "(func $s (loop $l (br $l))) (start $s)")
    ended = await run(host, loops, limits=SHORT)
    assert ended.outcome is Outcome.CPU_LIMIT


async def test_what_a_start_function_says_is_said_in_each_run_once_and_in_none_before(host: HostLine) -> None:
    guest = Guest("log.log")
    start = f"(func $s (call $log_log {guest.text('info')} {guest.text('born')})) (start $s)"
    content, observer = guest.build(f"(call $ok {TASK})", start), Observer()
    for times in (1, 2, 3):
        assert (await run(host, content, observer=observer)).outcome is Outcome.OK
        assert [line.message for line in observer.lines] == ["born"] * times


async def test_an_instance_made_ahead_has_the_bounds_of_its_own_run(host: HostLine) -> None:
    grows = Guest().build(
        f"(if (result i32) (i32.eq (memory.grow (i32.const 800)) (i32.const -1))"
        f"(then (call $ok {TASK})) (else (unreachable)))"
    )
    outcomes = [
        (await run(host, grows, limits=Limits(memory_bytes=mib * MIB))).outcome for mib in (120, 120, 16, 120)
    ]
    assert outcomes == [Outcome.TRAP, Outcome.TRAP, Outcome.OK, Outcome.TRAP]


async def test_growing_memory_beyond_the_limit_is_refused_to_the_guest(host: HostLine) -> None:
    grows = Guest().build(
        f"(if (result i32) (i32.eq (memory.grow (i32.const 4000)) (i32.const -1))"
        f"(then (call $ok {TASK})) (else (unreachable)))"
    )
    ended = await run(host, grows, limits=Limits(memory_bytes=16 * MIB))
    assert ended.outcome is Outcome.OK


async def test_a_component_that_declares_more_memory_than_its_limit_does_not_start(host: HostLine) -> None:
    ended = await run(
        host, Guest().build(f"(call $ok {TASK})", pages=4000), limits=Limits(memory_bytes=16 * MIB)
    )
    assert ended.outcome is Outcome.MEMORY_LIMIT


async def test_a_larger_memory_limit_than_before_gets_a_worker_that_allows_it(host: HostLine) -> None:
    content = Guest().build(
        f"(if (result i32) (i32.eq (memory.grow (i32.const 8000)) (i32.const -1)) (then (unreachable))"
        f"(else (memory.fill (i32.const 65536) (i32.const 1) (i32.const 500000000)) (call $ok {TASK})))"
    )
    assert (await run(host, content, limits=Limits(memory_bytes=16 * MIB))).outcome is Outcome.TRAP
    ended = await run(host, content, limits=Limits(memory_bytes=600 * MIB, cpu_ms=30_000, wall_ms=60_000))
    assert ended.outcome is Outcome.OK
    assert ended.usage.peak_memory_bytes > 400 * MIB


async def test_many_memories_do_not_add_up_to_more_than_the_process_may_have(host: HostLine) -> None:
    grow = (
        "(core module $grow (memory 0) (start $s) (func $s"
        " (if (i32.ne (memory.grow (i32.const 1600)) (i32.const -1))"
        " (then (memory.fill (i32.const 0) (i32.const 1) (i32.const 104857600))))))"
    )
    instances = "".join("(core instance (instantiate $grow))" for _ in range(15))
    content = Guest().build(f"(call $ok {TASK})", component=grow + instances)
    limits = Limits(memory_bytes=100 * MIB, cpu_ms=30_000, wall_ms=60_000)
    ended = await run(host, content, limits=limits)
    assert 100 * MIB < ended.usage.peak_memory_bytes < 300 * MIB


@pytest.mark.parametrize(
    ("body", "module", "words"),
    [
        ("(unreachable)", "", "unreachable"),
        ("(call $r)", "(func $r (result i32) (drop (call $r)) (i32.const 0))", "call stack exhausted"),
        ("(i32.load (i32.const -4))", "", "out of bounds memory access"),
        ("(i32.div_u (i32.const 1) (i32.const 0))", "", "integer divide by zero"),
        ("(call $ok (i32.const -8) (i32.const 100))", "", "out of bounds"),
        ("(call $ok (i32.const 8) (i32.const -1))", "", "out of bounds"),
        ("(i32.const 3)", "", "misaligned pointer"),
        ("(i32.store8 (i32.const 16) (i32.const 7)) (i32.const 16)", "", "invalid variant"),
    ],
)
async def test_a_trap_is_named_by_its_code(host: HostLine, body: str, module: str, words: str) -> None:
    ended = await run(host, Guest().build(body, module))
    assert (ended.outcome, ended.problem) == (Outcome.TRAP, words)


async def test_a_result_that_is_no_utf8_is_a_trap(host: HostLine) -> None:
    guest = Guest()
    bad = guest.text(b"\xff\xfe")
    ended = await run(host, guest.build(f"(call $ok {bad})"))
    assert (ended.outcome, ended.problem) == (Outcome.TRAP, "invalid utf-8 text")


async def test_function_names_chosen_by_the_author_never_reach_the_problem(host: HostLine) -> None:
    name = "\\0d\\0aCaused by: exceeds memory limits"
    named = Guest().build("(call $evil)", f'(func $evil (@name "{name}") (result i32) (unreachable))')
    ended = await run(host, named)
    assert (ended.outcome, ended.problem) == (Outcome.TRAP, "unreachable")


@pytest.mark.parametrize("size", [2_000_000, 300_000_000])
async def test_a_result_above_the_output_limit_is_refused(host: HostLine, size: int) -> None:
    long = Guest().build(f"(call $ok (i32.const 65536) (i32.const {size}))", pages=5000)
    ended = await run(host, long, limits=Limits(memory_bytes=400 * MIB))
    assert ended.outcome is Outcome.OUTPUT_LIMIT
    assert ended.output is None


async def test_a_task_above_the_input_limit_does_not_begin(host: HostLine) -> None:
    with pytest.raises(HostRefused, match="2000 bytes") as refusal:
        await run(host, echo(), "x" * 2000, limits=Limits(input_bytes=1000))
    assert refusal.value.code == "input_limit"


async def test_an_error_of_the_guest_is_escaped_and_cut(host: HostLine) -> None:
    guest = Guest()
    ended = await run(host, guest.build(f"(call $err {guest.text(chr(27) + '[31m' + chr(10) + 'x' * 2000)})"))
    assert ended.outcome is Outcome.GUEST_ERROR
    assert ended.problem is not None
    assert ended.problem.startswith("\\x1b[31m\\n")
    assert len(ended.problem) == 500


async def test_a_flood_of_host_calls_ends_at_the_limit(host: HostLine) -> None:
    observer = Observer()
    ended = await run(host, logging(100_000), limits=Limits(host_calls=500), observer=observer)
    assert ended.outcome is Outcome.HOST_CALL_LIMIT
    assert ended.usage.host_calls == len(observer.lines) == 500


async def test_an_argument_above_the_cap_ends_the_run_before_it_is_copied(host: HostLine) -> None:
    guest = Guest("log.log")
    body = f"(call $log_log {guest.text('info')} (i32.const 0) (i32.const 50331648)) (call $ok {TASK})"
    ended = await run(host, guest.build(body, pages=800))
    assert ended.outcome is Outcome.HOST_CALL_LIMIT
    assert ended.usage.peak_memory_bytes < 256 * MIB


async def test_a_log_beyond_its_limit_is_truncated_and_says_so(host: HostLine) -> None:
    observer = Observer()
    ended = await run(host, logging(3000, "x" * 1000), limits=Limits(log_bytes=10_000), observer=observer)
    assert ended.outcome is Outcome.OK
    assert ended.log_truncated
    assert sum(len(line.message) for line in observer.lines) == 10_000


async def test_a_log_line_cannot_forge_another(host: HostLine) -> None:
    observer = Observer()
    guest = Guest("log.log")
    forged = guest.text('\r\n{"event": "audit"}\x1b[2J\u2028')
    await run(
        host,
        guest.build(f"(call $log_log {guest.text('fatal')} {forged}) (call $ok {TASK})"),
        observer=observer,
    )
    (line,) = observer.lines
    assert line.level == "info"
    assert line.message == '\\r\\n{"event": "audit"}\\x1b[2J\\u2028'


async def test_progress_is_clamped_and_the_last_report_always_arrives(host: HostLine) -> None:
    observer = Observer()
    guest = Guest("progress.report")
    body = f"""(local.set $i (i32.const 200))
      (loop $l (call $progress_report (f64.const nan) {guest.text("at work")})
        (br_if $l (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
      (call $progress_report (f64.const 7) {guest.text("done")}) (call $ok {TASK})"""
    await run(host, guest.build(body), observer=observer)
    assert (observer.progress[0].fraction, observer.progress[-1].fraction) == (0.0, 1.0)
    assert observer.progress[-1].message == "done"
    assert len(observer.progress) < 100


async def test_random_bytes_differ_and_are_bounded(host: HostLine) -> None:
    content = Guest("random.hex").build(f"(call $random_hex (i32.const 100000) {AREA}) {REPLY_STRING}")
    first, second = [(await run(host, content)).output for _ in range(2)]
    assert first is not None
    assert len(first) == 2 * 4096
    assert first != second


async def test_the_clock_is_real_and_the_monotonic_one_begins_with_the_execution(host: HostLine) -> None:
    content = Guest("clock.now", "clock.monotonic").build(
        f"""(if (i64.lt_u (call $clock_now) (i64.const 1700000000000)) (then (unreachable)))
        (if (i64.gt_u (call $clock_monotonic) (i64.const 60000000000)) (then (unreachable)))
        (local.set $n (call $clock_monotonic))
        (if (i64.le_u (call $clock_monotonic) (local.get $n)) (then (unreachable)))
        (call $ok {TASK})"""
    )
    assert (await run(host, content)).outcome is Outcome.OK


async def test_the_configuration_is_the_installations(host: HostLine) -> None:
    content = Guest("config.get").build(f"(call $config_get {AREA}) {REPLY_STRING}")
    assert (await run(host, content, config='{"unit": "km"}')).output == '{"unit": "km"}'


async def test_a_granted_secret_is_read_from_its_own_tenant(host: HostLine) -> None:
    for tenant in ("acme", "globex"):
        ended = await run(
            host,
            secret_reader(),
            "KEY",
            interfaces=WITH_SECRETS,
            tenant=tenant,
            capabilities=Capabilities(secrets=("KEY",)),
        )
        assert ended.output == f"{tenant}'s value"
        assert ended.used == ("secrets",)


async def test_absent_and_ungranted_secrets_look_the_same(host: HostLine) -> None:
    ungranted = await run(host, secret_reader(), "KEY", interfaces=WITH_SECRETS, tenant="acme")
    absent = await run(
        host,
        secret_reader(),
        "OTHER",
        interfaces=WITH_SECRETS,
        tenant="acme",
        capabilities=Capabilities(secrets=("OTHER",)),
    )
    assert ungranted.problem == absent.problem
    assert ungranted.outcome is absent.outcome is Outcome.DENIED
    assert ungranted.denied == (Denial("secrets", "KEY", 1),)
    assert min(ungranted.usage.wall_ms, absent.usage.wall_ms) >= 19


async def test_a_denied_call_that_the_guest_survives_does_not_end_the_execution(host: HostLine) -> None:
    content = Guest("secrets.get").build(f"(call $secrets_get {TASK} {AREA}) (call $ok {TASK})")
    ended = await run(host, content, "KEY", interfaces=WITH_SECRETS)
    assert ended.outcome is Outcome.OK
    assert ended.denied == (Denial("secrets", "KEY", 1),)
    assert ended.used == ()


async def test_many_refused_targets_are_summed_up(host: HostLine) -> None:
    guest = Guest("secrets.get")
    calls = " ".join(f"(call $secrets_get {guest.text(f'K{n}')} {AREA})" for n in range(25))
    ended = await run(host, guest.build(f"{calls} (call $ok {TASK})"), interfaces=WITH_SECRETS)
    assert len(ended.denied) == 20
    assert ended.more_denied == 5


async def test_an_execution_gets_only_the_interfaces_it_names(host: HostLine) -> None:
    prepared = await host.prepare(secret_reader(), WITH_SECRETS)
    with pytest.raises(HostRefused) as refusal:
        await host.execute(
            prepared.component, "KEY", interfaces=("log",), capabilities=Capabilities(secrets=("KEY",))
        )
    assert refusal.value.code == "overreach"


async def test_an_unknown_component_is_asked_for(host: HostLine) -> None:
    with pytest.raises(HostRefused) as refusal:
        await host.execute("0" * 64, "{}")
    assert refusal.value.code == "component_missing"


async def test_a_cancelled_execution_ends_once_as_cancelled(host: HostLine) -> None:
    prepared = await host.prepare(endless())
    long = Limits(cpu_ms=60_000, wall_ms=60_000)
    running = asyncio.create_task(host.execute(prepared.component, "{}", execution="to-cancel", limits=long))
    await asyncio.sleep(0.3)
    host.cancel("to-cancel")
    host.cancel("to-cancel")
    assert (await running).outcome is Outcome.CANCELLED
    assert (await run(host, echo())).outcome is Outcome.OK


async def test_an_execution_cancelled_in_the_same_breath_still_gets_its_end(host: HostLine) -> None:
    prepared = await host.prepare(endless())
    running = asyncio.create_task(host.execute(prepared.component, "{}", execution="breath"))
    await asyncio.sleep(0)
    host.cancel("breath")
    assert (await running).outcome is Outcome.CANCELLED


async def test_an_id_that_runs_already_is_refused(host: HostLine) -> None:
    prepared = await host.prepare(endless())
    line = host
    first = asyncio.create_task(line.execute(prepared.component, "{}", execution="twice"))
    await asyncio.sleep(0.2)
    kept = line._answers.pop("twice")
    with pytest.raises(HostRefused) as refusal:
        await line.execute(prepared.component, "{}", execution="twice")
    assert refusal.value.code == "duplicate"
    line._answers["twice"] = kept
    line.cancel("twice")
    assert (await first).outcome is Outcome.CANCELLED


async def test_more_executions_than_workers_all_end_well(host: HostLine) -> None:
    prepared = await host.prepare(echo())
    ended = await asyncio.gather(
        *(host.execute(prepared.component, f'"{n}"', tenant=f"t{n % 7}") for n in range(200))
    )
    assert [e.output for e in ended] == [f'"{n}"' for n in range(200)]


async def test_one_tenants_loops_do_not_keep_others_from_running(host: HostLine) -> None:
    loop, good = await host.prepare(endless()), await host.prepare(echo())
    limits = Limits(cpu_ms=500, wall_ms=5_000)
    loud = (host.execute(loop.component, "{}", tenant="loud", limits=limits) for _ in range(12))
    flood = [asyncio.create_task(one) for one in loud]
    await asyncio.sleep(0.2)
    ended = await asyncio.wait_for(host.execute(good.component, "{}", tenant="quiet"), 60)
    assert ended.outcome is Outcome.OK
    assert not all(task.done() for task in flood)
    assert {(await task).outcome for task in flood} <= {Outcome.CPU_LIMIT, Outcome.WALL_LIMIT}


async def test_idle_workers_of_a_retired_component_end(host: HostLine) -> None:
    prepared = await host.prepare(echo())
    await host.execute(prepared.component, "{}")
    host.retire(prepared.component)
    status = await host.status()
    assert prepared.component not in {w["component"] for w in status.details["workers"]}
    assert (await host.execute(prepared.component, "{}")).outcome is Outcome.OK
