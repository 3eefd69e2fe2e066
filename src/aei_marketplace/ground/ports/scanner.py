"""Who scans packages."""

from collections.abc import Callable
from typing import Literal, Protocol

from aei_inspection.checks.check import Progress
from aei_inspection.checks.report import Report
from aei_inspection.checks.subject import Previous

ScanFailure = Literal["missing", "walls", "crashed", "timeout", "memory", "garbage"]


class ScanFailed(Exception):
    """There is no report: nothing is known about the package, least of all that it passed.

    Attributes:
        code: `missing` (the scanner can't be started), `walls` (it can't be isolated here), `crashed`,
            `timeout` (of its wall or CPU time), `memory`, or `garbage` (what it said is no report).
        detail: ours, for operators; nothing of the package is in it.
    """

    def __init__(self, code: ScanFailure, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


class Scanner(Protocol):
    """Where packages are scanned: in a process of its own, isolated and limited."""

    async def scan(
        self, package: bytes, previous: Previous | None, progress: Callable[[Progress], None]
    ) -> Report:
        """Scan one package with every check there is; never inside a work.

        Args:
            package: the archive, whole.
            previous: the last certified release of the same plugin.
            progress: told before each check and once at the end, in the event loop's thread; it must
                not raise.

        Raises:
            ScanFailed: there is no report.
        """
        ...


class NoScanner:
    """A process that scans nothing."""

    async def scan(
        self,
        package: bytes,
        previous: Previous | None,  # noqa: ARG002 it is not looked at
        progress: Callable[[Progress], None],  # noqa: ARG002 nothing happens
    ) -> Report:
        """Refuse.

        Raises:
            ScanFailed: always.
        """
        raise ScanFailed("missing", f"this process has no scanner for {len(package):,} bytes")
