"""Loops that look like mining, by the statistics of their instructions: a hint for whoever reviews."""

from collections.abc import Iterator

from aei_inspection.checks.check import Check
from aei_inspection.checks.report import Finding, Severity
from aei_inspection.checks.subject import Subject
from aei_inspection.content.work_loops import mixing_loops

#: Of one component; a library of ciphers has dozens and says no more.
_MOST = 10


def run(subject: Subject) -> Iterator[Finding]:
    """The functions in which the mixing of bits is densest."""
    densest = sorted(mixing_loops(subject.component), key=lambda loop: loop.share, reverse=True)
    for loop in densest[:_MOST]:
        yield Finding(
            Severity.MEDIUM,
            "A loop does little but mix bits, as miners, hashes and ciphers do",
            f"plugin.wasm module {loop.module} function {loop.function}",
            "Say in the README what is computed there. This alone never denies.",
            f"{loop.mixing} of {loop.instructions} instructions",
            "mixing-loop",
        )


CHECK = Check("work-loops", 1, "Loops like those of miners", run)
