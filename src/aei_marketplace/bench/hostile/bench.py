"""The bench: the experiment, its figures, and the page in `docs/`."""

import asyncio
import socket
from collections.abc import Sequence
from contextlib import closing

from aei_marketplace.bench.hostile.attempt import Case
from aei_marketplace.bench.hostile.cases import CASES
from aei_marketplace.bench.hostile.experiment import (
    QUIET,
    Doors,
    Found,
    Plan,
    experiment,
    welch_t,
)
from aei_marketplace.bench.hostile.page import write_page
from aei_marketplace.bench.hostile.rounds import FLOOD, HOSTILE
from aei_marketplace.bench.report import Result, percentile
from aei_marketplace.bench.running import CLONE, marketplace, workplace

FULL = Plan(first=0, rounds=20, quiet_s=20.0, rounds_s=660.0)
QUICK = Plan(first=1, rounds=2, quiet_s=8.0, rounds_s=90.0)
PAGE = CLONE / "docs" / "hostile.md"


def measure(quick: bool) -> Result:
    """Fifty hostile plugins among ten tenants; a full run writes the page."""
    found = carry_out(CASES, QUICK if quick else FULL)
    result = Result("hostile", figures(found))
    if not quick:
        write_page(PAGE, found, result)
    return result


def carry_out(cases: Sequence[Case], plan: Plan) -> Found:
    """Start a marketplace and carry the experiment out in it."""
    with workplace() as folder, closing(_listening()) as origin, closing(_listening()) as models:
        doors = Doors(origin, models)
        with marketplace(folder / "data", environment=doors.environment()) as running:
            return asyncio.run(experiment(running, folder / "data", cases, plan, doors))


def figures(found: Found) -> dict[str, float | int | None]:
    """The figures, by the names that are fixed, and some more."""
    quiet, hostile, flood = (found.load["phases"][phase] for phase in (QUIET, HOSTILE, FLOOD))
    beside = hostile["milliseconds"] + flood["milliseconds"]
    before, during, flooded = (
        percentile(taken, 0.95) for taken in (quiet["milliseconds"], beside, flood["milliseconds"])
    )
    accounts = found.rounds.accounts.values()
    late = found.samples.get("late")
    return {
        "cases": len(accounts),
        "as_expected": sum(account.as_expected for account in accounts),
        "canaries_seen": len(found.leaks),
        "benign_failed": sum(len(phase["failures"]) for phase in (quiet, hostile, flood)),
        "benign_p95_ratio": during / before,
        "seeded_leaks": len(found.seeded),
        "seeded_leaks_found": sum(leak.found for leak in found.seeded),
        "not_run": sum(not account.tries for account in accounts),
        "rounds": found.rounds.done,
        "hostile_runs": found.rounds.runs,
        "benign_runs": len(beside),
        "benign_quiet.p95_ms": before,
        "benign_hostile.p95_ms": during,
        "benign_flood.p95_ms": flooded,
        "general_complaints": len(found.rounds.general),
        "wall_limit_late.p99_ms": percentile(late, 0.99) if late else None,
        "documents_searched": sum(found.searched.values()),
        "searched_mb": found.searched_bytes / 1e6,
        "timing_secret.t": welch_t(found.samples["secret existing"], found.samples["secret absent"]),
        "timing_plugin.t": welch_t(found.samples["plugin existing"], found.samples["plugin absent"]),
        "seconds": found.seconds,
    }


def _listening() -> socket.socket:
    door = socket.socket()
    door.bind(("127.0.0.1", 0))
    door.listen(128)
    return door
