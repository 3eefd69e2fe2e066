"""Secrets: keys, tokens and passwords in the component, the sources and the other files of the package."""

from collections.abc import Iterator

from aei_inspection.checks.check import Check
from aei_inspection.checks.report import Finding, Severity
from aei_inspection.checks.subject import Subject
from aei_inspection.content.decoding import decoded
from aei_inspection.content.files import is_example
from aei_inspection.content.joined import Joined, join
from aei_inspection.content.mentions import put_together
from aei_inspection.content.secrets import secrets_in
from aei_inspection.extract.texts import Extract
from aei_protocol.manifest import COMPONENT_NAME

_ADVICE = "Revoke it where it was issued, remove it, and read secrets through the interface `secrets`."
#: Pictures hold no words.
_NO_TEXT = (COMPONENT_NAME, "icon.png")


def run(subject: Subject) -> Iterator[Finding]:
    """Each secret at its first place. In tests, examples and documentation it counts for less: keys made up
    for them have the same form."""
    told: set[tuple[str, str, Severity]] = set()
    for joined, place in _contents(subject):
        for secret in secrets_in(joined.content):
            severity = secret.form.severity
            if is_example(place) and severity.reaches(Severity.MEDIUM):
                severity = Severity.MEDIUM
            # One that counts less must not stand for one that counts.
            key = (secret.form.id, secret.masked, severity)
            if key in told:
                continue
            told.add(key)
            where = joined.place(secret.offset) or place
            yield Finding(severity, secret.form.title, where, _ADVICE, secret.masked, secret.form.id)


def _contents(subject: Subject) -> Iterator[tuple[Joined, str]]:
    for source in subject.sources:
        yield join([source]), source.place
    for name in subject.archive.names:
        if name not in _NO_TEXT and not name.startswith("source/"):
            yield join([Extract(name, subject.archive.read(name))]), name
    for source in subject.sources:
        yield join(put_together(source)), source.place
    yield join(subject.strings), COMPONENT_NAME
    for extract in (*subject.sources, Extract(COMPONENT_NAME, join(subject.strings).content)):
        for piece in decoded(extract.content):
            yield join([Extract(f"{extract.place}, behind {piece.how}", piece.content)]), extract.place


CHECK = Check("secrets", 1, "Secrets", run)
