"""JSON as text in a field: written so that a page does not change it, read strictly."""

import json
from typing import Any

from aei_inspection.problems import PackageRefused
from aei_inspection.strict_json import read_json
from aei_marketplace.web.shell.formats import harmless

#: What a form may hold at most holds every text in it.
LARGEST = 256 * 1024
DEEPEST = 64


def written(value: Any, *, indent: int | None = None) -> str:
    """A value as JSON; characters that a page would replace, or cannot hold, are written as escapes."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return text if is_kept(text) else json.dumps(value, ensure_ascii=True, indent=indent)


def is_kept(text: str) -> bool:
    """Whether a page shows a text, and a browser sends it back, as it is."""
    if "\r" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        return False
    return harmless(text) == text


def read(text: str) -> Any:
    """The value of a JSON text.

    Raises:
        ValueError: it is none, or one that not every reader takes alike; says why.
    """
    try:
        return read_json(text.encode(), "", LARGEST, DEEPEST)
    except UnicodeEncodeError as error:
        raise ValueError("The text holds half a character.") from error
    except PackageRefused as refusal:
        raise ValueError(refusal.problems[0].message) from refusal
