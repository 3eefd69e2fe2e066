"""Reading leaves in order: each is compared with its entry, and the tree is grown from them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from uuid import UUID

from aei_marketplace.audit.rules.verification.entries import Commitments, Stored, judge
from aei_marketplace.audit.rules.verification.findings import Finding, Kind
from aei_marketplace.audit.rules.verification.regrowth import CHUNK, Chunk, Regrowth

#: A gap that is wider is one finding and ends the reading.
WIDEST_GAP = 100_000
_NOTHING = bytes(32)


@dataclass(frozen=True, slots=True)
class Mismatch:
    """An entry whose bytes do not have the hash of its leaf."""

    sequence: int
    entry: UUID
    content_hash: bytes
    leaf: bytes


@dataclass
class Reading:
    """What was seen so far.

    Attributes:
        signed: the signed root of each size.
        archived_to: entries before this place lie in archives.
        fits, unfit: the sizes whose signed root the tree has, and has not.
        missing: places without a leaf.
        mismatches: entries that differ from their leaves; what that means is decided by who sees the nodes.
        committed: what the entries since the last `take_committed` commit to.
        unjudged: entries whose bytes are not here or not right, so that what they commit to is not known.
    """

    signed: Mapping[int, bytes]
    archived_to: int = 0
    fits: list[int] = field(default_factory=list)
    unfit: list[int] = field(default_factory=list)
    missing: set[int] = field(default_factory=set)
    mismatches: list[Mismatch] = field(default_factory=list)
    committed: dict[UUID, Commitments] = field(default_factory=dict)
    unjudged: set[UUID] = field(default_factory=set)
    findings: list[Finding] = field(default_factory=list)
    archived: int = 0
    regrowth: Regrowth = field(default_factory=Regrowth)
    _leaves: list[bytes] = field(default_factory=list)
    _sizes: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._sizes = sorted(self.signed, reverse=True)

    @property
    def size(self) -> int:
        """How many places there are so far."""
        return self.regrowth.size + len(self._leaves)

    def read(self, rows: Iterable[Stored]) -> list[Chunk]:
        """Take further rows in; gives the chunks of the tree that are complete with them."""
        expected = self.size
        for row in rows:
            sequence, leaf, content = row["sequence"], row["leaf_hash"], row["content"]
            if sequence != expected:
                self._skip(sequence)
            expected = sequence + 1
            self._leaves.append(leaf)
            if content is None:
                self._without_entry(row)
            elif (found := sha256(b"\x00" + content).digest()) != leaf:
                self.unjudged.add(row["entry_id"])
                self.mismatches.append(Mismatch(sequence, row["entry_id"], found, leaf))
            else:
                self._judge(row)
        chunks = []
        while len(self._leaves) >= CHUNK:
            chunks.append(self._grow(self._leaves[:CHUNK]))
            del self._leaves[:CHUNK]
        return chunks

    def finish(self) -> list[Chunk]:
        """The last chunk, if anything is left for it."""
        leaves, self._leaves = self._leaves, []
        return [self._grow(leaves)] if leaves else []

    def take_committed(self) -> dict[UUID, Commitments]:
        """What the entries since the last time commit to."""
        taken, self.committed = self.committed, {}
        return taken

    def _skip(self, sequence: int) -> None:
        gap = sequence - self.size
        first = self.size
        where = f"entry {first}" if gap == 1 else f"entries {first} to {sequence - 1}"
        detail = f"{where} and what stood for them in the tree are gone"
        self.findings.append(Finding(Kind.DELETED, detail, first))
        if gap > WIDEST_GAP:
            raise TooWide(gap)
        self.missing.update(range(first, sequence))
        self._leaves += [_NOTHING] * gap

    def _without_entry(self, row: Stored) -> None:
        self.unjudged.add(row["entry_id"])
        if row["sequence"] < self.archived_to:
            self.archived += 1
            return
        detail = f"entry {row['sequence']} ({row['entry_id']}) is gone; its hash is still in the tree"
        self.findings.append(Finding(Kind.DELETED, detail, row["sequence"], row["entry_id"]))

    def _judge(self, row: Stored) -> None:
        finding, commitments = judge(row)
        if finding is None and not row["same_hash"]:
            detail = f"entry {row['sequence']}: the hash beside it is not the one of its bytes"
            finding = Finding(Kind.COLUMNS_CHANGED, detail, row["sequence"], row["entry_id"])
        if finding:
            self.findings.append(finding)
        if commitments:
            self.committed[row["entry_id"]] = Commitments(row["sequence"], row["entry_id"], commitments)

    def _grow(self, leaves: list[bytes]) -> Chunk:
        chunk = self.regrowth.grow(leaves)
        while self._sizes and self._sizes[-1] <= self.regrowth.size:
            size = self._sizes.pop()
            (self.fits if chunk.root_at(size) == self.signed[size] else self.unfit).append(size)
        return chunk


class TooWide(Exception):
    """So many leaves are missing that the rest is not worth reading."""

    def __init__(self, gap: int) -> None:
        super().__init__(f"{gap} leaves are missing")
