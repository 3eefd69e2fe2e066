"""Component validity: `plugin.wasm` is a component that WebAssembly's own validator accepts."""

from collections.abc import Iterator

from aei_inspection.checks.check import Check
from aei_inspection.checks.refusals import COMPONENT_CODES, finding_of
from aei_inspection.checks.report import Finding, Severity
from aei_inspection.checks.subject import Subject


def run(subject: Subject) -> Iterator[Finding]:
    """Why it is not valid."""
    assert subject.component  # an archive that can't be read says nothing about what is in it
    for problem in subject.problems:
        if problem.code in COMPONENT_CODES:
            yield finding_of(problem, Severity.HIGH)


CHECK = Check("component", 1, "Component validity", run)
