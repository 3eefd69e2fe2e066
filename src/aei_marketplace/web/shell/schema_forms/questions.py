"""What a JSON Schema asks for, place by place.

Only simple schemas are asked for in fields: objects with named keys, lists of texts, numbers or objects,
fixed choices, booleans, numbers, texts. The rest is asked for as JSON.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, Literal
from urllib.parse import quote

from aei_inspection.problems import shown
from aei_marketplace.web.shell.schema_forms.texts import written

Kind = Literal["object", "rows", "lines", "ticks", "text", "area", "number", "choice", "switch", "json"]
#: Kinds whose value may be there and hold nothing.
CONTAINERS = ("object", "rows", "lines", "ticks")
DEEPEST = 6
MOST_QUESTIONS = 150
MOST_OPTIONS = 100
LONGEST_KEY = 100
#: A text that may be longer than this gets several lines.
ONE_LINE = 200


class Absent:
    """The one value that stands for no value; `null` is a value."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT = Absent()


@dataclass(frozen=True, slots=True)
class Option:
    """One of a place's fixed values, as JSON, and how it reads."""

    text: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked for at one place of a value.

    Attributes:
        key: the place's key in its object.
        required: the object needs the key.
        certain: so do all objects around it, up to the whole.
        default: what the schema suggests, else ABSENT.
        options: of a choice or of ticks.
        parts: of an object, those that it needs first.
        item: of rows and lines.
        whole: of a number: it has no fraction.
        capacity: of rows: how many there may be.
    """

    kind: Kind
    key: str = ""
    label: str = ""
    hint: str = ""
    required: bool = False
    certain: bool = False
    default: Any = ABSENT
    options: tuple[Option, ...] = ()
    parts: tuple["Question", ...] = ()
    item: "Question | None" = None
    whole: bool = False
    capacity: int = 0

    @property
    def segment(self) -> str:
        """The key as part of a field's name: no blank, slash or colon in it."""
        return quote(self.key, safe="")


def ask(schema: Mapping[str, Any], label: str) -> Question:
    """The question for a whole value.

    Args:
        schema: an author's schema that was compiled before, so it is a usable one of draft 2020-12.
        label: what the value is called where the schema has no title.
    """
    place = _Place(schema, schema, "", required=True, certain=True, depth=0, counter=count(1))
    try:
        asked = _ask(place)
    except _TooManyQuestions:
        asked = _as_json(place)
    return replace(asked, label=asked.label or label)


class _TooManyQuestions(Exception):
    """The schema has too many places, perhaps by definitions that contain one another."""


@dataclass(frozen=True, slots=True)
class _Place:
    root: Mapping[str, Any]
    schema: Any
    key: str
    required: bool
    certain: bool
    depth: int
    counter: Iterator[int]

    def inner(self, schema: Any, key: str, required: bool, certain: bool) -> "_Place":
        return _Place(self.root, schema, key, required, certain, self.depth + 1, self.counter)


def _ask(place: _Place) -> Question:
    if next(place.counter) > MOST_QUESTIONS:
        raise _TooManyQuestions
    schema = _resolved(place)
    if not isinstance(schema, Mapping) or place.depth > DEEPEST:
        return _as_json(place)
    place = replace(place, schema=schema)
    if "enum" in schema or "const" in schema:
        return _choice(place)
    kinds = {
        "object": _object,
        "array": _array,
        "string": _text,
        "integer": _number,
        "number": _number,
        "boolean": _boolean,
    }
    return kinds.get(_type(schema), _as_json)(place)


def _resolved(place: _Place) -> Any:
    """The schema, after one reference to a definition of the same document; keys beside it come first."""
    schema = place.schema
    if not isinstance(schema, Mapping) or "$ref" not in schema:
        return schema
    name = str(schema["$ref"]).removeprefix("#/$defs/")
    target = place.root.get("$defs", {}).get(name)
    if not isinstance(target, Mapping) or "$ref" in target:
        return None
    return {**target, **{key: value for key, value in schema.items() if key != "$ref"}}


def _type(schema: Mapping[str, Any]) -> str:
    named = schema.get("type")
    if isinstance(named, list):
        named = [each for each in named if each != "null"]
        named = named[0] if len(named) == 1 else None
    if named is None and "properties" in schema:
        return "object"
    return str(named)


