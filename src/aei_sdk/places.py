"""Lines in JSON documents: where a person finds what a JSON pointer names."""

import re
from collections.abc import Iterator

#: Deeper than any document that is accepted; what lies below has the place of what is around it.
_DEEPEST = 100
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{},:]|[^\s\[\]{},:"]+')


def line_of(content: bytes, pointer: str) -> int | None:
    """The line, from 1, of what a pointer names, or of the nearest thing around it that is there.

    Args:
        content: a JSON document, which may be malformed from some place on.
        pointer: RFC 6901; "" and "/" are the document itself.
    """
    text = content.decode("utf-8", "replace")
    known = dict(_places(text))
    steps = pointer.strip("/").split("/") if pointer.strip("/") else []
    for length in range(len(steps), -1, -1):
        at = known.get("".join(f"/{step}" for step in steps[:length]))
        if at is not None:
            return text.count("\n", 0, at) + 1
    return None


def _places(text: str) -> Iterator[tuple[str, int]]:
    """Pointer and place of every member (its name) and every element (its value)."""
    path: list[str | int] = []  # a name in an object, an index in an array
    names: list[bool] = []  # for each open bracket: whether the next text is a member's name
    for token in _TOKEN.finditer(text):
        match token[0]:
            case "{" | "[" as bracket:
                if len(path) == _DEEPEST:
                    return
                yield from _element(path, token.start())
                path.append("" if bracket == "{" else 0)
                names.append(bracket == "{")
            case "}" | "]":
                if not names:
                    return
                path.pop()
                names.pop()
            case ",":
                if path and isinstance(last := path[-1], int):
                    path[-1] = last + 1
                elif names:
                    names[-1] = True
            case ":":
                pass
            case value if names and names[-1] and isinstance(path[-1], str):
                path[-1] = value[1:-1].replace("~", "~0").replace("/", "~1")
                names[-1] = False
                yield _pointer(path), token.start()
            case _:
                yield from _element(path, token.start())


def _element(path: list[str | int], at: int) -> Iterator[tuple[str, int]]:
    """The place of a value, unless a member's name stands for it."""
    if not path or isinstance(path[-1], int):
        yield _pointer(path), at


def _pointer(path: list[str | int]) -> str:
    return "".join(f"/{step}" for step in path)
