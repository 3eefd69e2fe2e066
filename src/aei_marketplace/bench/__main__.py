"""The command behind `./market bench`."""

import argparse
import sys
from collections.abc import Callable

from aei_marketplace.bench import (
    audit,
    backup,
    certify,
    chaos,
    execute,
    fairness,
    limits,
    pages,
    publish,
    revenue,
    reviews,
    search,
    up,
)
from aei_marketplace.bench.hostile import bench as hostile
from aei_marketplace.bench.report import Result

BENCHES: dict[str, Callable[[bool], Result]] = {
    "up": up.measure,
    "execute": execute.measure,
    "audit": audit.measure,
    "backup": backup.measure,
    "certify": certify.measure,
    "chaos": chaos.measure,
    "hostile": hostile.measure,
    "fairness": fairness.measure,
    "limits": limits.measure,
    "pages": pages.measure,
    "search": search.measure,
    "publish": publish.measure,
    "revenue": revenue.measure,
    "reviews": reviews.measure,
}


def main() -> int:
    """Run the benches that were named, or all."""
    parser = argparse.ArgumentParser(
        prog="market bench",
        description="Measure this machine. Prints one result after the other.",
        epilog="Example: ./market bench execute --quick --json",
    )
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"any of {', '.join(BENCHES)}; all when absent"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--quick", action="store_true", help="a smaller run of the same thing")
    given = parser.parse_args()
    unknown = sorted(set(given.names) - set(BENCHES))
    if unknown:
        parser.error(f"no such bench: {', '.join(unknown)}; there are {', '.join(BENCHES)}")
    for name in given.names or BENCHES:
        print(f"measuring {name} …", file=sys.stderr, flush=True)
        print(BENCHES[name](given.quick).line(given.json), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
