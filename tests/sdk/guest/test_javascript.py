"""The JavaScript guest: the module `aei`, its errors, its globals, and what a world leaves out."""

import json
from pathlib import Path

import pytest

from aei_protocol.interface import SIGNATURES, import_name
from aei_sdk.builder.cache import BuildCache
from aei_sdk.errors import CompileFailed
from tests.sdk.builder.test_package import PERMISSIONS, imports_of
from tests.sdk.conftest import CLONE, KEPT_BUILDS
from tests.sdk.guests import Guest, component_of, err, ok, write_project
from tests.sdk.javascript import needs_node

pytestmark = [pytest.mark.slow, needs_node]

SOURCE = """
import * as aei from "aei";
import { Failed, HostError, log, progress } from "aei";

const CALLS = {
  http: (url) => aei.http.fetch(url, { method: "POST", headers: { X: "1" }, body: "b" }).body,
  status: (url) => { const r = aei.http.fetch(url); return [r.ok, r.status, r.headers, r.url, r.json()]; },
  secrets: (name) => aei.secrets.get(name),
  files: (path) => aei.files.write(path, "content"),
  read: (path) => aei.files.read(path),
  remove: (path) => aei.files.remove(path),
  listing: (path) => aei.files.listing(path),
  models: (name) => aei.models.chat(name, [{ role: "user", content: "hi" }], { max_tokens: 5 }),
  embed: (name) => aei.models.embed(name, ["a"]),
  plugins: (plugin) => aei.plugins.call(plugin, { a: 1 }),
};

function call(name, word) {
  try {
    return CALLS[name](word) ?? "done";
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    return [error.constructor.name, error.code, error.message];
  }
}

const DO = {
  always() {
    log.debug("d");
    progress(0.5, "half");
    return [aei.clock.now(), aei.clock.monotonic(), aei.random.hex(2), aei.config.get()];
  },
  globals() {
    console.log("a", 1, { b: [2] });
    const date = new Date();
    return [Date.now(), date.toISOString(), new Date(0).getTime(), date instanceof Date, performance.now()];
  },
  chance: () => [Math.random(), Math.random()],
  integer: () => aei.random.integer(10),
  call: (task) => call(task.name, task.with),
  fail() { throw new Failed("in plain words"); },
  crash() { throw new TypeError("größer"); },
  text() { throw "thrown text"; },
  denied: () => aei.secrets.get("NOT_GRANTED"),
  surrogate: () => "a\\uD800b",
  nothing: () => undefined,
  async later() { return 1; },
  echo: (task) => task.value,
};

export const run = (task) => DO[task.do](task);
"""


@pytest.fixture(scope="module")
def component(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    manifest = {"permissions": PERMISSIONS, "dependencies": {"acme.other": "^1.0.0"}}
    project = write_project(tmp_path_factory.mktemp("js"), SOURCE, "js", **manifest)
    return component_of(project, BuildCache(KEPT_BUILDS))


@pytest.fixture
def guest(component: bytes) -> Guest:
    """A guest whose host answers with what it was asked."""
    echo = lambda _s, *texts: ok(" ".join(texts))  # noqa: E731 many short answers
    known = {"status": 204, "headers": {"X-Two": "2"}, "body": '{"a": 1}', "url": "https://there.example/"}
    return Guest(
        component,
        BuildCache(KEPT_BUILDS),
        http={"fetch": lambda _s, text: _fetch(text, known)},
        secrets={"get": lambda _s, _name: err("denied", "not granted")},
        files={
            "read": lambda _s, _path: err("not_found", "no such file"),
            "write": lambda _s, _path, _content: err("quota", "full"),
            "list": lambda _s, _path: ok('[{"path": "scratch/a", "size": 1}]'),
            "delete": lambda _s, _path: ok(""),
        },
        models={"chat": lambda _s, _t: err("budget", "spent"), "embed": echo},
        plugins={"call": lambda _s, plugin, task: ok(json.dumps([plugin, json.loads(task)]))},
    )


def _fetch(text: str, known: dict) -> object:
    request = json.loads(text)
    if request["url"].endswith("slow"):
        return err("timeout", "10 s")
    return ok(json.dumps(known | {"body": text} if request["method"] == "POST" else known))


def test_it_imports_the_interfaces_of_its_world_and_no_system(component: bytes, tmp_path: Path) -> None:
    expected = {import_name(interface): set(functions) for interface, functions in SIGNATURES.items()}
    assert imports_of(component, tmp_path) == expected


def test_what_is_always_there(guest: Guest) -> None:
    assert guest.ask({"do": "always"}) == [1_900_000_000_123, 42 / 1e6, "5a5a", {"depth": 3}]
    assert guest.said == [("debug", "d"), (0.5, "half")]


def test_date_performance_and_console_go_through_the_host(guest: Guest) -> None:
    now, iso, epoch, is_date, since = guest.ask({"do": "globals"})
    assert (now, iso, epoch, is_date) == (1_900_000_000_123, "2030-03-17T17:46:40.123Z", 0, True)
    assert since == 42 / 1e6
    assert guest.said == [("info", 'a 1 {"b":[2]}')]


def test_math_random_is_seeded_by_the_host_in_every_execution(component: bytes) -> None:
    cache = BuildCache(KEPT_BUILDS)
    seeded = [
        Guest(component, cache, random={"hex": lambda _s, count, s=seed: s * count}, **_silent())
        for seed in ("5a", "5a", "5b")
    ]
    first, same, other = (guest.ask({"do": "chance"}) for guest in seeded)
    assert first == same != other
    assert all(0 <= number < 1 for number in (*first, *other))
    assert first[0] != first[1]


def _silent() -> dict[str, dict]:
    no = lambda _s, *_texts: err("denied", "no")  # noqa: E731 one answer for all
    asked = ("http", "secrets", "files", "models", "plugins")
    return {name: dict.fromkeys(SIGNATURES[name], no) for name in asked}


def test_a_random_integer_stays_below(guest: Guest) -> None:
    assert guest.ask({"do": "integer"}) == int("5a" * 9, 16) % 10


@pytest.mark.parametrize(
    ("name", "word", "answer"),
    [
        ("http", "https://e.example/slow", ["Timeout", "timeout", "10 s"]),
        ("status", "https://e.example/", [True, 204, {"x-two": "2"}, "https://there.example/", {"a": 1}]),
        ("secrets", "KEY", ["Denied", "denied", "not granted"]),
        ("files", "scratch/a", ["Quota", "quota", "full"]),
        ("read", "scratch/a", ["NotFound", "not_found", "no such file"]),
        ("remove", "scratch/a", "done"),
        ("listing", "scratch", [{"path": "scratch/a", "size": 1}]),
        ("models", "m", ["Budget", "budget", "spent"]),
        ("embed", "m", {"model": "m", "input": ["a"]}),
        ("plugins", "acme.other", ["acme.other", {"a": 1}]),
    ],
)
def test_each_call_and_its_error(guest: Guest, name: str, word: str, answer: object) -> None:
    assert guest.ask({"do": "call", "name": name, "with": word}) == answer


def test_a_request_carries_what_was_said(guest: Guest) -> None:
    body = guest.ask({"do": "call", "name": "http", "with": "https://e.example/x"})
    assert json.loads(body) == {
        "method": "POST", "url": "https://e.example/x", "headers": {"X": "1"}, "body": "b",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("fail", "in plain words"),
        ("crash", "TypeError: größer"),
        ("text", "thrown text"),
        ("denied", "Denied: not granted"),
        ("nothing", "run returned undefined, which JSON cannot say"),
        ("later", "run returned a promise"),
        ("absent", "TypeError: not a function"),
    ],
)
def test_whatever_is_thrown_becomes_the_error_result(guest: Guest, what: str, words: str) -> None:
    assert guest.error({"do": what}).startswith(words)