def _object(place: _Place) -> Question:
    schema, properties = place.schema, place.schema.get("properties", {})
    if not properties or not all(_is_nameable(key) for key in properties):
        return _as_json(place)
    needed = schema.get("required", ())
    parts = tuple(
        _ask(place.inner(each, key, key in needed, key in needed and place.certain))
        for key, each in properties.items()
    )
    # What is needed comes first: the order in which keys were written is lost in the database.
    return replace(_base(place, "object"), parts=tuple(sorted(parts, key=lambda part: not part.required)))


def _is_nameable(key: str) -> bool:
    # Half a character cannot stand in a page at all.
    return 0 < len(key) <= LONGEST_KEY and not any("\ud800" <= letter <= "\udfff" for letter in key)


def _array(place: _Place) -> Question:
    schema = place.schema
    items = schema.get("items")
    if not isinstance(items, Mapping) or "prefixItems" in schema:
        return _as_json(place)
    item = _ask(place.inner(items, "", required=False, certain=False))
    if item.kind == "choice":
        return replace(_base(place, "ticks"), options=item.options)
    if item.kind == "object":
        rows = _base(place, "rows")
        item = replace(item, label=item.label or rows.label)
        return replace(rows, item=item, capacity=schema.get("maxItems", 2**31))
    if item.kind in ("text", "area", "number"):
        return replace(_base(place, "lines", "One per line."), item=item)
    return _as_json(place)


def _choice(place: _Place) -> Question:
    values = place.schema.get("enum", [place.schema.get("const")])
    simple = all(value is None or isinstance(value, str | int | float) for value in values)
    if not simple or not 0 < len(values) <= MOST_OPTIONS:
        return _as_json(place)
    options = tuple(Option(written(value), _word(value)) for value in values)
    return replace(_base(place, "choice"), options=options)


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "Yes" if value else "No"
    return shown(value if isinstance(value, str) else written(value), 100) or "(empty)"


def _boolean(place: _Place) -> Question:
    if place.certain:
        return _base(place, "switch")
    # A tick knows two answers; where none may be given there are three.
    return replace(_base(place, "choice"), options=(Option("true", "Yes"), Option("false", "No")))


def _number(place: _Place) -> Question:
    schema = place.schema
    bounds = _bounds(schema.get("minimum"), schema.get("maximum"))
    return replace(_base(place, "number", bounds), whole=_type(schema) == "integer")


def _bounds(least: Any, most: Any) -> str:
    if least is not None and most is not None:
        return f"{least:,} to {most:,}."
    if least is not None:
        return f"At least {least:,}."
    return f"At most {most:,}." if most is not None else ""


def _text(place: _Place) -> Question:
    longest = place.schema.get("maxLength")
    limit = f"At most {longest:,} character{'' if longest == 1 else 's'}." if longest is not None else ""
    long_form = place.schema.get("format") in ("textarea", "multiline", "markdown", "html")
    long_text = long_form or longest is None or longest > ONE_LINE
    return _base(place, "area" if long_text else "text", limit)


def _as_json(place: _Place) -> Question:
    return _base(place, "json", "As JSON.")


def _base(place: _Place, kind: Kind, limit: str = "") -> Question:
    schema = place.schema if isinstance(place.schema, Mapping) else {}
    default = schema.get("default", ABSENT)
    return Question(
        kind=kind,
        key=place.key,
        label=shown(schema.get("title") or _label(place.key), 100),
        hint=" ".join(part for part in (_sentence(schema), limit, _usual(default)) if part),
        required=place.required,
        certain=place.certain,
        default=default,
    )


def _label(key: str) -> str:
    words = key.replace("_", " ").replace("-", " ").strip()
    return words[:1].upper() + words[1:] if words else key


def _sentence(schema: Mapping[str, Any]) -> str:
    told = shown(schema.get("description", ""), 400).strip()
    return told if not told or told[-1] in ".!?…" else f"{told}."


def _usual(default: Any) -> str:
    if default is ABSENT or default is None or isinstance(default, dict | list) or default == "":
        return ""
    return f"Default: {_word(default)}."
