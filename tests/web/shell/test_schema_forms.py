"""Forms made from a JSON Schema, and their way back to a value, through the page that a browser gets."""

import json
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aei_inspection.schemas import check, compile_schema
from aei_marketplace.ground.errors import Fault, Invalid
from aei_marketplace.web.shell.forms import Form, read_form
from aei_marketplace.web.shell.rendering import environment
from aei_marketplace.web.shell.schema_forms import Field, SchemaForm
from aei_marketplace.web.shell.schema_forms.fields import MOST_FIELDS, MOST_ROWS

LINKS = {
    "type": "object",
    "required": ["text", "depth", "strict", "files"],
    "properties": {
        "text": {"type": "string", "maxLength": 5000, "description": "What is looked at"},
        "name": {"type": "string", "maxLength": 40, "title": "Your name"},
        "depth": {"type": "integer", "minimum": 1, "maximum": 5, "default": 2},
        "strict": {"type": "boolean"},
        "careful": {"type": "boolean", "default": True},
        "format": {"enum": ["markdown", "html", 3, None]},
        "urls": {"type": "array", "items": {"type": "string"}},
        "tags": {"type": "array", "items": {"enum": ["a", "b", "c"]}},
        "files": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["path"],
                "properties": {"path": {"type": "string", "maxLength": 90}, "size": {"type": "number"}},
            },
        },
        "retry": {"type": "object", "properties": {"times": {"type": "integer", "default": 3}}},
        "extra": {},
    },
}


class _Controls(HTMLParser):
    """What a browser would send of a form that nobody touched."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pairs: list[tuple[str, str]] = []
        self.tags: list[str] = []
        self._open: tuple[str, str] | None = None
        self._select: tuple[str, str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append(tag)
        name, value = given.get("name") or "", given.get("value") or ""
        if tag == "input" and (given["type"] != "checkbox" or "checked" in given):
            self.pairs.append((name, value))
        elif tag == "textarea":
            self._open = (name, "")
        elif tag == "select":
            self._select = (name, "")
        elif tag == "option" and self._select and "selected" in given:
            self._select = (self._select[0], value)

    def handle_data(self, data: str) -> None:
        if self._open:
            self._open = (self._open[0], self._open[1] + data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._open:
            # A browser leaves out the first line break, and sends the others as two characters.
            name, text = self._open
            self.pairs.append((name, text.removeprefix("\n")))
            self._open = None
        elif tag == "select" and self._select:
            self.pairs.append(self._select)
            self._select = None


def controls(field: Field) -> _Controls:
    macro = environment().from_string(
        '{% from "shell/components/schema_form.html" import fields %}{{ fields(field) }}'
    )
    reader = _Controls()
    reader.feed(macro.render(field=field))
    reader.close()
    return reader


def untouched(field: Field) -> Form:
    return posted(*controls(field).pairs)


def posted(*pairs: tuple[str, str]) -> Form:
    encoded = urlencode([(name, value.replace("\n", "\r\n")) for name, value in pairs])
    return read_form("application/x-www-form-urlencoded", encoded.encode())


def same(one: Any, other: Any) -> bool:
    """Equal as JSON is: 1, 1.0 and true are three values."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**53) + 1, 2**53 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    texts,
)
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


def _leaves() -> st.SearchStrategy[dict[str, Any]]:
    return st.one_of(
        st.builds(lambda n: {"type": "string", "maxLength": n}, st.integers(12, 400)),
        st.just({"type": "string"}),
        st.just({"type": "integer"}),
        st.just({"type": "number"}),
        st.just({"type": "boolean"}),
        st.builds(
            lambda options: {"enum": options}, st.lists(scalars, min_size=1, max_size=4, unique_by=repr)
        ),
        st.just({}),
    )


def _objects(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    def made(properties: dict[str, Any], needed: list[bool]) -> dict[str, Any]:
        required = [key for key, one in zip(properties, needed, strict=False) if one]
        return {"type": "object", "properties": properties, "required": required}

    return st.builds(made, st.dictionaries(texts, inner, max_size=4), st.lists(st.booleans(), max_size=4))


schemas = st.recursive(
    _leaves(),
    lambda inner: _objects(inner) | st.builds(lambda item: {"type": "array", "items": item}, inner),
    max_leaves=6,
)


@st.composite
def _values_of(draw: st.DrawFn, schema: dict[str, Any]) -> Any:
    if "enum" in schema:
        return draw(st.sampled_from(schema["enum"]))
    match schema.get("type"):
        case "object":
            keys = [k for k in schema["properties"] if k in schema["required"] or draw(st.booleans())]
            value = {key: draw(_values_of(schema["properties"][key])) for key in keys}
            return value | draw(st.dictionaries(texts.map(lambda text: "+" + text), scalars, max_size=1))
        case "array":
            return draw(st.lists(_values_of(schema["items"]), max_size=3))
        case "string":
            return draw(texts)
        case "integer":
            return draw(st.integers(-(2**53) + 1, 2**53 - 1))
        case "number":
            return draw(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-9, 9))
        case "boolean":
            return draw(st.booleans())
    return draw(anything)


