"""Hidden text: characters that deceive whoever reads, and orders to the models that read the listing."""

from collections.abc import Iterator, Mapping
from typing import Any

from aei_inspection.checks.check import Check
from aei_inspection.checks.report import Finding, Severity
from aei_inspection.checks.subject import Subject
from aei_inspection.content.files import is_code, is_example, is_python
from aei_inspection.content.invisible import ORDERS, Unseen, mixed_names, mixed_words, unseen
from aei_inspection.content.python_constants import Unreadable, parsed
from aei_inspection.extract.texts import Extract
from aei_inspection.problems import json_pointer
from aei_protocol.manifest import MANIFEST_NAME

_ADVICE = "Write what is meant with characters that everybody sees."
_TITLES = {
    "direction": "Characters change the order in which the text is shown",
    "tags": "Characters that are never shown spell a text",
    "widthless": "Characters without width stand within words",
    "mixed-letters": "A name mixes letters of two scripts that look alike",
}
_PROSE = ("README.md", "CHANGELOG.md")
_MOST_DEPTH = 48


def run(subject: Subject) -> Iterator[Finding]:
    """One finding for each rule and file."""
    for pointer, text in _manifest_texts(subject.manifest.document):
        yield from _unseen(pointer, text, Severity.HIGH)
        if match := ORDERS.search(text):
            # What a plugin that guards against attacks is shown as a task.
            sample = pointer.startswith(f"{MANIFEST_NAME}#/examples/")
            severity = Severity.LOW if sample else Severity.HIGH
            yield _order(pointer, match[0], severity)
    for name in (n for n in _PROSE if n in subject.archive.entries):
        text = subject.archive.read(name).decode("utf-8", "replace")
        yield from _unseen(name, text, Severity.MEDIUM)
        if match := ORDERS.search(text):
            unseen_there = text.rfind("<!--", 0, match.start()) > text.rfind("-->", 0, match.start())
            yield _order(name, match[0], Severity.HIGH if unseen_there else Severity.MEDIUM)
    for source in subject.sources:
        code = is_code(source.place) and not is_example(source.place)
        text = source.content.decode("utf-8", "replace")
        yield from _unseen(source.place, text, Severity.HIGH if code else Severity.LOW)
        if code:
            yield from _mixed(source, text)


def _mixed(source: Extract, text: str) -> Iterator[Finding]:
    """The first name that mixes letters; in other languages than Python words of comments count for less."""
    try:
        names = list(mixed_names(parsed(source.content))) if is_python(source.place) else []
    except Unreadable:
        names = []
    if names:
        line, name = names[0]
        title, place = _TITLES["mixed-letters"], f"{source.place}:{line}"
        yield Finding(Severity.HIGH, title, place, _ADVICE, name, "mixed-letters")
    elif word := next(mixed_words(text), None):
        yield _finding(source.place, text, word, Severity.LOW)


def _unseen(place: str, text: str, severity: Severity) -> Iterator[Finding]:
    first: dict[str, Unseen] = {}
    for found in unseen(text):
        first.setdefault(found.rule, found)
    for found in first.values():
        # A single mark without width slips in by copying.
        copied = found.rule == "widthless" and severity is Severity.HIGH
        yield _finding(place, text, found, Severity.MEDIUM if copied else severity)


def _finding(place: str, text: str, found: Unseen, severity: Severity) -> Finding:
    line = text.count("\n", 0, found.offset) + 1
    where = place if place.startswith(MANIFEST_NAME) else f"{place}:{line}"
    return Finding(severity, _TITLES[found.rule], where, _ADVICE, found.shown[:200], found.rule)


def _order(place: str, text: str, severity: Severity) -> Finding:
    title = "Gives orders to the model that reads it"
    advice = "Describe what the plugin does; a description that instructs models is an attack on who uses it."
    return Finding(severity, title, place, advice, text[:200], "order-to-models")


def _manifest_texts(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Pointer and text of each string of the manifest, keys included."""
    waiting: list[tuple[tuple[str | int, ...], Any]] = [((), document)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, str):
            yield f"{MANIFEST_NAME}#{json_pointer(path)}", value
        elif len(path) > _MOST_DEPTH:
            continue
        elif isinstance(value, dict):
            waiting.extend(((*path, key), each) for key, each in value.items())
        elif isinstance(value, list):
            waiting.extend(((*path, index), each) for index, each in enumerate(value))


CHECK = Check("hidden-text", 1, "Hidden text, and orders to models", run)
