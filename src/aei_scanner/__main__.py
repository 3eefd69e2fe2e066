"""Entry of the scanning process: an order in, frames out (`aei_inspection.checks.frames`)."""

import os
import sys
import tempfile
from pathlib import Path

from aei_inspection.checks.check import Progress
from aei_inspection.checks.frames import NO_MEMORY, Finished, Frame, Started, Step, decode_order, encode_line
from aei_inspection.checks.subject import Subject
from aei_scanner.isolation import isolate
from aei_scanner.scanning import scan

_LARGEST_ORDER = 1 << 20


def main() -> None:
    """Scan what standard input orders."""
    order = decode_order(sys.stdin.buffer.readline(_LARGEST_ORDER))
    walls = isolate(order)
    tempfile.tempdir = order.folder
    _say(Started(tuple(walls.standing), {name: why[:200] for name, why in walls.missing.items()}))
    try:
        with os.fdopen(order.package, "rb") as file:
            package = file.read()
        checks = Path(order.checks) if order.checks else None
        report = scan(Subject(package, order.previous), _tell, checks)
        _say(Finished(report))
    except MemoryError:
        # Not by raising: what is left of the memory may not suffice for a traceback.
        os._exit(NO_MEMORY)


def _tell(progress: Progress) -> None:
    _say(Step(progress.done, progress.total, progress.check))


def _say(frame: Frame) -> None:
    sys.stdout.buffer.write(encode_line(frame))
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
