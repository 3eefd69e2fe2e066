"""The strings of a source in a language with C's comments and quotes: JavaScript, C, Rust, Go, Java."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

#: A comment, or a string; whichever begins first. A regular expression that holds a quote may mislead it.
_TOKEN = re.compile(
    r"""(?P<comment>//[^\n]*|/\*.*?\*/)|(?P<string>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`)""",
    re.DOTALL,
)
#: What stands between strings that make one: `"a" + "b"`, in C `"a" "b"`.
_BETWEEN = re.compile(r"\s*\+?\s*")
_JOINED_LIST = re.compile(
    r"\[((?:\s*(?:\"[^\"\n]*\"|'[^'\n]*')\s*,?){2,})\](\s*\.\s*reverse\s*\(\s*\))?\s*\.\s*join\s*\(\s*(\"[^\"\n]*\"|'[^'\n]*')\s*\)"
)
_MIRRORED = re.compile(
    r"(\"[^\"\n]+\"|'[^'\n]+')\s*\.\s*split\s*\(\s*(?:\"\"|'')\s*\)\s*\.\s*reverse\s*\(\s*\)"
)
_SIMPLE = re.compile(r"\"([^\"\n]*)\"|'([^'\n]*)'")
_BEFORE = 80


@dataclass(frozen=True)
class Literal:
    """A string in a source.

    Attributes:
        text: between the quotes, escapes left as they are.
        line: where it begins, from 1.
        plain: it is written in one piece.
        before: what stands before it on its line, at most 80 characters.
    """

    text: str
    line: int
    plain: bool
    before: str


def literals(source: str) -> Iterator[Literal]:
    """The strings of a source, those in comments left out, and those that several make together."""
    lines = _Lines(source)
    run: list[re.Match[str]] = []
    for token in _TOKEN.finditer(source):
        if token["string"] is None:
            continue
        yield Literal(token[0][1:-1], lines.at(token.start()), True, lines.before(token.start()))
        if run and not _BETWEEN.fullmatch(source, run[-1].end(), token.start()):
            yield from _joined(run, lines)
            run = []
        run.append(token)
    yield from _joined(run, lines)
    yield from _made(source, lines)


def _joined(run: list[re.Match[str]], lines: "_Lines") -> Iterator[Literal]:
    if len(run) > 1:
        start = run[0].start()
        yield Literal("".join(t[0][1:-1] for t in run), lines.at(start), False, lines.before(start))


def _made(source: str, lines: "_Lines") -> Iterator[Literal]:
    """`["a", "b"].join("")`, `"b a".split("").reverse()`."""
    for match in _JOINED_LIST.finditer(source):
        parts = [a or b for a, b in _SIMPLE.findall(match[1])]
        text = match[3][1:-1].join(reversed(parts) if match[2] else parts)
        yield Literal(text, lines.at(match.start()), False, lines.before(match.start()))
    for match in _MIRRORED.finditer(source):
        text = match[1][1:-1][::-1]
        yield Literal(text, lines.at(match.start()), False, lines.before(match.start()))


class _Lines:
    def __init__(self, source: str) -> None:
        self._source = source
        self._line, self._counted = 1, 0

    def at(self, place: int) -> int:
        """The line of a place; cheap as long as places grow."""
        if place < self._counted:
            self._line, self._counted = 1, 0
        self._line += self._source.count("\n", self._counted, place)
        self._counted = place
        return self._line

    def before(self, place: int) -> str:
        line_start = self._source.rfind("\n", max(0, place - _BEFORE), place) + 1
        return self._source[max(line_start, place - _BEFORE) : place]
