"""Permission overreach, exactly: every import compared by full signature with the world of the manifest."""

from collections.abc import Iterator

from aei_inspection.checks.check import Check, NotRun
from aei_inspection.checks.refusals import COMPONENT_CODES, IMPORT_CODES, finding_of
from aei_inspection.checks.report import Finding, Severity
from aei_inspection.checks.subject import Subject


def run(subject: Subject) -> Iterator[Finding]:
    """What the component asks for beyond its manifest, by name or by signature.

    Raises:
        NotRun: the component is not valid, so that signatures can't be compared.
    """
    assert subject.manifest  # without one nothing is permitted and everything would be too much
    overreach = [problem for problem in subject.problems if problem.code in IMPORT_CODES]
    if not overreach and any(problem.code in COMPONENT_CODES for problem in subject.problems):
        raise NotRun("The component is not valid; what it asks for can't be compared.")
    for problem in overreach:
        yield finding_of(problem, Severity.CRITICAL)


CHECK = Check("permissions", 1, "Permission overreach", run)
