"""Reading `plugin.json`: every refusal has its code and points at its place, all of them at once."""

import json
from typing import Any

import pytest

from aei_inspection.manifest import MAX_MANIFEST_DEPTH, read_manifest
from aei_inspection.problems import PackageRefused, Problem
from aei_protocol.permissions import Capabilities
from tests.inspection.samples import MANIFEST, manifest

WHY = "fetches the articles"
TEXT = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}


def network(*hosts: str) -> dict[str, Any]:
    return {"permissions": {"network": {"hosts": list(hosts), "reason": WHY}}}


def secret(*names: str) -> dict[str, Any]:
    return {"permissions": {"secrets": {"names": list(names), "reason": WHY}}}


def priced(model: str, **more: Any) -> dict[str, Any]:
    return {"pricing": {"model": model, **more}}


def problems(content: bytes) -> list[Problem]:
    with pytest.raises(PackageRefused) as refusal:
        read_manifest(content)
    return list(refusal.value.problems)


USD = {"currency": "USD", "amount_minor": 100}

NO_SCOPE: dict[str, Any] = {"chat": [], "max_tokens_per_execution": 1}
EXAMPLE = "/examples/0/input"

#: changes to an honest manifest → the one problem that they cause.
BROKEN: list[tuple[dict[str, Any], str, str]] = [
    ({"colour": "red"}, "unknown_key", "/colour"),
    ({"author": {"name": "A", "phone": "1"}}, "unknown_key", "/author/phone"),
    ({"compatibility": {"aei": "*", "os": "linux"}}, "unknown_key", "/compatibility/os"),
    ({"a/b~c": 1}, "unknown_key", "/a~1b~0c"),
    ({"version": None}, "missing_key", ""),
    ({"author": {}}, "missing_key", "/author"),
    ({"manifest_version": 2}, "not_allowed", "/manifest_version"),
    ({"manifest_version": "1"}, "not_allowed", "/manifest_version"),
    ({"id": "Acme.summarise"}, "bad_id", "/id"),
    ({"id": "acme"}, "bad_id", "/id"),
    ({"id": "acme.summarise.more"}, "bad_id", "/id"),
    ({"id": "acme.summarise\n"}, "bad_id", "/id"),
    ({"version": "1.2.x"}, "bad_version", "/version"),
    ({"version": "v1.2.3"}, "bad_version", "/version"),
    ({"version": "1.02.3"}, "bad_version", "/version"),
    ({"version": "1.2.3-01"}, "bad_version", "/version"),
    ({"version": "9007199254740993.0.0"}, "bad_version", "/version"),
    ({"version": 1.2}, "wrong_type", "/version"),
    ({"name": ""}, "too_short", "/name"),
    ({"name": "x" * 61}, "too_long", "/name"),
    ({"name": "two\nlines"}, "bad_form", "/name"),
    ({"name": "hidden\u202etext"}, "bad_form", "/name"),
    ({"description": "x" * 201}, "too_long", "/description"),
    ({"author": {"name": "A", "email": "nobody"}}, "bad_form", "/author/email"),
    ({"homepage": "http://acme.example/"}, "bad_form", "/homepage"),
    ({"homepage": "javascript:alert(1)"}, "bad_form", "/homepage"),
    ({"kind": "robot"}, "not_allowed", "/kind"),
    ({"categories": []}, "too_few", "/categories"),
    ({"categories": ["writing"] * 2}, "not_unique", "/categories"),
    ({"categories": ["poetry"]}, "not_allowed", "/categories/0"),
    ({"categories": ["agents", "analysis", "code", "data", "design", "legal"]}, "too_many", "/categories"),
    ({"keywords": [f"k{n}" for n in range(21)]}, "too_many", "/keywords"),
    ({"keywords": ["Upper"]}, "bad_form", "/keywords/0"),
    ({"compatibility": {"aei": "newest"}}, "bad_range", "/compatibility/aei"),
    ({"compatibility": {"aei": ">=1.0.0 <"}}, "bad_range", "/compatibility/aei"),
    ({"permissions": {"camera": {"reason": WHY}}}, "unknown_permission", "/permissions/camera"),
    ({"permissions": {"network": {"hosts": ["a.example"]}}}, "missing_key", "/permissions/network"),
    (network(), "too_few", "/permissions/network/hosts"),
    (network("localhost"), "bad_form", "/permissions/network/hosts/0"),
    (network("127.0.0.1"), "bad_form", "/permissions/network/hosts/0"),
    (network("[::1]"), "bad_form", "/permissions/network/hosts/0"),
    (network("a.example", "*"), "bad_form", "/permissions/network/hosts/1"),
    (network("*.example"), "bad_form", "/permissions/network/hosts/0"),
    (network("a.*.example"), "bad_form", "/permissions/network/hosts/0"),
    (network("printer.local"), "bad_form", "/permissions/network/hosts/0"),
    (network("metadata.google.internal"), "bad_form", "/permissions/network/hosts/0"),
    (network("a.example/path"), "bad_form", "/permissions/network/hosts/0"),
    (network("user@a.example"), "bad_form", "/permissions/network/hosts/0"),
    (network("A.example"), "bad_form", "/permissions/network/hosts/0"),
    (network("a.example:0"), "bad_form", "/permissions/network/hosts/0"),
    (network("a.example:65536"), "bad_port", "/permissions/network/hosts/0"),
    (network(*(f"h{n}.example.org" for n in range(51))), "too_many", "/permissions/network/hosts"),
    ({"permissions": {"filesystem": {"reason": WHY}}}, "empty_permission", "/permissions/filesystem"),
    (
        {"permissions": {"filesystem": {"scratch_mib": 0, "persistent_mib": 0, "reason": WHY}}},
        "empty_permission",
        "/permissions/filesystem",
    ),
    (
        {"permissions": {"models": {**NO_SCOPE, "reason": WHY}}},
        "empty_permission",
        "/permissions/models",
    ),
    (secret("lower"), "bad_form", "/permissions/secrets/names/0"),
    (secret(), "too_few", "/permissions/secrets/names"),
    ({"limits": {"cpu_ms": 60_001}}, "too_large", "/limits/cpu_ms"),
    ({"limits": {"wall_ms": 0}}, "too_small", "/limits/wall_ms"),
    ({"limits": {"memory_mib": 1.5}}, "wrong_type", "/limits/memory_mib"),
    ({"limits": {"cpu_ms": True}}, "wrong_type", "/limits/cpu_ms"),
    (priced("gratis"), "not_allowed", "/pricing/model"),
    (priced("free", trial={"days": 3}), "trial_without_price", "/pricing/trial"),
    (priced("one_time", **USD, trial={"days": 3}), "trial_without_price", "/pricing/trial"),
    (priced("one_time", currency="USD"), "missing_key", "/pricing"),
    (priced("one_time", currency="usd", amount_minor=1), "bad_form", "/pricing/currency"),
    (priced("subscription", **USD, per="execution"), "not_allowed", "/pricing/per"),
    (priced("usage", **USD, per="execution", trial={}), "missing_key", "/pricing/trial"),
    (priced("one_time", currency="USD", amount_minor=100.5), "wrong_type", "/pricing/amount_minor"),
    ({"dependencies": {"acme.tokenise": "whatever"}}, "bad_range", "/dependencies/acme.tokenise"),
    ({"dependencies": {"Tokenise": "^1.0.0"}}, "bad_form", "/dependencies"),
    ({"dependencies": {"acme.summarise": "^1.0.0"}}, "self_dependency", "/dependencies/acme.summarise"),
    ({"dependencies": {f"acme.d{n}": "*" for n in range(21)}}, "too_many", "/dependencies"),
    ({"replaces": ["acme.summarise"]}, "self_replacement", "/replaces/0"),
    ({"input_schema": {"type": "objekt"}}, "schema_invalid", "/input_schema/type"),
    ({"input_schema": True}, "wrong_type", "/input_schema"),
    ({"output_schema": {"$ref": "https://a.example/x"}}, "schema_reference", "/output_schema/$ref"),
    ({"config_schema": {"items": {"$ref": "#/nowhere"}}}, "schema_reference", "/config_schema/items/$ref"),
    ({"config_schema": {"allOf": [{"$ref": "#"}]}}, "schema_endless", "/config_schema"),
    ({"input_schema": TEXT, "examples": [{"title": "t", "input": {}}]}, "example_invalid", EXAMPLE),
    (
        {"input_schema": TEXT, "examples": [{"title": "t", "input": {"text": 1}}]},
        "example_invalid",
        f"{EXAMPLE}/text",
    ),
    ({"examples": [{"input": 1}]}, "missing_key", "/examples/0"),
    ({"examples": [{"title": f"{n}", "input": n} for n in range(11)]}, "too_many", "/examples"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "code", "pointer"), BROKEN)
