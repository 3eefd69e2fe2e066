"""What stands in the fields: from a value, or from what was typed."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote

from aei_marketplace.web.shell.forms import Form
from aei_marketplace.web.shell.schema_forms.questions import ABSENT, CONTAINERS, Kind, Question
from aei_marketplace.web.shell.schema_forms.texts import is_kept, written

#: Fields of one form; a browser's form has at most 500, of which the page needs some itself.
MOST_FIELDS = 400
MOST_ROWS = 50
LONGEST_NUMBER = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A question with what stands there.

    Attributes:
        name: of the form's field: `task/files/0/path`; where JSON stands it is sent as `NAME:json`.
        kind: the question's, or `json` where a value does not fit that.
        text: of what is typed or chosen.
        ticked: of ticks and switches, the options' texts.
        parts: fields of an object, or rows.
        error: what is wrong here, a sentence.
    """

    question: Question
    name: str
    kind: Kind
    text: str = ""
    ticked: tuple[str, ...] = ()
    parts: tuple["Field", ...] = ()
    error: str = ""

    @property
    def sent_as(self) -> str:
        """The name that the browser sends."""
        return f"{self.name}:json" if self.kind == "json" else self.name

    @property
    def demanded(self) -> bool:
        """Whether the browser may insist on an answer."""
        return self.question.required and self.question.certain

    @property
    def has_room(self) -> bool:
        """Of rows: whether one more fits."""
        return len(self.parts) < min(self.question.capacity, MOST_ROWS)

    @property
    def is_blank(self) -> bool:
        """Whether nothing was typed, chosen or ticked here."""
        return not self.text.strip() and not self.ticked and all(part.is_blank for part in self.parts)

    @property
    def pointer(self) -> str:
        """The JSON pointer of the place, below the form's name."""
        keys = (unquote(step).replace("~", "~0").replace("/", "~1") for step in self.name.split("/"))
        return "".join(f"/{key}" for key in keys)

    @property
    def weight(self) -> int:
        """How many fields the browser sends at most."""
        options = len(self.question.options) if self.kind == "ticks" else 1
        return options + sum(part.weight for part in self.parts)

    def every(self) -> Iterator["Field"]:
        """This field and all within it."""
        yield self
        for part in self.parts:
            yield from part.every()


def show(question: Question, name: str, value: Any) -> Field:
    """The field of a value; ABSENT for one without an answer."""
    if value is not ABSENT and not _fits(question, value):
        return as_json(question, name, value)
    if question.kind == "object":
        given = {} if value is ABSENT else value
        parts = [show(p, f"{name}/{p.segment}", given.get(p.key, ABSENT)) for p in question.parts]
        return Field(question=question, name=name, kind="object", parts=tuple(parts))
    if question.kind == "rows":
        assert question.item is not None
        rows = [ABSENT] if value is ABSENT or not value else value
        parts = [show(question.item, f"{name}/{number}", row) for number, row in enumerate(rows)]
        return Field(question=question, name=name, kind="rows", parts=tuple(parts))
    return _leaf(question, name, value)


def as_json(question: Question, name: str, value: Any) -> Field:
    """The field of a value as JSON."""
    text = "" if value is ABSENT else written(value, indent=2)
    return Field(question=question, name=name, kind="json", text=text)


def sent(question: Question, form: Form, name: str, shown_as: str, *, spare: bool) -> Field:
    """The field of what was typed.

    Args:
        name: of the field in the form.
        shown_as: its name when it is shown again: where rows without an entry are left out, others move up.
        spare: whether rows without an entry are kept.
    """
    if f"{name}:json" in form.values:
        return Field(question=question, name=shown_as, kind="json", text=form.secret(f"{name}:json"))
    if question.kind == "object":
        parts = [
            sent(p, form, f"{name}/{p.segment}", f"{shown_as}/{p.segment}", spare=spare)
            for p in question.parts
        ]
        return Field(question=question, name=shown_as, kind="object", parts=tuple(parts))
    if question.kind == "rows":
        return _sent_rows(question, form, name, shown_as, spare)
    if question.kind in ("ticks", "switch"):
        return Field(question=question, name=shown_as, kind=question.kind, ticked=form.every(name))
    text = form.secret(name)
    kind: Kind = "area" if question.kind == "text" and "\n" in text else question.kind
    return Field(question=question, name=shown_as, kind=kind, text=text)


