"""The scanner and its walls."""

from aei_marketplace.adapters.scanner import ScannerProcess
from aei_marketplace.examination.finding import Finding
from aei_marketplace.ground.ports import ScanFailed

_NO_PACKAGE = b""


async def look_at_scanner(scanner: ScannerProcess | None = None) -> Finding:
    """Whether packages can be scanned behind the walls that a scan needs; tried on one that is empty.

    Args:
        scanner: the one of every marketplace when absent.
    """
    try:
        report = await (scanner or ScannerProcess()).scan(_NO_PACKAGE, None, lambda _: None)
    except ScanFailed as failed:
        return Finding("scanner", False, f"no package can be scanned, so none is certified: {failed}")
    return Finding("scanner", True, f"{len(report.checks)} checks, behind walls of their own")
