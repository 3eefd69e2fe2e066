"""Reading a form's answers back into a value, with each error beside its field."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from aei_marketplace.ground.errors import Fault, Invalid, Refusal
from aei_marketplace.web.shell.forms import Form
from aei_marketplace.web.shell.schema_forms import texts
from aei_marketplace.web.shell.schema_forms.fields import (
    LONGEST_NUMBER,
    MOST_FIELDS,
    Field,
    as_json,
    sent,
    show,
    with_row,
)
from aei_marketplace.web.shell.schema_forms.questions import ABSENT, CONTAINERS, Question, ask

_NEEDED = "This is needed."


@dataclass(frozen=True, slots=True)
class Answer:
    """What was typed.

    Attributes:
        field: to show it again.
        value: what it means; ABSENT, or without what could not be read, while there are errors.
        again: the form only asks to be shown again: with one more row, or as JSON.
    """

    field: Field
    value: Any
    again: bool

    def checked(self) -> Any:
        """The value, whole; whether it satisfies the schema is for the schema's checker.

        Raises:
            Invalid: a field is empty that is needed, or holds what is not a number or not JSON.
        """
        wrong = [Fault(each.pointer, each.error) for each in self.field.every() if each.error]
        if wrong:
            raise Invalid("Some answers need another look.", faults=wrong)
        return self.value

    def refused(self, refusal: Refusal) -> "Answer":
        """The same answers with what a refusal finds wrong beside the fields.

        Faults whose pointer (`/task/files/0/path`) begins with another name than the form's are left out.
        """
        names = {each.name for each in self.field.every()}
        errors: dict[str, list[str]] = {}
        for fault in refusal.faults:
            if (name := _nearest(fault.pointer, names)) is not None:
                errors.setdefault(name, []).append(fault.message)
        joined = {name: " ".join(dict.fromkeys(messages)) for name, messages in errors.items()}
        return replace(self, field=_marked(self.field, joined))


@dataclass(frozen=True, slots=True)
class SchemaForm:
    """The form of one schema.

    Attributes:
        name: what its fields' names begin with; letters, as in `task`.
    """

    name: str
    question: Question

    @classmethod
    def of(cls, schema: Mapping[str, Any] | None, name: str, label: str = "Value") -> "SchemaForm":
        """The form of an author's schema, which was compiled before; None where anything fits."""
        return cls(name, ask(schema or {}, label))

    def show(self, value: Any = ABSENT) -> Field:
        """The fields of a value; those of the schema's defaults without one."""
        shown = show(self.question, self.name, starting_value(self.question) if value is ABSENT else value)
        return as_json(self.question, self.name, value) if shown.weight > MOST_FIELDS else shown

    def read(self, form: Form) -> Answer:
        """What was typed into the fields."""
        wanted, more = form.text(f"{self.name}:as"), form.text(f"{self.name}:more")
        field, value = _read(sent(self.question, form, self.name, self.name, spare=bool(more)))
        if more:
            return Answer(with_row(field, more), value, again=True)
        if wanted and any(each.error for each in field.every()):
            return Answer(field, value, again=True)
        if wanted:
            shown = as_json(self.question, self.name, value) if wanted == "json" else self.show(value)
            return Answer(shown, value, again=True)
        return Answer(_with_needs(field, present=True), value, again=False)


def starting_value(question: Question) -> Any:
    """What a form shows before anything was typed: the defaults, outside of what may be left out whole."""
    if question.default is not ABSENT:
        return question.default
    if question.kind != "object" or not question.certain:
        return ABSENT
    begun = {part.key: starting_value(part) for part in question.parts}
    return {key: value for key, value in begun.items() if value is not ABSENT} or ABSENT


def _read(field: Field) -> tuple[Field, Any]:
    """A field with its errors, and its value; ABSENT where nothing was typed, or nothing readable."""
    if field.kind == "object":
        return _read_object(field)
    if field.kind == "rows":
        read = [_read(part) for part in field.parts]
        rows = [value for _, value in read if value is not ABSENT]
        return replace(field, parts=tuple(part for part, _ in read)), _or_absent(field, rows)
    try:
        return field, _leaf_value(field)
    except ValueError as error:
        return replace(field, error=str(error)), ABSENT


def _read_object(field: Field) -> tuple[Field, Any]:
    read = [_read(part) for part in field.parts]
    given = {part.question.key: value for part, value in read if value is not ABSENT}
    field = replace(field, parts=tuple(part for part, _ in read))
    if not given and not field.question.certain:
        return field, ABSENT
    for part in field.parts:
        if part.question.required and part.kind in CONTAINERS:
            given.setdefault(part.question.key, _nothing_in(part.question))
    return field, given


def _leaf_value(field: Field) -> Any:
    match field.kind:
        case "switch":
            return bool(field.ticked)
        case "ticks":
            chosen = [option.text for option in field.question.options if option.text in field.ticked]
            return _or_absent(field, [texts.read(each) for each in chosen])
        case "lines":
            lines = [line for line in field.text.split("\n") if line.strip()]
            item = field.question.item
            assert item is not None
            return _or_absent(field, [_typed(item, line) for line in lines])
        case _ if not field.text.strip():
            return ABSENT
        case "json":
            return texts.read(field.text)
        case "choice":
            return _chosen(field)
        case _:
            return _typed(field.question, field.text)


def _typed(question: Question, text: str) -> Any:
    if question.kind != "number":
        return text
    try:
        value = texts.read(text) if len(text) <= LONGEST_NUMBER else None
    except ValueError:
        value = None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{text.strip()[:40]!r} is not a number.")
    return value


def _chosen(field: Field) -> Any:
    if field.text not in [option.text for option in field.question.options]:
        raise ValueError("Choose one of the values on offer.")
    return texts.read(field.text)


def _or_absent(field: Field, values: list[Any]) -> Any:
    return values if values or field.question.certain else ABSENT


def _nothing_in(question: Question) -> Any:
    if question.kind != "object":
        return []
    needed = [part for part in question.parts if part.required and part.kind in CONTAINERS]
    return {part.key: _nothing_in(part) for part in needed}


def _with_needs(field: Field, present: bool) -> Field:
    """Marks what was left empty in an object that is there."""
    if field.kind in ("object", "rows"):
        present = field.kind == "rows" or field.question.certain or not field.is_blank
        return replace(field, parts=tuple(_with_needs(part, present) for part in field.parts))
    open_one = present and field.question.required and field.is_blank and not field.error
    if open_one and field.kind not in ("lines", "ticks", "switch"):
        return replace(field, error=_NEEDED)
    return field


def _nearest(pointer: str, names: set[str]) -> str | None:
    """The field that a pointer leads to, or the innermost around it."""
    steps = [Question(kind="json", key=_key(step)).segment for step in pointer.lstrip("/").split("/")]
    for length in range(len(steps), 0, -1):
        if (name := "/".join(steps[:length])) in names:
            return name
    return None


def _key(step: str) -> str:
    return step.replace("~1", "/").replace("~0", "~")


def _marked(field: Field, errors: Mapping[str, str]) -> Field:
    parts = tuple(_marked(part, errors) for part in field.parts)
    return replace(field, parts=parts, error=errors.get(field.name, field.error))
