"""JSON as RFC 8259 means it, without the extras that Python's reader allows and without its surprises."""

import json
import re
from typing import Any, NoReturn

from aei_inspection.problems import refuse, shown

#: The largest integer that every JSON reader keeps exact (RFC 8259, section 6).
LARGEST_INTEGER = 2**53 - 1

#: A text (to the end of the document if it is never closed), or a bracket.
_TOKENS = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|[\[{]|[\]}]', re.DOTALL)
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def read_json(content: bytes, place: str, largest: int, deepest: int) -> Any:
    """Read one JSON document strictly.

    Args:
        content: UTF-8, no byte order mark.
        place: pointer for problems of the document as a whole: "" or `archive:/name`.
        largest: bytes allowed.
        deepest: levels of arrays and objects allowed.

    Returns:
        dict, list, str, int, float, bool or None; every text is valid Unicode without NUL.

    Raises:
        PackageRefused: `json_too_large`, `json_not_utf8`, `json_too_deep`, `json_malformed`,
            `json_duplicate_key`, `json_number` or `json_text`.
    """
    if len(content) > largest:
        raise refuse(
            "json_too_large",
            place,
            f"The document has {len(content):,} bytes; at most {largest:,} are allowed.",
        )
    text = _text(content, place)
    _refuse_depth(content, place, deepest)
    reader = _Reader(place)
    try:
        value = json.loads(
            text,
            object_pairs_hook=reader.members,
            parse_int=reader.integer,
            parse_float=reader.fraction,
            parse_constant=reader.constant,
        )
    except json.JSONDecodeError as error:
        message = f"Not JSON: {error.msg} at line {error.lineno}, column {error.colno}."
        raise refuse("json_malformed", place, message) from error
    return reader.checked(value)


def depth(value: Any, limit: int) -> int:
    """Levels of arrays and objects in a value, counted no further than `limit` + 1."""
    level = [value]
    found = 0
    while found <= limit and (level := [each for each in level if isinstance(each, dict | list)]):
        found += 1
        level = [child for each in level for child in children(each)]
    return found


def children(value: Any) -> list[Any]:
    """The members of an object, the items of an array, nothing of anything else."""
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _text(content: bytes, place: str) -> str:
    if content.startswith(b"\xef\xbb\xbf"):
        raise refuse(
            "json_not_utf8", place, "The document begins with a byte order mark; save it as plain UTF-8."
        )
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise refuse(
            "json_not_utf8", place, f"Byte {error.start} is not UTF-8; save the document as UTF-8."
        ) from error


def _refuse_depth(content: bytes, place: str, deepest: int) -> None:
    """Counted on the text, because the reader itself recurses."""
    open_now = 0
    for token in _TOKENS.finditer(content):
        first = token[0][0]
        if first in b"[{":
            open_now += 1
        elif first in b"]}":
            open_now -= 1
        if open_now > deepest:
            raise refuse("json_too_deep", place, f"The document is nested more than {deepest} levels deep.")


class _Reader:
    """The hooks of one reading; they know the place that a refusal names."""

    def __init__(self, place: str) -> None:
        self._place = place

    def members(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in pairs:
            if key in found:
                self._refuse(
                    "json_duplicate_key", f"The key {shown(key)!r} stands twice in one object; keep one."
                )
            found[self.checked(key)] = self.checked(value)
        return found

    def integer(self, digits: str) -> int:
        # Sixteen digits and a sign: longer ones are too large, and slow to convert.
        if len(digits) > 17 or abs(int(digits)) > LARGEST_INTEGER:
            self._refuse("json_number", f"The number {shown(digits, 30)} is beyond ±{LARGEST_INTEGER}.")
        return int(digits)

    def fraction(self, digits: str) -> float:
        value = float(digits) if len(digits) <= 40 else float("inf")
        if value in (float("inf"), float("-inf")):
            self._refuse(
                "json_number", f"The number {shown(digits, 30)} has no ordinary floating-point value."
            )
        return value

    def constant(self, word: str) -> NoReturn:
        self._refuse("json_number", f"{word} is not a JSON number.")

    def checked(self, value: Any) -> Any:
        """The value, after its text (its own, or that of a list's items) was found to be storable."""
        for text in value if isinstance(value, list) else (value,):
            if isinstance(text, str) and ("\0" in text or _LONE_SURROGATE.search(text)):
                self._refuse("json_text", f"The text {shown(text, 40)!r} holds a NUL or half a character.")
        return value

    def _refuse(self, code: str, message: str) -> NoReturn:
        raise refuse(code, self._place, message)
