"""Author-supplied JSON Schemas, compiled and applied without trusting them.

Nothing remote is ever resolved, patterns run on an engine without backtracking, and the work of a
check is bounded before it begins, because native code can't be interrupted.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any

import jsonschema_rs

from aei_inspection.problems import PackageRefused, Problem, json_pointer, refuse, shown
from aei_inspection.schema_cost import Cost, EndlessSchema
from aei_inspection.schema_graph import BadReference, Graph
from aei_inspection.schema_messages import MASK, explain
from aei_inspection.strict_json import depth

MAX_SCHEMA = 32 * 1024
MAX_SCHEMA_DEPTH = 24
MAX_PATTERNS = 64
MAX_VALUE_DEPTH = 64
MAX_ERRORS = 20
DIALECT = "https://json-schema.org/draft/2020-12/schema"

#: Units (see schema_cost) that a check may take, and up to which all its errors are collected.
MAX_COST = 50_000_000
_COLLECT_COST = 50_000
#: Bytes that the automata of all patterns of one schema may fill; each pattern gets an equal part.
_PATTERN_MEMORY = 2 << 20
#: They make a validator evaluate everything beside them again, for each member.
_REFUSED_KEYWORDS = ("unevaluatedProperties", "unevaluatedItems")

Path = Sequence[str | int]


@dataclass(frozen=True)
class CompiledSchema:
    """A schema that passed `compile_schema`; apply it with `check`."""

    schema: Mapping[str, Any]
    validator: jsonschema_rs.Draft202012Validator
    cost: Cost


def compile_schema(schema: Any, at: Path = ()) -> CompiledSchema:
    """Compile an author's schema; the same schema again costs one look-up.

    Args:
        schema: the schema as read from JSON, an object.
        at: its path inside its document, for the pointers of problems.

    Raises:
        PackageRefused: it is too large or too deep, not a JSON Schema of draft 2020-12, refers to
            anything outside itself, or could keep a validator busy without end.
    """
    place = json_pointer(at)
    if depth(schema, MAX_SCHEMA_DEPTH) > MAX_SCHEMA_DEPTH:
        raise refuse(
            "schema_too_deep", place, f"The schema is nested more than {MAX_SCHEMA_DEPTH} levels deep."
        )
    text = json.dumps(schema)
    if len(text) > MAX_SCHEMA:
        raise refuse(
            "schema_too_large", place, f"The schema has {len(text):,} bytes; at most {MAX_SCHEMA:,} fit."
        )
    try:
        return _compiled(text)
    except PackageRefused as refusal:
        raise PackageRefused(
            Problem(p.code, place + p.pointer, p.message) for p in refusal.problems
        ) from None


def check(compiled: CompiledSchema, value: Any, at: Path = ()) -> list[Problem]:
    """Check a value against a compiled schema.

    Args:
        compiled: from `compile_schema`.
        value: as read from JSON.
        at: the value's path inside its document, for the pointers of problems.

    Returns:
        At most 20 problems, none when the value fits. A value that is too deep or too costly to check
        does not fit, nor one at whose text the validator stumbles.
    """
    place = json_pointer(at)
    if depth(value, MAX_VALUE_DEPTH) > MAX_VALUE_DEPTH:
        return [Problem("too_deep", place, f"The value is nested more than {MAX_VALUE_DEPTH} levels deep.")]
    cost = compiled.cost.of(value)
    if cost > MAX_COST:
        message = "The value is too large for its schema to be checked in reasonable time; send less at once."
        return [Problem("too_costly", place, message)]
    try:
        if compiled.validator.is_valid(value):
            return []
        errors = _errors(compiled.validator, value, collect=cost <= _COLLECT_COST)
        return list(islice(explain(errors, compiled.schema, at), MAX_ERRORS))
    except (ValueError, UnicodeError, OverflowError) as error:
        return [Problem("not_json", place, f"The value is not JSON: {type(error).__name__}.")]


def _errors(
    validator: jsonschema_rs.Draft202012Validator, value: Any, collect: bool
) -> Iterator[jsonschema_rs.ValidationError]:
    """All errors, or only the first: a large value can have hundreds of thousands, all made at once."""
    if collect:
        yield from validator.iter_errors(value)
        return
    try:
        validator.validate(value)
    except jsonschema_rs.ValidationError as error:
        yield error


@lru_cache(maxsize=128)
def _compiled(text: str) -> CompiledSchema:
    schema = json.loads(text)
    problems = list(islice(_problems(schema), MAX_ERRORS))
    if problems:
        raise PackageRefused(problems)
    graph = Graph(schema)
    try:
        cost = Cost(graph)
        part = _PATTERN_MEMORY // max(1, _patterns(graph.reachable()))
        regex = jsonschema_rs.RegexOptions(size_limit=part, dfa_size_limit=part)
        validator = jsonschema_rs.Draft202012Validator(schema, mask=MASK, pattern_options=regex, offline=True)
    except EndlessSchema as error:
        raise refuse("schema_endless", "", f"The schema never ends: {error}.") from error
    except jsonschema_rs.ValidationError as error:
        raise _unusable(error) from error
    return CompiledSchema(schema, validator, cost)


def _unusable(error: jsonschema_rs.ValidationError) -> PackageRefused:
    place = json_pointer(error.instance_path)
    if "regex" in error.message:
        limits = (
            "look-around, back references and long repetitions are not supported; use maxLength for length"
        )
        return refuse("schema_pattern", place, f"The pattern can't be used: {limits}.")
    return refuse("schema_invalid", place, f"Not a usable JSON Schema: {shown(error.message, 300)}.")


def _problems(schema: Any) -> Iterator[Problem]:
    if not isinstance(schema, dict):
        yield Problem("schema_invalid", "", "A schema is a JSON object.")
        return
    if schema.get("$schema", DIALECT) not in (DIALECT, f"{DIALECT}#"):
        yield Problem("schema_dialect", "/$schema", f"Only {DIALECT} is understood.")
    shape = list(explain(_dialect().iter_errors(schema), {}))
    yield from (Problem("schema_invalid", p.pointer, p.message) for p in shape)
    if not shape:
        yield from _reference_problems(schema) or _keyword_problems(schema)


@lru_cache(maxsize=1)
def _dialect() -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator({"$ref": DIALECT}, mask=MASK, offline=True)


def _reference_problems(schema: Mapping[str, Any]) -> list[Problem]:
    graph = Graph(schema)
    problems = []
    for path, place in _objects(schema):
        for key in ("$ref", "$dynamicRef"):
            reference = place.get(key)
            try:
                if isinstance(reference, str):
                    graph.target(reference)
            except BadReference as error:
                problems.append(
                    Problem("schema_reference", json_pointer([*path, key]), f"The reference {error}.")
                )
    return problems


def _keyword_problems(schema: Mapping[str, Any]) -> list[Problem]:
    schemas = Graph(schema).reachable()
    problems = [
        Problem(
            "schema_keyword",
            "",
            f"{key} is not supported: checking it can take too long; list the keys instead.",
        )
        for key in _REFUSED_KEYWORDS
        if any(key in each for each in schemas)
    ]
    if any(isinstance(each.get("$id"), str) for each in schemas if each is not schema):
        problems.append(
            Problem("schema_keyword", "", "An inner $id would change what references mean; remove it.")
        )
    patterns = _patterns(schemas)
    if patterns > MAX_PATTERNS:
        problems.append(
            Problem(
                "schema_too_large", "", f"The schema has {patterns} patterns; at most {MAX_PATTERNS} fit."
            )
        )
    return problems


def _patterns(schemas: Iterable[Mapping[str, Any]]) -> int:
    return sum(("pattern" in each) + len(each.get("patternProperties", ())) for each in schemas)


def _objects(schema: Mapping[str, Any]) -> Iterator[tuple[tuple[str | int, ...], Mapping[str, Any]]]:
    waiting: list[tuple[tuple[str | int, ...], Any]] = [((), schema)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, dict):
            yield path, value
            waiting.extend(((*path, key), child) for key, child in value.items())
        elif isinstance(value, list):
            waiting.extend(((*path, index), child) for index, child in enumerate(value))
