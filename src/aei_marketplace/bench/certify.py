"""How long a certification's parts take."""

import asyncio
import time
from collections.abc import Iterable

from aei_inspection.checks import report as reports
from aei_inspection.checks.check import Check, find_checks, run_check
from aei_marketplace.adapters.scanner import ScanLimits, ScannerProcess
from aei_marketplace.bench.advisories import advisory_figures
from aei_marketplace.bench.calls import Caller, until_listed
from aei_marketplace.bench.corpus import BAD, HONEST
from aei_marketplace.bench.corpus.making import Sample
from aei_marketplace.bench.report import Result, median
from aei_marketplace.bench.running import marketplace, workplace

#: The largest example: its component holds a Python interpreter.
PLUGIN, VERSION = "studio.summarise", "1.0.0"
_DENYING = (reports.Result.FAIL, reports.Result.ERROR)
_PATIENCE = ScanLimits(wall_seconds=600.0)


def measure(quick: bool) -> Result:
    """Scan the largest example again and again; then advisories and the corpus, without the scanner."""
    return Result("certify", {**scan_figures(quick), **advisory_figures(quick), **corpus_figures()})


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


def corpus_figures() -> dict[str, float | int | None]:
    """How many of the bad plugins the check that is meant flags, and how many honest ones any denies."""
    checks = {check.id: check for check in find_checks()}
    return {
        "bad": len(BAD),
        "bad_flagged": sum(_is_flagged(sample, checks[sample.check]) for sample in BAD),
        "honest": len(HONEST),
        "honest_denied": sum(_is_denied(sample, checks.values()) for sample in HONEST),
    }


def _is_flagged(sample: Sample, check: Check) -> bool:
    return any(finding.rule == sample.rule for finding in run_check(sample.subject(), check).findings)


def _is_denied(sample: Sample, checks: Iterable[Check]) -> bool:
    subject = sample.subject()
    return any(run_check(subject, check).result in _DENYING for check in checks)


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
