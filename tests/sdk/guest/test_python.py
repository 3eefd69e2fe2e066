"""The Python guest: the module `aei`, its errors, and what a world leaves out."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from aei_protocol.interface import SIGNATURES, interfaces_for
from aei_sdk.builder.cache import BuildCache
from aei_sdk.builder.python import write_guest_modules
from aei_sdk.builder.toolchain import find_componentizer
from aei_sdk.builder.world import write_world
from aei_sdk.errors import CompileFailed
from tests.sdk.builder.test_package import PERMISSIONS, imports_of
from tests.sdk.conftest import KEPT_BUILDS
from tests.sdk.guests import Guest, component_of, err, ok, write_project

pytestmark = pytest.mark.slow

SOURCE = """
import aei


class Odd(Exception):
    pass


def call(name, *args, **options):
    try:
        return getattr(CALLS[name](*args, **options), "body", None) or "done"
    except aei.HostError as error:
        return [type(error).__name__, error.code, str(error)]


CALLS = {
    "http": lambda url: aei.http.fetch(url, method="POST", headers={"X": "1"}, body="b"),
    "secrets": lambda name: aei.secrets.get(name),
    "files": lambda path: aei.files.write(path, "content"),
    "listing": lambda path: aei.files.listing(path) and None,
    "models": lambda name: aei.models.chat(name, [{"role": "user", "content": "hi"}], max_tokens=5) and None,
    "plugins": lambda plugin: aei.plugins.call(plugin, {"a": 1}) and None,
}


def run(task):
    match task["do"]:
        case "always":
            aei.log.debug("d")
            aei.progress(0.5, "half")
            return [aei.clock.now(), aei.clock.monotonic(), aei.random.hex(2), aei.config.get()]
        case "integer":
            return aei.random.integer(10)
        case "call":
            return call(task["name"], task["with"])
        case "fail":
            raise aei.Failed("in plain words")
        case "crash":
            raise Odd("größer")
        case "denied":
            aei.secrets.get("NOT_GRANTED")
        case "surrogate":
            return "a" + chr(0xD800) + "b"
        case "nan":
            return float("nan")
        case "echo":
            return task["value"]
