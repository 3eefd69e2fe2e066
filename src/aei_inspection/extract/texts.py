"""A piece of content with the place where it was found."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Extract:
    """Bytes out of a package.

    Attributes:
        place: for people: `source/plugin.py`, or `plugin.wasm module 3 memory 0x1a40`.
        content: as they are, or printable runs, one a line.
    """

    place: str
    content: bytes = field(repr=False)
