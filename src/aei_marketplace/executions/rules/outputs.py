"""What a guest wrote, laid out for people: JSON as nested parts, flat objects as a table, all else as text.

Guests write what they like. What is laid out is bounded; the whole is for downloading.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal

import msgspec

from aei_inspection.strict_json import depth

#: An output of more bytes is shown as the beginning of its text.
LARGEST_LAID_OUT = 200_000
LONGEST_TEXT = 20_000
MOST_PARTS = 2_000
DEEPEST = 24
MOST_ROWS, MOST_COLUMNS = 200, 12
LONGEST_CELL = 300
MOST_LINES, LONGEST_LINE = 1_000, 4_000

#: Sequences that steer terminals (ECMA-48): CSI, OSC, and those of two characters.
_STEERING = re.compile(
    "\x1b(?:\\[[0-?]*[ -/]*[@-~]|\\][^\x07\x1b]*(?:\x07|\x1b\\\\)?|[ -~])?|\x9b(?:[0-?]*[ -/]*[@-~])?"
)

Shape = Literal["object", "list", "table", "text", "scalar"]


@dataclass(frozen=True, slots=True)
class Part:
    """One value of an output.

    Attributes:
        label: its key or its place; empty for the whole.
        text: of a text, or of a number, boolean or null.
        parts: of an object or a list.
        columns, rows: of a table; cells are texts.
        left_out: how many more there are than are shown.
    """

    shape: Shape
    label: str = ""
    text: str = ""
    parts: tuple["Part", ...] = ()
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    left_out: int = 0

    @property
    def count(self) -> int:
        """How many members it has."""
        return len(self.parts or self.rows) + self.left_out


@dataclass(frozen=True, slots=True)
class Output:
    """An output as it is shown.

    Attributes:
        size: bytes of the whole.
        cut: only its beginning is shown.
        is_json: whether the whole is; else it is text.
    """

    part: Part
    size: int
    cut: bool
    is_json: bool


def laid_out(output: bytes) -> Output:
    """An output for a page.

    Args:
        output: UTF-8; whatever the guest returned.
    """
    if len(output) > LARGEST_LAID_OUT:
        text = output[:LONGEST_TEXT].decode("utf-8", "ignore")
        return Output(Part("text", text=plain(text)), len(output), cut=True, is_json=False)
    value, is_json = _read(output)
    if is_json and depth(value, DEEPEST) <= DEEPEST:
        budget = iter(range(MOST_PARTS))
        part = _part("", value, budget)
        return Output(part, len(output), cut=next(budget, None) is None, is_json=True)
    text = plain(output.decode("utf-8", "replace"))
    return Output(Part("text", text=text[:LONGEST_TEXT]), len(output), len(text) > LONGEST_TEXT, is_json)


def laid_out_log(lines: Sequence[Mapping[str, Any]]) -> tuple[tuple[dict[str, Any], ...], int]:
    """A log's last lines, readable; and how many before them are left out."""
    kept = lines[-MOST_LINES:]
    shown = ({**line, "message": plain(str(line["message"]))[:LONGEST_LINE]} for line in kept)
    return tuple(shown), len(lines) - len(kept)


def plain(text: str) -> str:
    """A text without the sequences that steer terminals; pages replace what else steers its reading."""
    return _STEERING.sub("", text)


def _read(output: bytes) -> tuple[Any, bool]:
    try:
        return msgspec.json.decode(output), True
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None, False


def _part(label: str, value: Any, budget: Iterator[int]) -> Part:
    if isinstance(value, dict) and value:
        return _members("object", label, [(plain(str(key)), each) for key, each in value.items()], budget)
    if isinstance(value, list) and value:
        if columns := _columns(value):
            return _table(label, value, columns, budget)
        return _members("list", label, [(str(n), each) for n, each in enumerate(value)], budget)
    if isinstance(value, str):
        return Part("text", label, plain(value)[:LONGEST_TEXT], left_out=max(0, len(value) - LONGEST_TEXT))
    return Part("scalar", label, msgspec.json.encode(value).decode())


def _members(shape: Shape, label: str, members: Sequence[tuple[str, Any]], budget: Iterator[int]) -> Part:
    # One part after the other: what is left of the budget is for those that come later.
    parts = [_part(key, each, budget) for key, each in members if next(budget, None) is not None]
    return Part(shape, label[:LONGEST_CELL], parts=tuple(parts), left_out=len(members) - len(parts))


def _columns(values: Sequence[Any]) -> tuple[str, ...]:
    """The keys of objects that hold nothing nested; none when something else is among them."""
    if not all(isinstance(each, dict) and each for each in values):
        return ()
    keys: dict[str, None] = {}
    for each in values:
        if any(isinstance(cell, dict | list) for cell in each.values()):
            return ()
        keys.update(dict.fromkeys(each))
        if len(keys) > MOST_COLUMNS:
            return ()
    return tuple(keys)


def _table(
    label: str, values: Sequence[Mapping[str, Any]], columns: tuple[str, ...], budget: Iterator[int]
) -> Part:
    room = len(list(islice(budget, min(len(values), MOST_ROWS) * len(columns)))) // len(columns)
    rows = tuple(tuple(_cell(row, key) for key in columns) for row in values[:room])
    names = tuple(plain(key)[:LONGEST_CELL] for key in columns)
    return Part("table", label, columns=names, rows=rows, left_out=len(values) - len(rows))


def _cell(row: Mapping[str, Any], key: str) -> str:
    if key not in row:
        return ""
    value = row[key]
    text = plain(value) if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= LONGEST_CELL else text[:LONGEST_CELL] + "…"
