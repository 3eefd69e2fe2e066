"""Judging the component: valid, no broader than the manifest, and the right signatures."""

import hashlib

import pytest
import wasmtime

from aei_inspection.component import ComponentFacts, read_component
from aei_inspection.problems import PackageRefused, Problem
from aei_protocol.interface import ALWAYS
from tests.inspection.samples import LOG, LOG_TYPE, component, component_text, imported

HTTP = "aei:plugin/http@0.1.0"
ASK = '(func (param "{}" string) (result (result string (error string))))'
HTTP_TYPE = f'(export "fetch" {ASK.format("request")})'
CORE_MODULE = bytes(wasmtime.wat2wasm("(module)"))


def problems(content: bytes, interfaces: tuple[str, ...] = ALWAYS) -> list[Problem]:
    with pytest.raises(PackageRefused) as refusal:
        read_component(content, interfaces)
    return list(refusal.value.problems)


def codes(content: bytes, interfaces: tuple[str, ...] = ALWAYS) -> list[str]:
    return [problem.code for problem in problems(content, interfaces)]


def built(*imports: str, **parts: str) -> bytes:
    return component(component_text("\n".join(imports), **parts))


def with_section(section: int, body: bytes) -> bytes:
    return component() + bytes([section, len(body)]) + body


def test_a_component_within_its_manifest_gives_its_facts() -> None:
    content = built(imported())
    assert read_component(content, ALWAYS) == ComponentFacts(
        (LOG,), ("run",), hashlib.sha256(content).hexdigest(), len(content), 1
    )


def test_a_component_may_import_less_than_its_manifest_opens() -> None:
    assert read_component(built(), (*ALWAYS, "http", "secrets")).imports == ()


def test_a_component_may_export_more_than_run() -> None:
    content = built(exports='(export "run" (func $run)) (export "more" (func $run))')
    assert read_component(content, ALWAYS).exports == ("run", "more")


def test_a_granted_interface_may_be_imported() -> None:
    assert read_component(built(imported(HTTP, HTTP_TYPE)), (*ALWAYS, "http")).imports == (HTTP,)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "not_a_component"),
        (b"\x7fELF" + bytes(60), "not_a_component"),
        (b"\0asm\x0e\0\1\0", "not_a_component"),
        (b"\0asm", "not_a_component"),
        (CORE_MODULE, "core_module"),
        (b"(component)", "component_text"),
        (b"\n  ;; a comment\n(component)", "component_text"),
        (b"\0asm\x0d\0\1\0\x0a", "component_malformed"),
        (b"\0asm\x0d\0\1\0\x0a\xff\xff\xff\xff\x0f", "component_malformed"),
        (b"\0asm\x0d\0\1\0\x0a\xff\xff\xff\xff\xff\xff\x01", "component_malformed"),
        (component()[:-1], "component_malformed"),
        (with_section(10, b"\x01\x00\x02\xff\xfe\x01\x00"), "component_malformed"),
        (with_section(10, b"\x01\x09\x01a\x01\x00"), "component_malformed"),
        (with_section(10, b"\x00more"), "component_malformed"),
        (with_section(10, b"\xff\xff\x7f"), "component_malformed"),
        (with_section(4, b"\x00asm"), "component_malformed"),
        (with_section(11, b"\x01\x00\x01a\x77\x00\x00"), "component_malformed"),
        (with_section(99, b""), "invalid_component"),
        (with_section(1, CORE_MODULE + b"\x0a\x02\x01\x00"), "invalid_component"),
    ],
)
def test_what_is_no_valid_component_is_refused(content: bytes, code: str) -> None:
    assert codes(content) == [code]


@pytest.mark.parametrize(
    "wat",
    [
        "(module (memory 1 1 shared))",
        "(module (memory i64 1))",
        "(module (func (param (ref null any))))",
        "(module (tag))",
    ],
)
def test_a_component_that_the_sandbox_would_not_run_is_refused(wat: str) -> None:
    assert codes(component(f"(component (core {wat[1:]})")) == ["invalid_component"]


@pytest.mark.parametrize(
    "inside",
    [
        "(core module $m) " + "(core instance (instantiate $m)) " * 20_000,
        "(type $t0 (tuple u8 u8)) "
        + " ".join(f"(type $t{n + 1} (tuple $t{n} $t{n}))" for n in range(40))
        + ' (import "f" (func (param "x" $t40)))',
    ],
)
def test_a_component_that_would_grow_beyond_bounds_is_refused(inside: str) -> None:
    assert "invalid_component" in codes(component(f"(component {inside})"))