@st.composite
def schemas_with_values(draw: st.DrawFn) -> tuple[dict[str, Any], Any]:
    schema = draw(schemas)
    return schema, draw(_values_of(schema))


@given(schemas_with_values())
def test_a_value_that_is_shown_and_sent_back_untouched_stays_what_it_is(pair: tuple[dict[str, Any], Any]):
    schema, value = pair
    form = SchemaForm.of(schema, "task")
    answer = form.read(untouched(form.show(value)))
    assert same(answer.checked(), value)


@given(_leaves(), anything)
def test_even_a_value_that_does_not_fit_its_schema_stays_what_it_is(schema: dict[str, Any], value: Any):
    form = SchemaForm.of(schema, "task")
    assert same(form.read(untouched(form.show(value))).checked(), value)


@given(schemas_with_values(), st.sampled_from(["json", "fields"]))
def test_turning_a_form_into_json_and_back_keeps_its_value(pair: tuple[dict[str, Any], Any], wanted: str):
    schema, value = pair
    form = SchemaForm.of(schema, "task")
    typed = untouched(form.show(value))
    turned = form.read(Form({**typed.values, "task:as": (wanted,)}))
    assert turned.again
    assert same(form.read(untouched(turned.field)).checked(), value)


@given(schemas, st.dictionaries(st.text(max_size=20), st.lists(st.text(max_size=20), max_size=2), max_size=8))
def test_whatever_is_sent_is_read_or_refused_beside_a_field(
    schema: dict[str, Any], sent: dict[str, list[str]]
):
    form = SchemaForm.of(schema, "task")
    answer = form.read(Form({f"task{name}": tuple(values) for name, values in sent.items()}))
    faults = []
    try:
        json.dumps(answer.checked())
    except Invalid as refusal:
        faults = refusal.faults
    assert [fault.pointer for fault in faults] == [f.pointer for f in answer.field.every() if f.error]


def test_each_kind_of_schema_has_its_kind_of_field():
    field = SchemaForm.of(LINKS, "task").show()
    kinds = {part.question.key: part.kind for part in field.parts}
    assert kinds == {
        "text": "area",
        "name": "text",
        "depth": "number",
        "strict": "switch",
        "careful": "choice",
        "format": "choice",
        "urls": "lines",
        "tags": "ticks",
        "files": "rows",
        "retry": "object",
        "extra": "json",
    }


def test_labels_hints_and_defaults_come_from_the_schema():
    field = SchemaForm.of(LINKS, "task").show()
    parts = {part.question.key: part for part in field.parts}
    assert parts["name"].question.label == "Your name"
    assert parts["text"].question.hint == "What is looked at. At most 5,000 characters."
    assert parts["depth"].question.hint == "1 to 5. Default: 2."
    assert parts["depth"].text == "2"
    assert parts["careful"].text == "true"
    assert [o.label for o in parts["format"].question.options] == ["markdown", "html", "3", "null"]
    # What may be left out whole is not begun by a default within it.
    assert parts["retry"].parts[0].text == ""


def test_what_is_typed_becomes_the_value():
    answer = SchemaForm.of(LINKS, "task").read(
        posted(
            ("task/text", "One\nTwo"),
            ("task/name", ""),
            ("task/depth", " 3 "),
            ("task/strict", "true"),
            ("task/careful", "false"),
            ("task/format", "3"),
            ("task/urls", "https://a.example/\n\n https://b.example/"),
            ("task/tags", '"c"'),
            ("task/tags", '"a"'),
            ("task/files/0/path", ""),
            ("task/files/4/path", "a.txt"),
            ("task/files/4/size", "1.5"),
            ("task/retry/times", ""),
            ("task/extra:json", '{"x": [null]}'),
        )
    )
    value = answer.checked()
    assert value == {
        "text": "One\nTwo",
        "depth": 3,
        "strict": True,
        "careful": False,
        "format": 3,
        "urls": ["https://a.example/", " https://b.example/"],
        "tags": ["a", "c"],
        "files": [{"path": "a.txt", "size": 1.5}],
        "extra": {"x": [None]},
    }
    assert check(compile_schema(LINKS), value) == []


