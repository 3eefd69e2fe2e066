"""A JSON Schema as a graph: which subschema is applied to the same value, and which to its members."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

#: Keywords whose subschemas apply to the same value (JSON Schema 2020-12 core, section 10.2).
_SAME_LISTS = ("allOf", "anyOf", "oneOf")
_SAME = ("not", "if", "then", "else")
#: Keywords whose subschemas apply to members (section 10.3).
_OBJECT_ALL = ("propertyNames",)
_ARRAY_ALL = ("contains",)
_REFERENCES = ("$ref", "$dynamicRef")

Schema = Mapping[str, Any]


class BadReference(ValueError):
    """A reference that leaves the document or leads nowhere."""


@dataclass(frozen=True)
class Members:
    """Subschemas applied to members: any one of `either`, and all of `always` besides."""

    either: tuple[Schema, ...]
    always: tuple[Schema, ...]


class Graph:
    """The schemas of one document and how they apply to each other; booleans are left out."""

    def __init__(self, root: Schema) -> None:
        self.root = root
        self._anchors = {
            anchor: schema
            for schema in _every_object(root)
            for anchor in (schema.get("$anchor"), schema.get("$dynamicAnchor"))
            if isinstance(anchor, str)
        }

    def same(self, schema: Schema) -> tuple[Schema, ...]:
        """What applies to the same value as `schema`.

        Raises:
            BadReference: a reference of `schema` can't be followed inside the document.
        """
        listed = [each for key in _SAME_LISTS for each in _listed(schema, key)]
        single = [schema.get(key) for key in _SAME]
        dependent = _mapped(schema, "dependentSchemas")
        referred = [self.target(schema[key]) for key in _REFERENCES if isinstance(schema.get(key), str)]
        return _objects([*listed, *single, *dependent, *referred])

    def members(self, schema: Schema) -> tuple[Members, ...]:
        """What applies to the members of an object, and to the items of an array."""
        return (
            Members(
                _objects([*_mapped(schema, "properties"), schema.get("additionalProperties")]),
                _objects([*_mapped(schema, "patternProperties"), *(schema.get(key) for key in _OBJECT_ALL)]),
            ),
            Members(
                _objects([*_listed(schema, "prefixItems"), schema.get("items")]),
                _objects([schema.get(key) for key in _ARRAY_ALL]),
            ),
        )

    def target(self, reference: str) -> Any:
        """What a reference inside the document names.

        Raises:
            BadReference: it is remote, or names nothing here.
        """
        if not reference.startswith("#"):
            raise BadReference(
                f"{reference[:120]!r} leads out of the document; only references with # are followed"
            )
        fragment = unquote(reference[1:])
        if fragment in self._anchors:
            return self._anchors[fragment]
        found: Any = self.root
        for step in fragment.split("/")[1:]:
            found = _step(found, step.replace("~1", "/").replace("~0", "~"))
        if found is None or (fragment and not fragment.startswith("/")):
            raise BadReference(f"{reference[:120]!r} names nothing in this schema")
        return found

    def reachable(self) -> list[Schema]:
        """Every schema that can be applied, the root first.

        Raises:
            BadReference: as `target`.
        """
        found: dict[int, Schema] = {}
        waiting = [self.root]
        while waiting:
            schema = waiting.pop()
            if id(schema) in found:
                continue
            found[id(schema)] = schema
            waiting.extend(self.same(schema))
            waiting.extend(each for m in self.members(schema) for each in (*m.either, *m.always))
        return list(found.values())


def _step(found: Any, step: str) -> Any:
    if isinstance(found, dict):
        return found.get(step)
    if isinstance(found, list) and step.isdecimal() and len(step) < 6 and int(step) < len(found):
        return found[int(step)]
    return None


def _every_object(value: Any) -> Iterator[Schema]:
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            yield each
            waiting.extend(each.values())
        elif isinstance(each, list):
            waiting.extend(each)


def _objects(values: list[Any]) -> tuple[Schema, ...]:
    return tuple(value for value in values if isinstance(value, dict))


def _listed(schema: Schema, key: str) -> list[Any]:
    value = schema.get(key)
    return value if isinstance(value, list) else []


def _mapped(schema: Schema, key: str) -> list[Any]:
    value = schema.get(key)
    return list(value.values()) if isinstance(value, dict) else []
