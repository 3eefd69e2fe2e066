"""One scan, in whatever process this is."""

from collections.abc import Callable
from pathlib import Path

from aei_inspection.checks.check import Progress, find_checks, run_checks
from aei_inspection.checks.report import Report
from aei_inspection.checks.subject import Subject


def scan(
    subject: Subject, progress: Callable[[Progress], None], further_checks: Path | None = None
) -> Report:
    """Run every check on a package.

    Args:
        progress: told before each check, and once at the end.
        further_checks: a folder of checks beside our own.

    Raises:
        ImportError, OSError, ValueError: the checks themselves can't be loaded.
    """
    return run_checks(subject, find_checks(further_checks), progress)
