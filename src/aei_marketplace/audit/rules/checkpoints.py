"""When a checkpoint is due, and whether the tree may be signed at all."""

from collections.abc import Sequence

from aei_inspection.notes import Checkpoint
from aei_marketplace.audit.errors import CheckpointRefused
from aei_protocol.merkle import ProofWrong, check_consistency

#: At most so many entries stand, and for at most so many seconds, without a checkpoint over them.
MOST_UNSIGNED, LONGEST_UNSIGNED_S = 1_000, 60


def is_due(unsigned: int, waited_s: float) -> bool:
    """Whether to sign now.

    Args:
        unsigned: entries in the tree that no checkpoint covers.
        waited_s: seconds since the last one was signed.
    """
    return unsigned >= MOST_UNSIGNED or (unsigned > 0 and waited_s >= LONGEST_UNSIGNED_S)


def require_growth(signed: Checkpoint, size: int, root: bytes, proof: Sequence[bytes]) -> None:
    """Refuse a tree that does not begin with the one that was signed last.

    Raises:
        CheckpointRefused: it does not; somebody has changed the log.
    """
    try:
        check_consistency(signed.size, signed.root, size, root, proof)
    except ProofWrong as error:
        raise CheckpointRefused(
            f"the tree of {size} entries does not begin with the {signed.size} that were signed: {error}"
        ) from error


def require_same(outside: Checkpoint | None, inside: Checkpoint | None) -> None:
    """Refuse to go on from a checkpoint that is not the newest one.

    The one outside may be newer, since it is written first.

    Args:
        outside: the newest outside the database.
        inside: the newest in the database.

    Raises:
        CheckpointRefused: an older one is offered as the newest, or they contradict each other.
    """
    if inside is None:
        return
    if outside is None or outside.size < inside.size:
        found = "none" if outside is None else f"one of {outside.size} entries"
        raise CheckpointRefused(
            f"the newest checkpoint outside the database is {found}, the database has one of {inside.size}: "
            "an older folder is in the place of the newest"
        )
    if outside.size == inside.size and outside.root != inside.root:
        raise CheckpointRefused(f"two checkpoints of {inside.size} entries have different roots")
