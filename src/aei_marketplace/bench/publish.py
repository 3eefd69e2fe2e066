"""How long the gate takes for a large package, and the data of a listing over HTTP."""

import io
import time
import zipfile
from collections.abc import Callable

from aei_inspection.gate import inspect_package
from aei_marketplace.bench.calls import Caller, until_listed
from aei_marketplace.bench.report import Result, median, percentile
from aei_marketplace.bench.running import marketplace, workplace

#: The largest example: its component holds a Python interpreter.
PLUGIN, VERSION = "studio.summarise", "1.0.0"


def measure(quick: bool) -> Result:
    """Inspect the package of the largest example again and again, and ask for its listing."""
    times = 10 if quick else 100
    with workplace() as folder, marketplace(folder / "data") as running:
        caller = Caller(running.url, running.tokens["admin"])
        until_listed(caller, PLUGIN)
        package = _uncompressed(caller.download(f"/api/plugins/{PLUGIN}/versions/{VERSION}/package"))
        listing = _times(lambda: caller.download(f"/api/plugins/{PLUGIN}"), times * 10)
    content = inspect_package(package)
    gate = _times(lambda: inspect_package(package), times)
    return Result(
        "publish",
        {
            "gate.p50_ms": median(gate),
            "gate.p99_ms": percentile(gate, 0.99),
            "package_mb": len(package) / 1e6,
            "component_mb": len(content.component) / 1e6,
            "listing.p50_ms": median(listing),
        },
    )


def _uncompressed(package: bytes) -> bytes:
    """The same files as they are: as large as a package of this component can be."""
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as source, zipfile.ZipFile(written, "w") as target:
        for entry in source.infolist():
            target.writestr(zipfile.ZipInfo(entry.filename, entry.date_time), source.read(entry))
    return written.getvalue()


def _times(act: Callable[[], object], times: int) -> list[float]:
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        act()
        taken.append((time.perf_counter() - began) * 1000)
    return taken
