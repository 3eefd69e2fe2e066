"""Answers of the interface's functions that return a result."""

import json

#: Whether it went well, and the value or the typed error as text.
Answer = tuple[bool, str]


def failure(code: str, message: str) -> Answer:
    """A typed error: `{"code", "message"}`."""
    return False, json.dumps({"code": code, "message": message})
