"""A module's linear memories as they are before its first instruction, rebuilt from data segments.

A snapshot of an interpreter's heap lies in thousands of segments that leave out runs of zeros; a string is
whole only when they are put together again.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from aei_inspection.extract.core_modules import CoreModule, Segment

#: Segments that lie this near to each other are one region; between them are zeros.
_LARGEST_GAP = 64


@dataclass(frozen=True)
class Region:
    """A stretch of a memory that is filled when the module starts.

    Attributes:
        place: for people: `plugin.wasm module 3 memory 0x1a40`, or `… segment 7` when its place in the
            memory is not known.
        space: index of the module and of its memory: within one, addresses are comparable.
        start: address of the first byte; None when it is not known.
    """

    place: str
    space: tuple[int, int]
    start: int | None
    content: bytes = field(repr=False)


def rebuild_memory(module: CoreModule) -> Iterator[Region]:
    """The regions of a module's memories: those with a known place by address, then the others."""
    placed = [segment for segment in module.segments if segment.offset is not None and segment.content]
    for memory, segments in groupby(sorted(placed, key=_memory), key=_memory):
        number = f" {memory}" if memory else ""
        for start, content in _joined(list(segments)):
            yield Region(f"{module.place} memory{number} {start:#x}", (module.index, memory), start, content)
    for index, segment in enumerate(module.segments):
        if segment.offset is None and segment.content:
            place, space = f"{module.place} segment {index}", (module.index, segment.memory)
            yield Region(place, space, None, bytes(segment.content))


def _memory(segment: Segment) -> int:
    return segment.memory


def _joined(segments: Sequence[Segment]) -> Iterator[tuple[int, bytes]]:
    """Address and content of each stretch; where segments overlap, the later one counts."""
    for start, end, members in _stretches(segments):
        content = bytearray(end - start)
        for index in sorted(members):
            at = (segments[index].offset or 0) - start
            content[at : at + len(segments[index].content)] = segments[index].content
        yield start, bytes(content)


def _stretches(segments: Sequence[Segment]) -> Iterable[tuple[int, int, list[int]]]:
    """Start, end, and the members' numbers of each group of segments that touch or nearly do."""
    start = end = -1
    members: list[int] = []
    for index in sorted(range(len(segments)), key=lambda i: segments[i].offset or 0):
        offset = segments[index].offset or 0
        if members and offset > end + _LARGEST_GAP:
            yield start, end, members
            members = []
        if not members:
            start = end = offset
        members.append(index)
        end = max(end, offset + len(segments[index].content))
    if members:
        yield start, end, members
