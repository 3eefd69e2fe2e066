"""What becomes an artefact, and what is refused."""

import asyncio
import hashlib
import os
import signal
import uuid
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wasmtime import wat2wasm

from aei_protocol.interface import ALWAYS, RUN_SIGNATURE, SIGNATURES, import_name
from aei_protocol.messages import Prepare
from aei_sandbox.artefacts import Artefacts, open_directory
from aei_sandbox.imports import NotAdmitted, admitted_interfaces, check_preamble
from aei_sandbox.local import HostLine, HostRefused
from aei_sandbox.preparing import CompileLimits, Preparation, explained
from aei_sandbox.zygote import Zygote, ZygoteLost
from tests.sandbox import bombs
from tests.sandbox.guests import AREA, REPLY_RESULT, TASK, Guest, echo, fetching

LOG = '(export "log" (func (param "level" string) (param "message" string)))'


def instance(name: str, items: str) -> str:
    return f'(import "{name}" (instance {items}))'


def importing(text: str) -> bytes:
    """A component with a sound `run` and one more import."""
    return bytes(wat2wasm(echo_text().replace("(component", f"(component {text}", 1)))


def echo_text() -> str:
    return Guest().wat(f"(call $ok {TASK})", pages=1)


async def refused(host: HostLine, content: bytes, interfaces: tuple[str, ...] = ALWAYS) -> HostRefused:
    with pytest.raises(HostRefused) as refusal:
        await host.prepare(content, interfaces)
    return refusal.value


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (echo_text().encode(), "no binary component"),
        (b"  (component)", "no binary component"),
        (bytes(wat2wasm("(module)")), "a core module"),
        (b"MZ\x90", "no binary component"),
        (echo()[:7], "no binary component"),
    ],
)
async def test_what_is_no_component_is_refused_unread(host: HostLine, content: bytes, words: str) -> None:
    refusal = await refused(host, content)
    assert refusal.code == "not_a_component"
    assert words in str(refusal)


@pytest.mark.parametrize("content", [echo()[:200], echo()[:-1], echo()[:8] + b"\xff" * 50])
async def test_a_broken_component_is_refused(host: HostLine, content: bytes) -> None:
    assert (await refused(host, content)).code == "invalid_component"


@pytest.mark.parametrize(
    "text",
    [
        instance("wasi:cli/environment@0.2.0", '(export "get-arguments" (func (result (list string))))'),
        instance("aei:plugin/shell@0.1.0", '(export "run" (func))'),
        instance("aei:plugin/log@0.1.1", LOG),
        instance("aei:plugin/log@0.1.0", '(export "erase" (func))'),
        instance("aei:plugin/log@0.1.0", '(export "log" (func (param "level" string)))'),
        instance("aei:plugin/log@0.1.0", LOG.replace('"message" string', '"message" (list u8)')),
        instance("aei:plugin/log@0.1.0", LOG.replace("level", "other")),
        instance("aei:plugin/clock@0.1.0", '(export "now" (func (result s64)))'),
        instance("aei:plugin/things@0.1.0", '(export "t" (type (sub resource)))'),
        instance("aei:plugin/log@0.1.0", '(export "t" (type (sub resource)))'),
        '(import "log" (func))',
        '(import "aei:plugin/log@0.1.0" (func))',
    ],
)
async def test_an_import_beyond_the_manifest_is_overreach(host: HostLine, text: str) -> None:
    assert (await refused(host, importing(text))).code == "overreach"


async def test_an_interface_is_overreach_until_the_manifest_opens_it(host: HostLine) -> None:
    refusal = await refused(host, fetching())
    assert refusal.code == "overreach"
    assert import_name("http") in str(refusal)
    prepared = await host.prepare(fetching(), (*ALWAYS, "http"))
    assert prepared.imports == ("http",)
    assert (await refused(host, fetching())).code == "overreach"


async def test_an_import_that_only_names_types_is_nothing_to_call(host: HostLine) -> None:
    content = importing(instance("aei:plugin/types@0.1.0", '(type $t u32) (export "t" (type (eq $t)))'))
    prepared = await host.prepare(content)
    assert prepared.imports == ()
    assert (await host.execute(prepared.component, "{}")).output == "{}"


