"""What a public log of releases is held against: its own bytes, its stored tree, and every signed head."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from aei_inspection.notes import NoteMalformed, NoteUnproven, VerifyingKey, open_checkpoint
from aei_protocol.merkle import Node, Place, Tree, leaf_hash


class Kind(StrEnum):
    """What was done to the log."""

    LEAF_EDITED = "leaf_edited"
    LEAF_MISSING = "leaf_missing"
    NODE_CHANGED = "node_changed"
    REWRITTEN = "rewritten"
    TRUNCATED = "truncated"
    CHECKPOINT_UNREADABLE = "checkpoint_unreadable"
    CHECKPOINT_BY_ANOTHER_KEY = "checkpoint_by_another_key"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it was written."""

    kind: Kind
    detail: str


@dataclass(frozen=True, slots=True)
class Leaf:
    """A leaf as it is stored."""

    index: int
    content: bytes
    hash: bytes


@dataclass
class Recomputation:
    """Grows the tree anew from stored leaves, and compares it with what was signed at each size.

    Attributes:
        heads: the roots that were signed, by size, each with the place of the note that says so.
        proven: the greatest size whose signed root is the recomputed one.
        whole: whether no leaf is missing so far; behind a gap nothing can be compared.
    """

    heads: dict[int, dict[bytes, str]] = field(default_factory=dict)
    tree: Tree = field(default_factory=Tree)
    findings: list[Finding] = field(default_factory=list)
    proven: int = 0
    whole: bool = True

    def read_note(self, place: str, note: bytes | str | None, key: VerifyingKey) -> None:
        """Take in a signed head."""
        try:
            if note is None:
                raise NoteMalformed("not a note")
            head = open_checkpoint(note, key)
        except NoteMalformed as error:
            self._found(Kind.CHECKPOINT_UNREADABLE, f"{place}: {error}")
        except NoteUnproven as error:
            self._found(Kind.CHECKPOINT_BY_ANOTHER_KEY, f"{place}: {error}")
        else:
            self.heads.setdefault(head.size, {})[head.root] = place

    def add(self, leaves: Iterable[Leaf]) -> list[Node]:
        """Add stored leaves in order; gives the subtrees that they complete."""
        completed: list[Node] = []
        for leaf in leaves:
            if leaf.index != self.tree.size:
                self._found(Kind.LEAF_MISSING, f"leaf {self.tree.size} is missing before leaf {leaf.index}")
                self.whole = False
                break
            if leaf_hash(leaf.content) != leaf.hash:
                self._found(Kind.LEAF_EDITED, f"leaf {leaf.index} is not what its hash says")
            completed += self.tree.append(leaf.hash)
            self._compare_head()
        return completed

    def compare_nodes(self, completed: Iterable[Node], stored: Mapping[Place, bytes]) -> None:
        """Compare recomputed subtrees with those that proofs are made of."""
        for node in completed:
            if stored.get((node.level, node.position)) != node.hash and not self._rewritten():
                covered = f"leaves {node.position << node.level} to {((node.position + 1) << node.level) - 1}"
                self._found(Kind.NODE_CHANGED, f"the stored hash over {covered} is not theirs")

    def finish(self) -> None:
        """Compare what was signed with how far the log goes."""
        beyond = [size for size in self.heads if size > self.tree.size]
        if beyond and self.whole:
            place = next(iter(self.heads[max(beyond)].values()))
            detail = f"the log has {self.tree.size} leaves, and {max(beyond)} were signed ({place})"
            self._found(Kind.TRUNCATED, detail)

    def _compare_head(self) -> None:
        for root, place in self.heads.get(self.tree.size, {}).items():
            if root == self.tree.root():
                self.proven = self.tree.size
            elif not self._rewritten():
                detail = f"the first {self.tree.size} leaves are not those that were signed ({place})"
                self._found(Kind.REWRITTEN, detail)

    def _rewritten(self) -> bool:
        """Whether what differs from here on only follows from what was found."""
        return any(finding.kind is Kind.REWRITTEN for finding in self.findings)

    def _found(self, kind: Kind, detail: str) -> None:
        self.findings.append(Finding(kind, detail))
