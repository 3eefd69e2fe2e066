"""The structural checks: a trick and its honest twin for each, made by the same builders."""

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import pytest
import wasmtime

from aei_inspection.checks.check import find_checks, run_check
from aei_inspection.checks.report import CheckResult, Result
from aei_inspection.checks.subject import Subject
from tests.inspection.heaps import PythonHeap, component_with
from tests.packages import component_wat, make_package

CHECKS = {check.id: check for check in find_checks()}
NETWORK = {"permissions": {"network": {"hosts": ["api.acme.example"], "reason": "asks"}}}
SECRETS = {"permissions": {"secrets": {"names": ["ACME_KEY"], "reason": "signs in"}}}


def judged(check_id: str, package: bytes) -> CheckResult:
    return run_check(Subject(package), CHECKS[check_id])


def rules(result: CheckResult) -> list[str]:
    return [finding.rule for finding in result.findings]


def sbom(*components: Mapping[str, Any]) -> bytes:
    return json.dumps(
        {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": list(components)}
    ).encode()


def library(name: str, version: str) -> dict[str, Any]:
    purl = f"pkg:pypi/{name}@{version}"
    return {"type": "library", "name": name, "version": version, "purl": purl, "bom-ref": purl}


def built(
    heap: PythonHeap | bytes, imports: tuple[str, ...] = (), manifest: Any = None, **files: bytes
) -> bytes:
    """A package with this memory; `__` in a file's name stands for `/`, its last `_` for a dot."""
    named = {".".join(name.replace("__", "/").rsplit("_", 1)): content for name, content in files.items()}
    return make_package(manifest, wat=component_with(heap, imports), files=named)


def test_an_honest_package_passes_every_structural_check_that_can_be_run():
    package = make_package(NETWORK, wat=component_wat(imports=("log", "http")))
    results = {check_id: judged(check_id, package) for check_id in CHECKS_OF_STRUCTURE}
    assert {check_id: result.result.value for check_id, result in results.items()} == {
        **dict.fromkeys(CHECKS_OF_STRUCTURE, "pass"),
        "sbom": "not_run",
        "source-match": "not_run",
    }


CHECKS_OF_STRUCTURE = (
    "component", "embedded", "package", "permissions", "sbom", "source-match", "unused-permissions",
)  # fmt: skip


@pytest.mark.parametrize(
    ("package", "failed", "rule"),
    [
        (make_package({"version": "one"}), "package", "bad_version"),
        (make_package({"permissions": {"everything": {}}}), "package", "unknown_permission"),
        (make_package(files={"surprise.exe": b"MZ"}), "package", "unknown_entry"),
        (make_package() + b"tail", "package", "trailing_data"),
        (make_package(wat=b"\0asm\x01\0\0\0"), "component", "core_module"),
        (make_package(wat=b"\0asm\x0d\0\x01\0\x01\x02\0\0"), "component", "invalid_component"),
        (make_package(wat=component_wat(imports=("http",))), "permissions", "overreach"),
        (
            make_package(wat=component_wat(imports=("log",)).replace("level", "l")),
            "permissions",
            "foreign_signature",
        ),
    ],
)
def test_what_the_gate_refuses_fails_its_own_check_and_passes_none(package, failed, rule):
    results = {check_id: judged(check_id, package) for check_id in ("component", "package", "permissions")}
    assert results[failed].result is Result.FAIL
    assert rule in rules(results[failed])
    assert all(finding.place for finding in results[failed].findings)
    others = {result.result for check_id, result in results.items() if check_id != failed}
    assert Result.FAIL not in others


def test_an_overreach_says_which_permission_is_missing_and_what_to_do():
    (finding,) = judged("permissions", make_package(wat=component_wat(imports=("http",)))).findings
    assert "needs the permission network" in finding.title
    assert finding.advice == "Request it in plugin.json, or build without it."
    assert (finding.severity, finding.place) == ("critical", "plugin.wasm")


def test_permissions_that_nothing_uses_are_named_and_fail_nothing():
    unimported = judged("unused-permissions", make_package(NETWORK))
    assert (unimported.result, rules(unimported)) == (Result.PASS, ["unused-permission"])
    heap = PythonHeap().module("aei/http", {"fetch": ["_host", "fetch"]}, folder="0")
    idle = built(heap.module("plugin", {"run": ["aei", "log"]}), ("http",), NETWORK)
    assert rules(judged("unused-permissions", idle)) == ["unused-permission"]
    busy = built(heap.module("plugin", {"run": ["aei", "http", "fetch"]}), ("http",), NETWORK)
    assert rules(judged("unused-permissions", busy)) == []


def test_a_secret_that_the_code_does_not_name_is_named():
    assert rules(judged("unused-permissions", built(b"x", ("secrets",), SECRETS))) == ["unused-secret"]
    assert rules(judged("unused-permissions", built(b"get ACME_KEY now", ("secrets",), SECRETS))) == []


ELF = b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x03\0\x3e\0\x01\0\0\0"
MACH_O = b"\xcf\xfa\xed\xfe\x07\0\0\x01\x03\0\0\0\x02\0\0\0\x10\0\0\0"
PROGRAMS = {
    "WebAssembly": bytes(wasmtime.wat2wasm("(module (func))")),
    "ELF": ELF,
    "Mach-O": MACH_O,
    "Windows": b"MZ" + bytes(60) + b"!This program cannot be run in DOS mode",
}


@pytest.mark.parametrize("kind", PROGRAMS)
def test_a_program_in_the_data_is_found(kind):
    result = judged("embedded", built(b"data " + PROGRAMS[kind] + b" data" * 10))
    assert (result.result, rules(result)) == (Result.FAIL, ["embedded-program"])
    assert kind in result.findings[0].title
    assert result.findings[0].place.startswith("plugin.wasm module 0 memory 0x10000 +0x")


def test_the_first_bytes_of_programs_alone_are_none():
    magic = [b"\0asm\x01\0\0\0", b"\x7fELF\x02\x01\x01", b"\xcf\xfa\xed\xfe", b"MZ\x90"]
    assert judged("embedded", built(b"\0".join(magic) + bytes(40) + b"no DOS mode")).result is Result.PASS


def test_distributions_inside_are_named_and_doubled_ones_noticed():
    heap = PythonHeap().folder_listing("Jinja2-3.1.2.dist-info", "jinja2-3.1.4.dist-info")
    result = judged("embedded", built(heap.module("jinja2/runtime", {"f": []}).module("own", {"run": []})))
    assert rules(result) == ["distribution-twice", "distribution", "distribution", "module"]
    assert result.findings[-1].evidence == "own"


def test_what_a_component_says_of_its_making_is_told_and_no_more():
    said = '(@producers (language "C" "11") (processed-by "tool" "1.0"))'
    result = judged("embedded", make_package(wat=component_with(b"x", segments=said)))
    assert (result.result, rules(result)) == (Result.PASS, ["producers"])
    assert result.findings[0].evidence == "C 11, tool 1.0"


HEAP = PythonHeap().folder_listing("urllib3-2.0.6.dist-info")


@pytest.mark.parametrize(
    ("listed", "result", "found"),
    [
        (sbom(library("urllib3", "2.0.6")), Result.PASS, []),
        (sbom(), Result.FAIL, ["unlisted"]),
        (sbom(library("urllib3", "2.0.7")), Result.FAIL, ["other-version"]),
        (sbom(library("urllib4", "2.0.6")), Result.FAIL, ["unlisted"]),
    ],
)
def test_what_is_inside_stands_in_the_sbom_in_its_version(listed, result, found):
    ended = judged("sbom", _with_sbom(HEAP, listed))
    assert (ended.result, rules(ended)) == (result, found)


def test_without_an_sbom_nothing_may_be_inside():
    ended = judged("sbom", built(HEAP))
    assert (ended.result, rules(ended)) == (Result.FAIL, ["missing", "unlisted"])


def test_an_sbom_of_another_component_is_refused():
    component = component_with(b"x")
    own = {"type": "file", "name": "plugin.wasm"}
    for digest, expected in ((sha256(component).hexdigest(), []), ("0" * 64, ["other-component"])):
        entry = own | {"hashes": [{"alg": "SHA-256", "content": digest}]}
        assert rules(judged("sbom", _with_sbom(b"x", sbom(entry)))) == expected


SOURCE = b"""import aei

class Reader:
    def take[T: int](self, wanted: str):
        return self.__left

def run(task):
    return [aei.config.get() for _ in task]
"""
HONEST = {
    "run": ["aei", "config", "get"],
    "run.<locals>.<listcomp>": ["aei"],
    "Reader.take": ["_Reader__left"],
    "Reader.__annotate__": ["str"],
    "T": ["int"],
}


@pytest.mark.parametrize(
    ("functions", "found"),
    [
        (HONEST, []),
        (HONEST | {"leak": ["aei", "get"]}, ["foreign-function"]),
        (HONEST | {"Reader.__del__": ["aei", "get"]}, ["foreign-function"]),
        (HONEST | {"<lambda>": ["secrets"]}, ["foreign-names"]),
        (HONEST | {"run": ["aei", "config", "get", "http", "fetch"]}, ["foreign-names"]),
    ],
)
def test_a_build_that_differs_from_its_source_is_found(functions, found):
    package = built(PythonHeap().module("plugin", functions), source__plugin_py=SOURCE)
    result = judged("source-match", package)
    assert rules(result) == found
    assert result.result is (Result.FAIL if found else Result.PASS)


def test_a_module_that_the_source_does_not_have_is_found_unless_its_distribution_is_known():
    heap = PythonHeap().module("plugin", HONEST).module("aei/log", {"info": ["_host"]}, folder="0")
    heap.module("idna/core", {"encode": []}).folder_listing("idna-3.6.dist-info")
    bundled = judged("source-match", built(heap, source__plugin_py=SOURCE))
    assert (bundled.result, rules(bundled)) == (Result.PASS, ["bundled-module"])
    heap.module("beacon", {"call_home": []})
    result = judged("source-match", built(heap, source__src__plugin_py=SOURCE, source__idna__core_py=b"pass"))
    assert rules(result) == ["foreign-module", "foreign-function"]
    assert "beacon.py" in result.findings[0].title


SCRIPT = b"""import { http } from "aei";

export function run(task) {
  const wanted = task.text.length;
  return { wanted, doubled: wanted * 2 };
}
"""


def test_javascript_that_the_source_does_not_have_is_found():
    kept = SCRIPT.partition(b"export ")[2]
    known = b"\xfe\xff\0" + kept + b"\0\1"
    assert judged("source-match", built(known, source__plugin_js=SCRIPT)).result is Result.PASS
    more = known + kept.replace(b"wanted * 2", b"wanted * 2, sent: new Beacon().call(task)") + b"\0"
    result = judged("source-match", built(more, source__plugin_js=SCRIPT))
    assert (result.result, rules(result)) == (Result.FAIL, ["foreign-script"])
    assert (
        result.findings[0].evidence
        == "return { wanted, doubled: wanted * 2, sent: new Beacon().call(task) };"
    )


def test_source_that_cannot_be_compared_is_not_said_to_match():
    assert (
        judged("source-match", built(b"no interpreter", source__plugin_c=b"int x;")).result is Result.NOT_RUN
    )


def _with_sbom(heap: PythonHeap | bytes, content: bytes) -> bytes:
    return make_package(wat=component_with(heap), files={"sbom.cdx.json": content})