def test_a_broken_manifest_is_refused_for_that_alone(
    changes: dict[str, Any], code: str, pointer: str
) -> None:
    assert [(p.code, p.pointer) for p in problems(manifest(**changes))] == [(code, pointer)]


def test_all_problems_are_reported_at_once() -> None:
    content = manifest(
        version="one",
        colour="red",
        kind=None,
        **network("localhost", "b.example:99999"),
        config_schema={"type": 3},
    )
    assert {(p.code, p.pointer) for p in problems(content)} >= {
        ("bad_version", "/version"),
        ("unknown_key", "/colour"),
        ("missing_key", ""),
        ("bad_form", "/permissions/network/hosts/0"),
        ("bad_port", "/permissions/network/hosts/1"),
        ("schema_invalid", "/config_schema/type"),
    }


@pytest.mark.parametrize(
    ("changes", "hint"),
    [
        ({"catgories": ["code"]}, "did you mean 'categories'"),
        ({"permissions": {"netwrok": {}}}, "did you mean 'network'"),
        ({"kind": "agnet"}, "did you mean 'agent'"),
        ({"categories": ["writting"]}, "did you mean 'writing'"),
        ({"version": "v1.0.0"}, "without a leading v"),
        (network("10.0.0.1"), "no address literal"),
        ({"homepage": "http://a.example"}, "https://"),
    ],
)
def test_a_refusal_says_what_would_be_right(changes: dict[str, Any], hint: str) -> None:
    assert any(hint in problem.message for problem in problems(manifest(**changes)))


