"""Package and manifest: the gate's own judgement, made anew."""

from collections.abc import Iterator

from aei_inspection.checks.check import Check
from aei_inspection.checks.refusals import COMPONENT_CODES, IMPORT_CODES, finding_of
from aei_inspection.checks.report import Finding, Severity
from aei_inspection.checks.subject import Subject


def run(subject: Subject) -> Iterator[Finding]:
    """Everything that the gate refuses, but for the component, which has checks of its own."""
    for problem in subject.problems:
        if problem.code not in COMPONENT_CODES | IMPORT_CODES:
            yield finding_of(problem, Severity.HIGH)


CHECK = Check("package", 1, "Package and manifest", run)
