"""What proves that a release stands in the public log."""

from typing import TypedDict


class LogLeaf(TypedDict):
    """A leaf of the public log, its place, and the hashes (base64) that prove it to be there."""

    index: int
    leaf: str
    proof: list[str]


class ReleaseProof(TypedDict):
    """What the public log says of a release; `checkpoint` is a C2SP signed note."""

    plugin_id: str
    version: str
    checkpoint: str
    entries: list[LogLeaf]


class GrowthProof(TypedDict):
    """The hashes (base64) that prove the log of `new` entries to begin with that of `old`."""

    old: int
    new: int
    proof: list[str]
