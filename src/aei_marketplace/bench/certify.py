"""How long a certification's parts take."""

import asyncio
import time

from aei_marketplace.adapters.scanner import ScanLimits, ScannerProcess
from aei_marketplace.bench.advisories import advisory_figures
from aei_marketplace.bench.calls import Caller, until_listed
from aei_marketplace.bench.report import Result, median
from aei_marketplace.bench.running import marketplace, workplace

#: The largest example: its component holds a Python interpreter.
PLUGIN, VERSION = "studio.summarise", "1.0.0"
_PATIENCE = ScanLimits(wall_seconds=600.0)


def measure(quick: bool) -> Result:
    """Scan the package of the largest example again and again; then advisories, without the scanner."""
    return Result("certify", {**scan_figures(quick), **advisory_figures(quick)})


def scan_figures(quick: bool) -> dict[str, float | int | None]:
    """Whole scans, each in its own process and behind its walls, as a certification has them done."""
    with workplace() as folder, marketplace(folder / "data") as running:
        caller = Caller(running.url, running.tokens["admin"])
        until_listed(caller, PLUGIN)
        package = caller.download(f"/api/plugins/{PLUGIN}/versions/{VERSION}/package")
    return {
        "scan.p50_s": median(asyncio.run(_times(package, 3 if quick else 11))),
        "package_mb": len(package) / 1e6,
    }


async def _times(package: bytes, times: int) -> list[float]:
    scanner, taken = ScannerProcess(_PATIENCE), []
    for _ in range(times):
        began = time.perf_counter()
        report = await scanner.scan(package, None, lambda _: None)
        taken.append(time.perf_counter() - began)
        broken = [check.id for check in report.checks if check.result == "error"]
        if broken:
            raise RuntimeError(f"checks broke: {', '.join(broken)}")
    return taken