"""


@pytest.fixture(scope="module")
def component(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    manifest = {"permissions": PERMISSIONS, "dependencies": {"acme.other": "^1.0.0"}}
    project = write_project(tmp_path_factory.mktemp("py"), SOURCE, "py", **manifest)
    return component_of(project, BuildCache(KEPT_BUILDS))


@pytest.fixture
def guest(component: bytes) -> Guest:
    asked: list[tuple[str, ...]] = []

    def answering(*code: str):  # type: ignore[no-untyped-def]
        def answer(_store: object, *texts: str) -> object:
            asked.append(texts)
            return err(code[0], "because") if texts[0].find("bad") >= 0 else ok(code[1])

        return answer

    guest = Guest(
        component,
        BuildCache(KEPT_BUILDS),
        http={"fetch": answering("timeout", '{"status":200,"headers":{"A":"b"},"body":"page","url":"u"}')},
        secrets={"get": lambda _s, _name: err("denied", "not granted")},
        files={
            "read": answering("not_found", "x"),
            "write": answering("quota", ""),
            "list": answering("invalid", '[{"path":"scratch/a","size":1}]'),
            "delete": answering("failed", ""),
        },
        models={"chat": answering("budget", "{}"), "embed": answering("failed", "{}")},
        plugins={"call": answering("something-new", "null")},
    )
    guest.asked = asked  # type: ignore[attr-defined]
    return guest


def test_what_is_always_there_works(guest: Guest) -> None:
    assert guest.ask({"do": "always"}) == [1_900_000_000.123, 42 / 1e9, "5a5a", {"depth": 3}]
    assert guest.said == [("debug", "d"), (0.5, "half")]
    assert guest.ask({"do": "integer"}) == int("5a" * 9, 16) % 10


def test_calls_carry_the_interfaces_shapes(guest: Guest) -> None:
    assert guest.ask({"do": "call", "name": "http", "with": "https://e.example"}) == "page"
    assert guest.ask({"do": "call", "name": "models", "with": "small"}) == "done"
    assert guest.ask({"do": "call", "name": "plugins", "with": "acme.other"}) == "done"
    assert guest.ask({"do": "call", "name": "files", "with": "scratch/a"}) == "done"
    http, chat, call, write = guest.asked  # type: ignore[attr-defined]
    assert json.loads(http[0]) == {
        "method": "POST",
        "url": "https://e.example",
        "headers": {"X": "1"},
        "body": "b",
    }
    assert json.loads(chat[0]) == {
        "model": "small", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 5,
    }  # fmt: skip
    assert call == ("acme.other", '{"a": 1}')
    assert write == ("scratch/a", "content")


@pytest.mark.parametrize(
    ("name", "kind", "code"),
    [
        ("http", "Timeout", "timeout"),
        ("files", "Quota", "quota"),
        ("listing", "Invalid", "invalid"),
        ("models", "Budget", "budget"),
        ("plugins", "Unavailable", "something-new"),
    ],
)
def test_the_hosts_errors_are_typed(guest: Guest, name: str, kind: str, code: str) -> None:
    assert guest.ask({"do": "call", "name": name, "with": "bad"}) == [kind, code, "because"]


def test_a_denial_is_an_exception_and_uncaught_an_error_result(guest: Guest) -> None:
    assert guest.ask({"do": "call", "name": "secrets", "with": "KEY"}) == ["Denied", "denied", "not granted"]
    assert guest.error({"do": "denied"}) == "Denied: not granted"


def test_a_failure_is_told_in_the_authors_words_alone(guest: Guest) -> None:
    assert guest.error({"do": "fail"}) == "in plain words"
    assert guest.said == []


def test_a_crash_is_an_error_result_with_its_place_in_the_log(guest: Guest) -> None:
    assert guest.error({"do": "crash"}) == "Odd: größer"
    ((level, message),) = guest.said
    assert level == "error"
    assert "plugin.py" in message
    assert "in run" in message


def test_a_result_that_json_cannot_say_is_an_error_result(guest: Guest) -> None:
    assert guest.error({"do": "nan"}).startswith("ValueError")
    assert guest.ask({"do": "surrogate"}) == "a?b"


def test_text_goes_in_and_out_whole(guest: Guest) -> None:
    for value in ("größer 😀 \x00 \u202e", "ü" * 500_000, {"deep": [[[{"a": None}]]]}):
        assert guest.ask({"do": "echo", "value": value}) == value


def test_nothing_is_left_from_one_execution_to_the_next(guest: Guest) -> None:
    first = guest.ask({"do": "echo", "value": 1})
    assert (first, guest.ask({"do": "echo", "value": 2})) == (1, 2)


def test_a_python_component_imports_its_whole_world_and_no_wasi(component: bytes, tmp_path: Path) -> None:
    imported = imports_of(component, tmp_path)
    assert {name.partition("/")[2].partition("@")[0] for name in imported} == set(SIGNATURES)
    assert not [name for name in imported if name.startswith("wasi:")]


def test_what_the_manifest_does_not_open_is_found_before_compiling(
    tmp_path: Path, build_cache: BuildCache
) -> None:
    source = "import aei\nfrom aei import http\ndef run(task):\n    return aei.secrets.get(task)\n"
    with pytest.raises(CompileFailed) as failed:
        component_of(write_project(tmp_path, source, "py"), build_cache)
    assert [fault.pointer for fault in failed.value.faults] == ["src/plugin.py:2", "src/plugin.py:4"]
    assert "network" in failed.value.faults[0].message
    assert "secrets" in failed.value.faults[1].message


def test_the_guest_modules_types_hold_against_the_generated_bindings(tmp_path: Path) -> None:
    interfaces = interfaces_for(PERMISSIONS, {"acme.other": "^1.0.0"})
    write_world(interfaces, tmp_path / "wit")
    write_guest_modules(interfaces, tmp_path / "guest")
    (tmp_path / "guest" / "plugin.py").write_text("def run(task: object) -> object:\n    return task\n")
    command = [*find_componentizer().command, "-q", "-d", "wit", "-w", "plugin", "bindings", "bindings"]
    subprocess.run(command, cwd=tmp_path, check=True)
    checker = [
        sys.executable,
        "-m",
        "mypy",
        "--config-file=",
        "--follow-imports=silent",
        "guest/aei",
        "guest/aei_entry.py",
    ]
    environment = {"MYPYPATH": "bindings:guest", "PATH": "", "MYPY_CACHE_DIR": str(tmp_path / "mypy")}
    done = subprocess.run(checker, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