def with_row(field: Field, name: str) -> Field:
    """The same fields with one more empty row in the rows of this name."""
    if field.name == name and field.kind == "rows" and field.question.item and field.has_room:
        blank = show(field.question.item, f"{name}/{len(field.parts)}", ABSENT)
        return replace(field, parts=(*field.parts, blank))
    return replace(field, parts=tuple(with_row(part, name) for part in field.parts))


def leaves_blank(question: Question, value: Any) -> bool:
    """Whether showing a value fills no field in: it is there, and holds nothing."""
    if question.kind == "object" and isinstance(value, dict):
        parts = {part.key: part for part in question.parts}
        return all(
            key in parts and parts[key].required and leaves_blank(parts[key], each)
            for key, each in value.items()
        )
    return question.kind in CONTAINERS and value == []


def _sent_rows(question: Question, form: Form, name: str, shown_as: str, spare: bool) -> Field:
    assert question.item is not None
    numbers = {rest.partition("/")[0] for each in form.values if (rest := _below(each, name))}
    rows: list[Field] = []
    for number in sorted(int(each) for each in numbers if each.isdecimal() and len(each) <= 4):
        row = sent(question.item, form, f"{name}/{number}", f"{shown_as}/{len(rows)}", spare=spare)
        if spare or not row.is_blank:
            rows.append(row)
    if not rows:
        rows.append(show(question.item, f"{shown_as}/0", ABSENT))
    return Field(question=question, name=shown_as, kind="rows", parts=tuple(rows))


def _below(field: str, name: str) -> str:
    return field.removeprefix(f"{name}/").removesuffix(":json") if field.startswith(f"{name}/") else ""


def _leaf(question: Question, name: str, value: Any) -> Field:
    kind, text = question.kind, ""
    ticked: tuple[str, ...] = ()
    if value is ABSENT:
        pass
    elif kind == "switch":
        ticked = ("true",) if value else ()
    elif kind == "ticks":
        ticked = tuple(written(each) for each in value)
    elif kind == "lines":
        text = "\n".join(each if isinstance(each, str) else written(each) for each in value)
    elif kind in ("text", "area"):
        kind, text = ("area" if "\n" in value else kind), value
    else:
        text = written(value)
    return Field(question=question, name=name, kind=kind, text=text, ticked=ticked)


def _fits(question: Question, value: Any) -> bool:
    """Whether the question's own field shows a value and sends it back as it is."""
    if question.kind in CONTAINERS and leaves_blank(question, value):
        return question.required
    match question.kind:
        case "object":
            known = {part.key for part in question.parts}
            return isinstance(value, dict) and value.keys() <= known
        case "rows":
            return _fits_rows(question, value)
        case "lines":
            return isinstance(value, list) and all(_fits_line(question, each) for each in value)
        case "ticks":
            return isinstance(value, list) and _in_order([o.text for o in question.options], value)
        case "text" | "area":
            # Blanks alone count as nothing typed.
            return isinstance(value, str) and value.strip() != "" and is_kept(value)
        case "number":
            return _fits_number(question, value)
        case "choice":
            return written(value) in [option.text for option in question.options]
        case "switch":
            return isinstance(value, bool)
        case "json":
            return False


def _fits_rows(question: Question, value: Any) -> bool:
    item = question.item
    assert item is not None
    if not isinstance(value, list) or len(value) > min(question.capacity, MOST_ROWS):
        return False
    return all(_fits(item, row) and not leaves_blank(item, row) for row in value)


def _fits_line(question: Question, value: Any) -> bool:
    item = question.item
    assert item is not None
    return _fits(item, value) and not (isinstance(value, str) and "\n" in value)


def _fits_number(question: Question, value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return len(written(value)) <= LONGEST_NUMBER and not (question.whole and isinstance(value, float))


def _in_order(options: list[str], value: list[Any]) -> bool:
    texts = [written(each) for each in value]
    return texts == [option for option in options if option in texts]
