"""What a JSON Schema validator found, in words that help."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

import jsonschema_rs

from aei_inspection.problems import Problem, json_pointer, shown

#: What stands in a message in the value's place; a value may be long, secret or hostile.
MASK = "the value"

_CODES = {
    "type": "wrong_type",
    "enum": "not_allowed",
    "const": "not_allowed",
    "pattern": "bad_form",
    "not": "bad_form",
    "format": "bad_form",
    "minLength": "too_short",
    "maxLength": "too_long",
    "minItems": "too_few",
    "maxItems": "too_many",
    "minProperties": "too_few",
    "maxProperties": "too_many",
    "minimum": "too_small",
    "exclusiveMinimum": "too_small",
    "maximum": "too_large",
    "exclusiveMaximum": "too_large",
    "uniqueItems": "not_unique",
    "falseSchema": "unknown_key",
}


def explain(
    errors: Iterable[jsonschema_rs.ValidationError], schema: Mapping[str, Any], at: Sequence[str | int] = ()
) -> Iterator[Problem]:
    """Problems for a validator's errors, in the same order.

    Args:
        errors: from a validator of `schema` that masks values with `MASK`.
        schema: consulted for what would have been right: the known keys, a pattern's description.
        at: path of the validated value inside its document.
    """
    for error in errors:
        yield from _explained(error, schema, at)


def _explained(
    error: jsonschema_rs.ValidationError, schema: Mapping[str, Any], at: Sequence[str | int]
) -> Iterator[Problem]:
    path = [*at, *error.instance_path]
    place = json_pointer(path)
    kind: Any = error.kind
    match kind.name:
        case "additionalProperties":
            known = list(_rule(error, schema, -1).get("properties", {}))
            for key in kind.unexpected:
                yield _unknown_key(key, known, path)
        case "required":
            message = f"The key {shown(kind.property)!r} is missing."
            yield Problem("missing_key", place, message)
        case "oneOf" | "anyOf" if hasattr(kind, "context") and (branch := _nearest(kind.context)):
            for inner in branch:
                yield from _explained(inner, schema, at)
        case "propertyNames":
            key = shown(str(kind.error.instance), 60)
            described = _rule(error, schema, len(error.schema_path)).get("description", kind.error.message)
            message = f"The key {key!r} does not fit: {shown(described, 300)}."
            yield Problem("bad_form", place, message)
        case "enum" | "const":
            yield Problem("not_allowed", place, _not_allowed(kind, error.instance))
        case name:
            code = _CODES.get(name, "schema_violation")
            yield Problem(code, place, f"{_subject(error.instance)} {_requirement(error, schema)}.")


def _rule(error: jsonschema_rs.ValidationError, schema: Mapping[str, Any], end: int) -> Mapping[str, Any]:
    """The part of the schema that the error's path leads to, without its last `-end` steps."""
    found: Any = schema
    for step in error.schema_path[:end]:
        if isinstance(found, Mapping) and step in found:
            found = found[str(step)]
        elif isinstance(found, list) and isinstance(step, int) and step < len(found):
            found = found[step]
        else:
            return {}
    return found if isinstance(found, Mapping) else {}


def _requirement(error: jsonschema_rs.ValidationError, schema: Mapping[str, Any]) -> str:
    """The rest of a sentence that begins with the value: the schema's description, or the validator's."""
    kind: Any = error.kind
    if kind.name in ("pattern", "not"):
        described = _rule(error, schema, -1).get("description")
        if isinstance(described, str):
            return f"does not fit: {shown(described, 300).rstrip('.')}"
    said = shown(error.message, 300)
    return said.removeprefix(MASK).strip().rstrip(".") or "is not valid"


def _subject(value: Any) -> str:
    if isinstance(value, bool | int | float):
        return str(value).lower()[:40]
    return repr(shown(value, 60)) if isinstance(value, str) else "The value"


def _not_allowed(kind: Any, value: Any) -> str:
    options = kind.options if kind.name == "enum" else [kind.expected_value]
    texts = [option for option in options if isinstance(option, str)]
    listed = ", ".join(shown(str(option), 40) for option in options[:40])
    return f"{_subject(value)} is not allowed here{_nearest_word(value, texts)}; known: {listed}."


def _unknown_key(key: str, known: list[str], path: Sequence[str | int]) -> Problem:
    listed = f"; known here: {', '.join(sorted(known))}" if known else ""
    message = f"The key {shown(key)!r} is not known{_nearest_word(key, known)}{listed}."
    return Problem("unknown_key", json_pointer([*path, key]), message)


def _nearest_word(word: Any, known: list[str]) -> str:
    near = get_close_matches(word[:80], known, n=1) if isinstance(word, str) else []
    return f", did you mean {near[0]!r}" if near else ""


def _nearest(branches: list[list[jsonschema_rs.ValidationError]]) -> list[jsonschema_rs.ValidationError]:
    """The alternative that was most likely meant: one whose fixed values fit, with the fewest errors."""

    def distance(branch: list[jsonschema_rs.ValidationError]) -> tuple[int, int]:
        fixed = sum(each.kind.name == "const" for each in branch)
        return fixed, len(branch)

    return min((branch for branch in branches if branch), key=distance, default=[])
