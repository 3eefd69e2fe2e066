"""One bench's result, and how it is printed."""

import json
import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Result:
    """What one bench found.

    Attributes:
        figures: by the names that are fixed in the interface, for example `c.p50_ms`.
        peers: other programs doing comparable work in the same run.
    """

    bench: str
    figures: dict[str, float | int | None]
    peers: dict[str, float | int | None] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """The JSON object of this result."""
        return {
            "bench": self.bench,
            "date": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "machine": machine(),
            "figures": self.figures,
            "peers": self.peers,
        }

    def line(self, as_json: bool) -> str:
        """What is printed: JSON, or words for people."""
        if as_json:
            return json.dumps(self.document())
        rows = [f"  {name:<28}{_number(value):>12}" for name, value in self.figures.items()]
        rows += [f"  peer {name:<23}{_number(value):>12}" for name, value in self.peers.items()]
        return "\n".join([self.bench, *rows])


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, round(share * len(ordered)) - 1))]


def median(values: Sequence[float]) -> float:
    """The middle value."""
    return statistics.median(values)


def machine() -> dict[str, Any]:
    """What this machine is."""
    return {
        "cpus": os.cpu_count(),
        "cpu": _field("/proc/cpuinfo", "model name"),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "kernel": platform.release(),
        "python": platform.python_version(),
    }


def _field(path: str, name: str) -> str:
    lines = Path(path).read_text("utf-8").splitlines() if Path(path).exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), "unknown")


def _number(value: float | int | None) -> str:
    if value is None:
        return "–"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"
