"""Limits beyond time and memory, on a real host: each names itself where it ended an execution."""

import asyncio
import time

import pytest
from wasmtime import Module, WasmtimeError, wat2wasm

from aei_protocol.interface import ALWAYS
from aei_protocol.limits import MIB, Limits
from aei_protocol.messages import Ended
from aei_protocol.outcomes import Outcome
from aei_sandbox.inside.engine import build_engine
from aei_sandbox.local import HostLine
from tests.sandbox.guests import TASK, Guest, echo, endless, fetching, logging


async def run(host: HostLine, content: bytes, task: str = "{}", **limits: int) -> Ended:
    prepared = await host.prepare(content, (*ALWAYS, "http"))
    return await host.execute(prepared.component, task, interfaces=(*ALWAYS, "http"), limits=Limits(**limits))


def growing_table(elements: int) -> bytes:
    """Returns its task when the table could be grown, an error when not."""
    module = "(table $t 1 funcref)"
    grown = f"(i32.ge_s (table.grow $t (ref.null func) (i32.const {elements})) (i32.const 0))"
    answer = f"(if (result i32) {grown} (then (call $ok {TASK})) (else (call $err {TASK})))"
    return Guest().build(answer, module)


def instances(count: int) -> bytes:
    """A component of so many more core instances, each without anything."""
    many = "(core module $e)" + "".join(f"(core instance $e{n} (instantiate $e))" for n in range(count))
    return Guest().build(f"(call $ok {TASK})", component=many)


def memories(count: int) -> bytes:
    many = "(core module $e (memory 1))" + "".join(
        f"(core instance $e{n} (instantiate $e))" for n in range(count)
    )
    return Guest().build(f"(call $ok {TASK})", component=many)


async def test_a_table_grows_to_its_limit_and_no_further(host: HostLine) -> None:
    assert (await run(host, growing_table(900), table_elements=1000)).outcome is Outcome.OK
    assert (await run(host, growing_table(1000), table_elements=1000)).outcome is Outcome.GUEST_ERROR
    assert (await run(host, growing_table(50_000_000))).outcome is Outcome.GUEST_ERROR


@pytest.mark.parametrize(
    ("content", "limits", "named"),
    [
        (Guest().build(f"(call $ok {TASK})", "(table 5000 funcref)"), {"table_elements": 4000}, "tables"),
        (instances(50), {"instances": 40}, "instances"),
        (memories(10), {"memories": 5}, "memories"),
    ],
)
async def test_a_component_that_declares_more_than_its_limit_does_not_start_and_hears_which(
    host: HostLine, content: bytes, limits: dict[str, int], named: str
) -> None:
    ended = await run(host, content, **limits)
    assert ended.outcome is Outcome.MEMORY_LIMIT
    assert named in str(ended.problem)
    assert (await run(host, content)).outcome is Outcome.OK


async def test_what_a_guest_logs_counts_as_handed_over(host: HostLine) -> None:
    ended = await run(host, logging(1000, "x" * 1000), bytes_out=100_000)
    assert ended.outcome is Outcome.OUTPUT_LIMIT
    assert "bytes_out" in str(ended.problem)
    assert ended.usage.host_calls < 110
    assert (await run(host, logging(50, "x" * 1000), bytes_out=100_000)).outcome is Outcome.OK


async def test_a_request_beyond_what_may_leave_is_never_sent(host: HostLine) -> None:
    request = '{"method": "POST", "url": "http://origin.example:8080/", "body": "' + "x" * 5000 + '"}'
    ended = await run(host, fetching(), request, bytes_out=4000)
    assert ended.outcome is Outcome.OUTPUT_LIMIT
    assert "bytes_out" in str(ended.problem)
    assert ended.denied == ()  # it would have been denied, had anybody looked at it


async def test_an_output_counts_as_handed_over(host: HostLine) -> None:
    ended = await run(host, echo(), "x" * 3000, bytes_out=2000)
    assert (ended.outcome, ended.output) == (Outcome.OUTPUT_LIMIT, None)
    assert (await run(host, echo(), "x" * 2000, bytes_out=2000)).outcome is Outcome.OK


async def test_endless_guests_side_by_side_end_soon_after_their_limit(host: HostLine) -> None:
    await run(host, endless(), wall_ms=50)
    late = []
    for _ in range(5):
        began = time.perf_counter()
        ended = await asyncio.gather(*(run(host, endless(), wall_ms=200) for _ in range(2)))
        assert {e.outcome for e in ended} == {Outcome.WALL_LIMIT}
        late.append(time.perf_counter() - began)
        assert all(e.usage.wall_ms >= 150 for e in ended)
    assert min(late) < 1.5  # the bench `limits` has the figure; this only sees a limit that does not end it


@pytest.mark.parametrize(
    ("feature", "module"),
    [
        ("threads", "(module (memory 1 1 shared))"),
        ("memory64", "(module (memory i64 1))"),
        (
            "relaxed simd",
            "(module (func (result v128) (i8x16.relaxed_swizzle"
            " (v128.const i32x4 0 0 0 0) (v128.const i32x4 0 0 0 0))))",
        ),
        ("exceptions", "(module (tag (param i32)))"),
        ("gc", "(module (type (struct (field i32))))"),
        ("function references", "(module (type $t (func)) (func (param (ref $t))))"),
    ],
)
def test_a_feature_that_the_gate_refuses_cannot_be_compiled_behind_it(feature: str, module: str) -> None:
    engine = build_engine()
    Module(engine, wat2wasm("(module (func return_call 0) (table 1 funcref))"))
    with pytest.raises(WasmtimeError):
        Module(engine, wat2wasm(module))


async def test_memory_of_a_first_execution_does_not_bound_the_next(host: HostLine) -> None:
    small = await run(host, echo(), memory_bytes=8 * MIB, table_elements=1)
    assert small.outcome is Outcome.OK
    assert (await run(host, growing_table(100_000))).outcome is Outcome.OK