async def test_a_further_export_does_no_harm(host: HostLine) -> None:
    component = '(func (export "extra") (result u32) (canon lift (core func $x "x")))'
    core = """(core module $extra (func (export "x") (result i32) (i32.const 1)))
      (core instance $x (instantiate $extra))"""
    prepared = await host.prepare(Guest().build(f"(call $ok {TASK})", component=core + component))
    assert (await host.execute(prepared.component, "{}")).output == "{}"


@pytest.mark.parametrize(
    "text",
    [
        "(component)",
        '(component (core module $m (func (export "r"))) (core instance $i (instantiate $m))'
        ' (func (export "run") (canon lift (core func $i "r"))))',
    ],
)
async def test_a_component_without_the_run_export_is_refused(host: HostLine, text: str) -> None:
    assert (await refused(host, bytes(wat2wasm(text)))).code == "no_run_export"


async def test_content_that_does_not_have_its_digest_is_refused(host: HostLine) -> None:
    with pytest.raises(HostRefused) as refusal:
        await host.ask(Prepare(str(uuid.uuid4()), "0" * 64, ALWAYS, echo()))
    assert refusal.value.code == "invalid_component"


async def test_an_empty_content_asks_whether_the_artefact_exists(host: HostLine) -> None:
    content = Guest("log.log").build(f"(call $ok {TASK})", pages=3)
    question = Prepare("question", hashlib.sha256(content).hexdigest(), ALWAYS)
    with pytest.raises(HostRefused) as refusal:
        await host.ask(question)
    assert refusal.value.code == "component_missing"
    prepared = await host.prepare(content)
    answer = await host.ask(question)
    assert (answer.component, answer.imports) == (prepared.component, ("log",))
    assert answer.artefact_bytes > 0


async def test_a_component_asked_for_several_times_at_once_is_compiled_once(host: HostLine) -> None:
    content = Guest("log.log").build(f"(call $ok {TASK})", pages=5)
    before = (await host.status()).artefacts
    answers = await asyncio.gather(*(host.prepare(content) for _ in range(8)))
    assert len({(a.component, a.compile_ms, a.artefact_bytes) for a in answers}) == 1
    assert (await host.status()).artefacts == before + 1


async def test_executions_go_on_while_a_component_is_compiled(host: HostLine) -> None:
    prepared = await host.prepare(echo())
    await host.execute(prepared.component, "{}")  # its worker is there from now on
    compiling = asyncio.create_task(host.prepare(slow_to_compile()))
    await asyncio.sleep(0.1)
    await host.execute(prepared.component, "{}")
    assert not compiling.done()
    await compiling


def slow_to_compile(functions: int = 6000) -> bytes:
    """Some seconds of honest work for the compiler."""
    body = "(i64.mul (local.get 0) (i64.add (local.get 0) (i64.const 3)))"
    for _ in range(6):
        body = f"(i64.xor {body} (i64.rotl (local.get 0) (i64.const 7)))"
    many = "".join(f"(func (param i64) (result i64) {body})" for _ in range(functions))
    return Guest().build(f"(call $ok {TASK})", many)


@pytest.fixture
async def zygote(tmp_path: Path) -> AsyncIterator[Zygote]:
    """A zygote of the test's own, with an artefact directory in `tmp_path`."""
    open_directory(tmp_path / "artefacts", None)
    zygote = Zygote(tmp_path / "artefacts", os.getuid(), lambda: None)
    await zygote.start()
    yield zygote
    zygote.close()


