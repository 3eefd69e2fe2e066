"""Hidden code: programs behind encodings, and calls that run what can't be read."""

from collections.abc import Iterator

from aei_inspection.checks.check import Check
from aei_inspection.checks.report import Finding, Severity
from aei_inspection.checks.subject import Subject
from aei_inspection.content.code_signs import program_in
from aei_inspection.content.decoding import decoded, is_asset
from aei_inspection.content.files import is_code, is_example, is_others, is_prose, is_python, others_folders
from aei_inspection.content.joined import join
from aei_inspection.content.python_constants import Unreadable
from aei_inspection.content.python_danger import dangers
from aei_inspection.extract.texts import Extract

_ADVICE = "Write the code plainly. What is hidden can't be judged."
_TITLES = {
    "decoded-code": "Runs code that it decodes first",
    "fetched-code": "Runs code that it fetches first",
    "hidden-name": "Hides what it calls by putting the name together",
}
_SHOWN = 80
_ARCHIVES = (b"PK\x03\x04", b"\x1f\x8b\x08", b"7z\xbc\xaf", b"Rar!", b"\xfd7zXZ\0")
_PROGRAMS = (b"\x7fELF", b"MZ", b"\0asm", b"\xcf\xfa\xed\xfe")


def run(subject: Subject) -> Iterator[Finding]:
    """Programs behind encodings, wherever they stand; in Python sources also the calls that run such."""
    folders = others_folders(subject.sources)
    strings = Extract("plugin.wasm", join(subject.strings).content)
    sources = [source for source in subject.sources if not is_prose(source.place)]
    for extract in (*sources, *subject.scripts, strings):
        yield from _encoded(extract)
    for source in sources:
        others = is_others(source.place, folders) or is_example(source.place)
        if is_python(source.place):
            yield from _run_unread(source, Severity.MEDIUM if others else Severity.HIGH)
        elif not is_code(source.place) and (kind := _binary(source)):
            severity = Severity.MEDIUM if kind == "an archive" else Severity.HIGH
            advice = "Supply what it is built from or packed of."
            yield Finding(severity, f"The source holds {kind}", source.place, advice, rule="binary-source")


def _encoded(extract: Extract) -> Iterator[Finding]:
    """Each program once, however many layers lead to it."""
    told: set[bytes] = set()
    for piece in decoded(extract.content):
        kind = program_in(piece.content)
        if kind is None or piece.content in told or is_asset(extract.content, piece.at):
            continue
        told.add(piece.content)
        line = extract.content.count(b"\n", 0, piece.at) + 1
        place = f"{extract.place}:{line}" if extract.place.startswith("source/") else extract.place
        shown = piece.content[:_SHOWN].decode("utf-8", "backslashreplace")
        yield Finding(
            Severity.HIGH, f"Holds {kind} behind {piece.how}", place, _ADVICE, shown, "encoded-program"
        )


def _run_unread(source: Extract, severity: Severity) -> Iterator[Finding]:
    try:
        found = list(dangers(source.content))
    except Unreadable:
        # Another Python's syntax; YARA and the decoder read it as text.
        return
    for danger in found:
        yield Finding(
            severity, _TITLES[danger.rule], f"{source.place}:{danger.line}", _ADVICE, danger.what, danger.rule
        )


def _binary(source: Extract) -> str | None:
    if source.place.endswith((".pyc", ".pyo")):
        return "compiled Python"
    if source.content.startswith(_ARCHIVES):
        return "an archive"
    return program_in(source.content) if source.content.startswith(_PROGRAMS) else None


CHECK = Check("hidden-code", 1, "Hidden code", run)