def test_the_log_says_where_it_was_thrown_without_this_machines_paths(guest: Guest) -> None:
    guest.error({"do": "crash"})
    ((level, text),) = guest.said
    assert level == "error"
    assert "src/plugin.js:42" in text
    assert "/tmp" not in text


def test_a_failure_in_plain_words_leaves_no_stack_in_the_log(guest: Guest) -> None:
    guest.error({"do": "fail"})
    assert guest.said == []


def test_a_lone_surrogate_does_not_break_the_answer(guest: Guest) -> None:
    assert guest.ask({"do": "surrogate"}) == "a\ud800b"


@pytest.mark.parametrize("value", [None, 0.1, -5, "ü😀\u0000", [], {"": {"__proto__": 1}}, 2**53, True])
def test_values_come_back_as_they_went(guest: Guest, value: object) -> None:
    assert guest.ask({"do": "echo", "value": value}) == value


def test_what_the_manifest_does_not_open_is_found_before_the_compiler_runs(
    tmp_path: Path, build_cache: BuildCache
) -> None:
    source = (
        '// import { secrets } from "aei";\n/* import { files } from "aei"; */\n'
        'import {\n  log,\n  http as web,\n} from "aei";\nexport const run = () => web.fetch("x");\n'
    )
    with pytest.raises(CompileFailed) as failed:
        component_of(write_project(tmp_path, source, "js"), build_cache)
    (fault,) = failed.value.faults
    assert fault.pointer == "src/plugin.js:5"
    assert '"permissions": {"network": …}' in fault.message


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("export const run = (", "src/plugin.js:1"),
        ("export const walk = () => 1;\n", "exports no function run(task)"),
        ('import { x } from "./other.js";\nexport const run = () => x;\n', "other.js"),
        ('import fs from "node:fs";\nexport const run = () => fs;\n', "node:fs"),
        ('import "../../../etc/hostname";\nexport const run = () => 1;\n', "hostname"),
        ("throw new Error('at load');\nexport const run = () => 1;\n", "at load"),
    ],
)
def test_a_source_that_cannot_be_loaded_is_refused_in_words(
    tmp_path: Path, build_cache: BuildCache, source: str, words: str
) -> None:
    with pytest.raises(CompileFailed) as failed:
        component_of(write_project(tmp_path, source, "js"), build_cache)
    assert words in failed.value.detail
    assert "/tmp/" not in failed.value.detail


def test_modules_of_the_project_are_bundled_in(tmp_path: Path, build_cache: BuildCache) -> None:
    source = 'import { twice } from "./deep/twice.js";\nexport const run = (task) => twice(task);\n'
    project = write_project(tmp_path, source, "js")
    (tmp_path / "src" / "deep").mkdir()
    (tmp_path / "src" / "deep" / "twice.js").write_text("export const twice = (n) => 2 * n;\n")
    assert Guest(component_of(project, build_cache), build_cache).ask(21) == 42


def test_the_types_name_everything_that_the_module_offers(component: bytes) -> None:
    types = (CLONE / "src" / "aei_sdk" / "guest" / "javascript" / "aei.d.ts").read_text()
    for interface in SIGNATURES:
        kind = "function" if interface == "progress" else "namespace"
        assert f"export {kind} {interface}" in types