def test_messages_show_hostile_text_escaped_and_cut() -> None:
    found = problems(manifest(**{"\x1b[2J" + "x" * 500: 1, "name": "\u202e" + "y" * 5000}))
    assert all(p.message.isprintable() and p.pointer.isprintable() and len(p.message) < 1200 for p in found)


@pytest.mark.parametrize("content", [b"[]", b"null", b'"text"', b"3"])
def test_a_manifest_that_is_no_object_is_refused(content: bytes) -> None:
    assert [p.code for p in problems(content)] == ["wrong_type"]


def test_a_manifest_beyond_64_kib_is_refused() -> None:
    assert [p.code for p in problems(manifest(config_schema={"title": "x" * 65_536}))] == ["json_too_large"]


def test_a_manifest_nested_too_deep_is_refused() -> None:
    deep: Any = 1
    for _ in range(MAX_MANIFEST_DEPTH):
        deep = [deep]
    content = manifest(examples=[{"title": "deep", "input": deep}])
    assert [p.code for p in problems(content)] == ["json_too_deep"]


def test_a_duplicate_key_is_refused() -> None:
    content = manifest().replace(b'"version": "1.2.0"', b'"version": "1.2.0", "version": "1.3.0"')
    assert [p.code for p in problems(content)] == ["json_duplicate_key"]


def test_a_small_manifest_is_read() -> None:
    read = read_manifest(manifest())
    assert (read.id, read.version, read.namespace, read.kind) == ("acme.summarise", "1.2.0", "acme", "agent")
    assert read.document == MANIFEST
    assert read.capabilities == Capabilities()


def test_a_manifest_with_everything_is_read() -> None:
    full = {
        **MANIFEST,
        "$schema": "https://aei.example/manifest.schema.json",
        "keywords": ["summary", "c++"],
        "homepage": "https://acme.example/",
        "repository": "https://acme.example/code",
        "support": "https://acme.example/help",
        "permissions": {
            "network": {"hosts": ["api.acme.example", "*.acme.example:8443"], "reason": WHY},
            "filesystem": {"scratch_mib": 16, "persistent_mib": 0, "reason": WHY},
            "models": {"chat": ["*"], "embed": [], "max_tokens_per_execution": 20000, "reason": WHY},
            "secrets": {"names": ["ACME_KEY"], "reason": WHY},
        },
        "limits": {"cpu_ms": 1000, "wall_ms": 5000, "memory_mib": 128},
        "input_schema": TEXT,
        "output_schema": {"type": "object"},
        "config_schema": {"type": "object", "properties": {"language": {"enum": ["de", "en"]}}},
        "examples": [{"title": "Short", "input": {"text": "One. Two."}}],
        "pricing": {**USD, "model": "usage", "per": "execution", "trial": {"executions": 20}},
        "dependencies": {"acme.tokenise": "^2.0.0"},
        "replaces": ["acme.shorten"],
    }
    read = read_manifest(json.dumps(full).encode())
    assert read.interfaces[-5:] == ("http", "files", "models", "secrets", "plugins")
    assert read.capabilities.hosts == ("*.acme.example:8443", "api.acme.example")