@pytest.mark.parametrize(
    ("interface", "function", "needs"),
    [
        ("http", f'(export "fetch" {ASK.format("request")})', "the permission network"),
        ("files", f'(export "read" {ASK.format("path")})', "the permission filesystem"),
        ("models", f'(export "chat" {ASK.format("request")})', "the permission models"),
        ("secrets", f'(export "get" {ASK.format("name")})', "the permission secrets"),
        (
            "plugins",
            '(export "call" (func (param "plugin" string) (param "task" string)'
            " (result (result string (error string)))))",
            "an entry in dependencies",
        ),
    ],
)
def test_an_import_beyond_the_manifest_names_the_permission_that_it_needs(
    interface: str, function: str, needs: str
) -> None:
    name = f"aei:plugin/{interface}@0.1.0"
    found = problems(built(imported(), imported(name, function)))
    assert [problem.code for problem in found] == ["overreach"]
    assert f"{name}, which needs {needs}" in found[0].message


def test_every_import_beyond_the_manifest_is_named_at_once() -> None:
    content = built(
        imported(HTTP, HTTP_TYPE), imported("wasi:cli/environment@0.2.0", ""), imported("acme:own/thing", "")
    )
    assert codes(content) == ["overreach", "wasi_import", "unknown_import"]


def test_a_wasi_import_comes_with_the_advice_to_stub_it() -> None:
    found = problems(built(imported("wasi:filesystem/types@0.2.6", "")))
    assert found[0].code == "wasi_import"
    assert "stubbed WASI" in found[0].message


@pytest.mark.parametrize(
    "name", ["aei:plugin/log@0.1.1", "aei:plugin/log@0.2.0", "aei:plugin/log", "aei:plugin/shell@0.1.0"]
)
def test_another_version_or_an_interface_that_does_not_exist_is_refused(name: str) -> None:
    assert codes(built(imported(name))) == ["unknown_import"]


def test_a_bare_function_import_is_refused() -> None:
    assert codes(built('(import "run" (func))')) == ["unknown_import"]


@pytest.mark.parametrize(
    "exports",
    [
        '(export "log" (func (param "level" string) (param "message" u32)))',
        '(export "log" (func (param "level" string)))',
        '(export "log" (func (param "level" string) (param "text" string)))',
        '(export "log" (func (param "level" string) (param "message" string) (result string)))',
        f'{LOG_TYPE} (export "shell" (func (param "command" string)))',
    ],
)
def test_the_right_name_with_the_wrong_signature_is_refused(exports: str) -> None:
    found = problems(built(imported(LOG, exports)))
    assert [problem.code for problem in found] == ["foreign_signature"]
    assert LOG in found[0].message
    assert "func(level:string,message:string)->()" in found[0].message


def test_the_right_name_imported_as_a_function_is_refused() -> None:
    assert codes(built(f'(import "{LOG}" (func))')) == ["foreign_signature"]


def test_a_wrong_signature_is_reported_beside_an_import_beyond_the_manifest() -> None:
    content = built(imported(LOG, '(export "log" (func (param "level" u8)))'), imported(HTTP, HTTP_TYPE))
    assert codes(content) == ["overreach", "foreign_signature"]


def test_a_component_without_run_is_refused() -> None:
    assert codes(built(exports="")) == ["no_run_export"]


@pytest.mark.parametrize(
    "run_type",
    [
        '(param "input" string) (result (result string (error string)))',
        '(param "task" string) (result (result string))',
        '(param "task" string) (param "more" u32) (result (result string (error string)))',
    ],
)
def test_a_run_of_another_type_is_refused(run_type: str) -> None:
    core = '(func (export "run") (param i32 i32) (result i32) i32.const 0)'
    wider = '(func (export "run") (param i32 i32 i32) (result i32) i32.const 0)'
    text = component_text(run_type=run_type)
    content = component(text.replace(core, wider) if "more" in run_type else text)
    found = problems(content)
    assert [problem.code for problem in found] == ["foreign_signature"]
    assert "exports run with another type" in found[0].message


def test_a_hostile_import_name_is_shown_escaped() -> None:
    name = b"\x1b[31m"
    content = with_section(10, b"\x01\x00" + bytes([len(name)]) + name + b"\x01\x00")
    assert all(problem.message.isprintable() for problem in problems(content))


def test_core_modules_of_nested_components_are_counted() -> None:
    inner = "(component (core module))"
    text = component_text(imported()).replace("(component", f"(component {inner} {inner}", 1)
    assert read_component(component(text), ALWAYS).core_modules == 3
