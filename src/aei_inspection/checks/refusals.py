"""What the gate refuses, as findings; and which of its codes belongs to which check."""

from aei_inspection.checks.report import Finding, Severity
from aei_inspection.problems import Problem

#: The component can't be read, or is not valid.
COMPONENT_CODES = frozenset(
    {
        "component_malformed",
        "component_text",
        "component_too_complex",
        "component_too_large",
        "core_module",
        "invalid_component",
        "not_a_component",
    }
)
#: The component asks for what its manifest does not, or with other types.
IMPORT_CODES = frozenset({"foreign_signature", "no_run_export", "overreach", "unknown_import", "wasi_import"})


def finding_of(problem: Problem, severity: Severity) -> Finding:
    """A problem of the gate as a finding: its last clause says what to do."""
    title, parted, advice = problem.message.rpartition("; ")
    if not parted:
        title, advice = advice, ""
    return Finding(
        severity,
        title,
        problem.pointer or "plugin.json",
        advice[:1].upper() + advice[1:],
        rule=problem.code,
    )
