"""Which tasks a plugin gets on trial: its manifest's examples, else the smallest that its schema admits."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aei_inspection.problems import PackageRefused
from aei_inspection.schemas import check, compile_schema

#: Of the examples, the first so many are run.
MOST_EXAMPLES = 3
#: A task that is longer than this, in characters and values, is not small.
_LONGEST = 10_000
_DEEPEST = 24


@dataclass(frozen=True, slots=True)
class Task:
    """One task.

    Attributes:
        place: what it is called in findings.
        promised: the author offers it as an example, and so says that the plugin can do it.
    """

    place: str
    value: Any
    promised: bool


def tasks_of(manifest: Mapping[str, Any]) -> tuple[Task, ...]:
    """The tasks to run.

    Args:
        manifest: `plugin.json`, as the gate accepts it.

    Returns:
        None where there is no example and no small task could be found.
    """
    examples = manifest.get("examples", [])[:MOST_EXAMPLES]
    if examples:
        return tuple(Task(f"example {n}", each["input"], True) for n, each in enumerate(examples, 1))
    found = smallest(manifest.get("input_schema", {}))
    return () if found is None else (Task("its smallest task", found[0], False),)


def smallest(schema: Mapping[str, Any]) -> tuple[Any] | None:
    """A small value that a schema admits; None where it is not found in a straightforward way.

    It reads `const`, `enum`, examples, types, what is required, and the lower bounds; other rules are not
    built for, but what was built is held against the whole schema.
    """
    try:
        compiled = compile_schema(schema)
        value = _Builder().build(schema)
    except (PackageRefused, _Unbuilt):
        return None
    return None if check(compiled, value) else (value,)


class _Unbuilt(Exception):
    """There is no straightforward value, or it would not be small."""


class _Builder:
    """Builds one value, and stops when it grows."""

    def __init__(self) -> None:
        self._left = _LONGEST

    def build(self, schema: Any, deep: int = 0) -> Any:
        self._spend(1)
        if deep > _DEEPEST or schema is False:
            raise _Unbuilt
        if schema is True:
            return {}
        literals = [schema[word] for word in ("const", "default") if word in schema]
        literals += [schema[word][0] for word in ("enum", "examples") if schema.get(word)]
        if literals:
            self._spend(len(json.dumps(literals[0])))
            return literals[0]
        choices = schema.get("anyOf") or schema.get("oneOf")
        if choices and "type" not in schema:
            return self.build(choices[0], deep + 1)
        return self._of_type(schema, deep)

    def _of_type(self, schema: Mapping[str, Any], deep: int) -> Any:
        named = schema.get("type", "object")
        match named[0] if isinstance(named, list) else named:
            case "object":
                known = schema.get("properties", {})
                return {
                    name: self.build(known.get(name, True), deep + 1) for name in schema.get("required", ())
                }
            case "array":
                items, count = schema.get("items", True), int(schema.get("minItems", 0))
                return [self.build(items, deep + 1) for _ in range(count)]
            case "string":
                length = int(schema.get("minLength", 0))
                self._spend(length)
                return "a" * length
            case "integer" | "number":
                return _number(schema)
            case "boolean":
                return False
        return None

    def _spend(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise _Unbuilt


def _number(schema: Mapping[str, Any]) -> float:
    if "exclusiveMinimum" in schema:
        above: float = schema["exclusiveMinimum"]
        return above + 1
    most: float = min(0, schema.get("maximum", 0))
    least: float = schema.get("minimum", most)
    return max(most, least)