def test_what_cannot_be_read_is_refused_beside_its_field_and_shown_again_as_typed():
    answer = SchemaForm.of(LINKS, "task").read(
        posted(
            ("task/depth", "three"),
            ("task/format", '"rtf"'),
            ("task/files/7/size", "NaN"),
            ("task/extra:json", '{"a": 1, "a": 2}'),
        )
    )
    with pytest.raises(Invalid) as refused:
        answer.checked()
    faults = {fault.pointer: fault.message for fault in refused.value.faults}
    assert faults["/task/text"] == "This is needed."
    assert faults["/task/depth"] == "'three' is not a number."
    assert faults["/task/format"] == "Choose one of the values on offer."
    assert faults["/task/files/0/path"] == "This is needed."
    assert faults["/task/files/0/size"] == "'NaN' is not a number."
    assert "stands twice" in faults["/task/extra"]
    assert ("task/files/0/size", "NaN") in controls(answer.field).pairs


def test_the_checkers_faults_stand_beside_the_innermost_field_that_there_is():
    schema = {
        "type": "object",
        "properties": {"a/b ~": {"type": "array", "items": {"type": "integer", "maximum": 5}}, "c": {}},
        "required": ["a/b ~"],
    }
    form = SchemaForm.of(schema, "task")
    answer = form.read(posted(("task/a%2Fb%20~", "1\n9")))
    problems = check(compile_schema(schema), answer.checked(), ("task",))
    refusal = Invalid("No.", faults=[Fault(p.pointer, p.message) for p in problems])
    shown = answer.refused(refusal).field
    assert [(each.name, each.error) for each in shown.every() if each.error] == [
        ("task/a%2Fb%20~", problems[0].message)
    ]
    elsewhere = answer.refused(Invalid("No.", faults=[Fault("/version", "no such version")])).field
    assert not any(each.error for each in elsewhere.every())


def test_a_row_is_added_as_long_as_there_is_room():
    schema = {"type": "array", "maxItems": 3, "items": LINKS["properties"]["files"]["items"]}
    form = SchemaForm.of(schema, "task")
    sent = [("task/0/path", "a"), ("task/1/path", "")]
    grown = form.read(posted(*sent, ("task:more", "task")))
    assert grown.again
    assert [row.name for row in grown.field.parts] == ["task/0", "task/1", "task/2"]
    full = form.read(posted(*sent, ("task/2/path", ""), ("task:more", "task"))).field
    assert len(full.parts) == 3
    assert "button" in controls(grown.field).tags
    assert not full.has_room


def test_a_list_longer_than_a_page_bears_is_json():
    form = SchemaForm.of(LINKS, "task")
    value = {"files": [{"path": str(n)} for n in range(MOST_ROWS + 1)]}
    files = next(part for part in form.show(value).parts if part.question.key == "files")
    assert files.kind == "json"


def test_a_form_never_has_more_fields_than_a_browser_may_send():
    lists = {f"list{n}": LINKS["properties"]["files"] for n in range(9)}
    form = SchemaForm.of({"type": "object", "properties": lists}, "task")
    value = {name: [{"path": "a"}] * MOST_ROWS for name in lists}
    assert form.show(value).kind == "json"
    assert form.show({"list0": [{"path": "a"}]}).weight < MOST_FIELDS


def test_definitions_that_contain_one_another_end_in_json():
    tree = {"type": "object", "properties": {f"k{n}": {"$ref": "#/$defs/tree"} for n in range(12)}}
    schema = {"$ref": "#/$defs/tree", "$defs": {"tree": tree}}
    assert SchemaForm.of(schema, "task").question.kind == "json"
    once = {
        "properties": {"a": {"$ref": "#/$defs/name"}},
        "$defs": {"name": {"type": "string", "maxLength": 9}},
    }
    assert SchemaForm.of(once, "task").question.parts[0].kind == "text"


def test_hostile_names_titles_and_values_stay_text():
    evil = '"><script>alert(1)</script>\N{RIGHT-TO-LEFT OVERRIDE}'
    schema = {
        "type": "object",
        "properties": {
            evil: {"type": "string", "maxLength": 20, "title": evil, "description": evil},
            "b": {"enum": [evil, "plain"]},
            "c": {"type": "array", "items": {"enum": [evil]}},
        },
    }
    form = SchemaForm.of(schema, "task")
    value = {evil: evil, "b": evil, "c": [evil]}
    page = controls(form.show(value))
    assert "script" not in page.tags
    assert same(form.read(posted(*page.pairs)).checked(), value)
