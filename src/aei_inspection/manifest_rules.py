"""What the manifest's schema cannot say: each rule takes the document and yields what breaks it.

The rules run beside the schema, so that all problems are reported at once; each one reads only what
has the right shape and leaves the rest to the schema.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from aei_inspection.problems import PackageRefused, Problem, json_pointer, shown
from aei_inspection.schemas import CompiledSchema, check, compile_schema
from aei_inspection.versions import check_range, parse_version

Document = Mapping[str, Any]
SCHEMA_KEYS = ("input_schema", "output_schema", "config_schema")
LARGEST_PORT = 65_535


def rule_problems(document: Any) -> list[Problem]:
    """Every rule that the document breaks; none when it isn't an object, for that the schema says."""
    if not isinstance(document, dict):
        return []
    return [problem for rule in _RULES for problem in rule(document)]


def _version(document: Document) -> Iterator[Problem]:
    version = document.get("version")
    try:
        if isinstance(version, str):
            parse_version(version)
    except ValueError as error:
        message = f"Not a SemVer 2.0.0 version such as 1.4.0 or 2.0.0-beta.1: {shown(str(error))}."
        yield Problem("bad_version", "/version", message)


def _compatibility(document: Document) -> Iterator[Problem]:
    yield from _range_problems(_object(document, "compatibility").get("aei"), "/compatibility/aei")


def _dependencies(document: Document) -> Iterator[Problem]:
    for plugin, version_range in _object(document, "dependencies").items():
        place = json_pointer(["dependencies", plugin])
        yield from _range_problems(version_range, place)
        if plugin == document.get("id"):
            yield Problem("self_dependency", place, "A plugin can't depend on itself; remove the entry.")


def _range_problems(version_range: Any, place: str) -> Iterator[Problem]:
    try:
        if isinstance(version_range, str):
            check_range(version_range)
    except ValueError as error:
        advice = "write it as npm does, for example ^1.2.0 or >=1.0.0 <3.0.0"
        yield Problem("bad_range", place, f"{shown(str(error), 200)}; {advice}.")


def _replaces(document: Document) -> Iterator[Problem]:
    replaced = document.get("replaces")
    for index, plugin in enumerate(replaced if isinstance(replaced, list) else []):
        if plugin == document.get("id"):
            yield Problem(
                "self_replacement", f"/replaces/{index}", "A plugin can't replace itself; remove the entry."
            )


def _host_ports(document: Document) -> Iterator[Problem]:
    hosts = _object(_object(document, "permissions"), "network").get("hosts")
    for index, host in enumerate(hosts if isinstance(hosts, list) else []):
        port = host.rpartition(":")[2] if isinstance(host, str) and ":" in host else ""
        if port.isdecimal() and int(port[:6]) > LARGEST_PORT:
            place = f"/permissions/network/hosts/{index}"
            yield Problem(
                "bad_port", place, f"Port {port[:6]} does not exist; the largest is {LARGEST_PORT}."
            )


def _empty_permissions(document: Document) -> Iterator[Problem]:
    permissions = _object(document, "permissions")
    advice = "name what is needed, or leave the permission out"
    filesystem = permissions.get("filesystem")
    if isinstance(filesystem, dict) and not (
        filesystem.get("scratch_mib") or filesystem.get("persistent_mib")
    ):
        yield Problem("empty_permission", "/permissions/filesystem", f"Neither area has a size; {advice}.")
    models = permissions.get("models")
    if isinstance(models, dict) and not (models.get("chat") or models.get("embed")):
        yield Problem(
            "empty_permission", "/permissions/models", f"Neither chat nor embed names a model; {advice}."
        )


def _author_schemas(document: Document) -> Iterator[Problem]:
    for key in SCHEMA_KEYS:
        try:
            if isinstance(document.get(key), dict):
                compile_schema(document[key], (key,))
        except PackageRefused as refusal:
            yield from refusal.problems


def _examples(document: Document) -> Iterator[Problem]:
    compiled = _compiled_input(document)
    examples = document.get("examples")
    if compiled is None or not isinstance(examples, list):
        return
    for index, example in enumerate(examples):
        if isinstance(example, dict) and "input" in example:
            for problem in check(compiled, example["input"], ("examples", index, "input")):
                message = f"The example does not fit input_schema: {problem.message}"
                yield Problem("example_invalid", problem.pointer, message)


def _compiled_input(document: Document) -> CompiledSchema | None:
    """None when there is no usable input_schema; what is wrong with it, `_author_schemas` says."""
    try:
        return (
            compile_schema(document["input_schema"])
            if isinstance(document.get("input_schema"), dict)
            else None
        )
    except PackageRefused:
        return None


def _trial(document: Document) -> Iterator[Problem]:
    pricing = _object(document, "pricing")
    if "trial" in pricing and pricing.get("model") in ("free", "one_time"):
        yield Problem(
            "trial_without_price", "/pricing/trial", "Only a subscription or a usage price can have a trial."
        )


def _object(document: Document, key: str) -> Document:
    value = document.get(key)
    return value if isinstance(value, dict) else {}


_RULES: tuple[Callable[[Document], Iterator[Problem]], ...] = (
    _version,
    _compatibility,
    _dependencies,
    _replaces,
    _host_ports,
    _empty_permissions,
    _author_schemas,
    _examples,
    _trial,
)
