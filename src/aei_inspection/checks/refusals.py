"""What the gate refuses, as findings; and which of its codes belongs to which check."""

from aei_inspection.checks.report import Finding, Severity
from aei_inspection.problems import Problem, entry_pointer
from aei_protocol.manifest import MANIFEST_NAME

_ENTRY = entry_pointer("")

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
    title, advice = title.removesuffix("."), advice[:1].upper() + advice[1:]
    return Finding(severity, title, _place(problem.pointer), advice, rule=problem.code)


def _place(pointer: str) -> str:
    """A pointer as a place: `plugin.json#/version`, `plugin.wasm`, or the package itself."""
    if pointer.startswith(_ENTRY):
        return pointer.removeprefix(_ENTRY) or "package"
    return f"{MANIFEST_NAME}#{pointer}" if pointer else MANIFEST_NAME
