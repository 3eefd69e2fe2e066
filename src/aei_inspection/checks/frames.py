"""What a scanning process is told, and what it says: one JSON object a line.

It reads one `Order` from standard input, and writes `Started`, then a `Step` before each check and one at
the end, then `Finished`; nothing comes after that.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from aei_inspection.checks.check import Progress
from aei_inspection.checks.report import MAX_CHECKS, MAX_REPORT_BYTES, Report
from aei_inspection.checks.subject import Previous

#: A report and the frame around it.
MAX_LINE = MAX_REPORT_BYTES + 1024

#: Exit statuses of the process, beside 0; others are a crash, 128 + n after the signal n.
NO_MEMORY, NO_WALLS = 3, 4

Name = Annotated[str, Meta(max_length=200)]
Count = Annotated[int, Meta(ge=0, le=MAX_CHECKS)]


class Order(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One scan.

    Attributes:
        parent: pid of who asks; the process ends with it.
        package: descriptor of the archive.
        folder: the one folder that may be written to.
        checks: folder of further checks; None for our own alone.
        memory_bytes: writable memory of the process, and of each that it starts.
        cpu_seconds: CPU time of the process.
        require_walls: end with `NO_WALLS` where one of the walls that are needed can't be built.
    """

    parent: int
    package: int
    folder: str
    previous: Previous | None
    checks: str | None
    memory_bytes: int
    cpu_seconds: int
    require_walls: bool


class Started(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="started"):
    """The process is isolated: the walls that stand, and why others don't."""

    walls: Annotated[tuple[Name, ...], Meta(max_length=50)]
    missing: Annotated[dict[Name, Name], Meta(max_length=50)]


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="step"):
    """As `Progress`."""

    done: Count
    total: Count
    check: Name

    def progress(self) -> Progress:
        """The same as a value for listeners."""
        return Progress(self.done, self.total, self.check)


class Finished(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="finished"):
    """The report."""

    report: Report


Frame = Started | Step | Finished


def encode_line(frame: Order | Frame) -> bytes:
    """A frame's line."""
    return msgspec.json.encode(frame) + b"\n"


def decode_order(line: bytes) -> Order:
    """Read an order.

    Raises:
        ValueError: it is none.
    """
    return msgspec.json.decode(line, type=Order)


def decode_frame(line: bytes) -> Frame:
    """Read what a scanning process said.

    Raises:
        ValueError: it is no frame, or goes beyond the report's limits.
    """
    frame: Frame = msgspec.json.decode(line, type=Frame)
    return frame