@pytest.mark.parametrize(
    ("bomb", "limits", "words"),
    [
        (lambda: slow_to_compile(20_000), CompileLimits(wall_seconds=0.2), "not compiled after"),
        (bombs.locals_and_branches, CompileLimits(cpu_seconds=1), "1 s of CPU time"),
        (lambda: bombs.many_functions(20_000), CompileLimits(memory_bytes=64 << 20), "64 MiB of memory"),
    ],
    ids=["wall", "cpu", "memory"],
)
async def test_compiling_ends_at_each_of_its_limits_and_leaves_nothing(
    zygote: Zygote, tmp_path: Path, bomb: Callable[[], bytes], limits: CompileLimits, words: str
) -> None:
    content = await asyncio.to_thread(bomb)
    artefacts = Artefacts(tmp_path / "artefacts", "engine", None)
    preparation = Preparation(artefacts, development=False, limits=limits)
    request = Prepare("x", hashlib.sha256(content).hexdigest(), ALWAYS, content)
    with pytest.raises(NotAdmitted, match=words) as refusal:
        await preparation.prepare(request, zygote)
    assert refusal.value.code == "compile_limit"
    assert artefacts.count() == 0
    sound = Prepare("y", hashlib.sha256(echo()).hexdigest(), ALWAYS, echo())
    patient = Preparation(artefacts, development=False)
    assert (await patient.prepare(sound, zygote)).component == sound.component


@pytest.mark.parametrize(
    ("bomb", "words"),
    [(bombs.many_instances, "instances count exceeds"), (bombs.exponential_types, "type size exceeds")],
)
async def test_what_the_validator_refuses_is_never_compiled(
    host: HostLine, bomb: Callable[[], bytes], words: str
) -> None:
    refusal = await refused(host, await asyncio.to_thread(bomb))
    assert refusal.code == "invalid_component"
    assert words in str(refusal)


async def test_a_type_that_doubles_with_each_level_takes_no_time_to_refuse(host: HostLine) -> None:
    refusal = await refused(host, bombs.doubling_import())
    assert refusal.code == "overreach"
    assert len(str(refusal)) < 5_000


@pytest.mark.parametrize(
    "bomb", [bombs.giant_branch_tables, bombs.exponential_adapter, lambda: bombs.many_functions(30_000)]
)
async def test_executions_go_on_beside_a_bomb_that_ends_inside_the_limits(
    host: HostLine, bomb: Callable[[], bytes]
) -> None:
    content = await asyncio.to_thread(bomb)
    prepared = await host.prepare(echo())
    compiling = asyncio.create_task(host.prepare(content))
    executed = 0
    while not compiling.done():
        assert (await host.execute(prepared.component, "{}")).outcome == "ok"
        executed += 1
    assert executed > 0
    ended = await host.execute((await compiling).component, "{}")
    assert ended.outcome in ("ok", "memory_limit", "trap")


def test_a_compiler_that_dies_of_its_limits_is_told_from_one_that_was_lost() -> None:
    limits = CompileLimits()
    for status in (signal.SIGXCPU, signal.SIGABRT, signal.SIGSYS, signal.SIGSEGV):
        assert isinstance(explained(status, limits), NotAdmitted)
    for lost in (None, signal.SIGKILL):
        assert isinstance(explained(lost, limits), ZygoteLost)


@given(st.sets(st.sampled_from(sorted(SIGNATURES))), st.sets(st.sampled_from(sorted(SIGNATURES))))
def test_a_component_is_admitted_exactly_when_its_imports_are_allowed(
    imported: set[str], allowed: set[str]
) -> None:
    imports = {import_name(i): SIGNATURES[i] for i in imported}
    exports = {"run": RUN_SIGNATURE}
    if imported <= allowed:
        assert set(admitted_interfaces(imports, exports, allowed)) == imported
    else:
        with pytest.raises(NotAdmitted) as refusal:
            admitted_interfaces(imports, exports, allowed)
        assert refusal.value.code == "overreach"


@given(st.binary(max_size=64))
def test_only_the_component_preamble_passes(content: bytes) -> None:
    try:
        check_preamble(content)
        passed = True
    except NotAdmitted:
        passed = False
    assert passed == (content[:8] == bytes.fromhex("0061736d0d000100"))


async def test_a_secret_reader_uses_the_interface_by_its_full_signature(host: HostLine) -> None:
    content = Guest("secrets.get").build(f"(call $secrets_get {TASK} {AREA}) {REPLY_RESULT}")
    assert (await host.prepare(content, ("secrets",))).imports == ("secrets",)
