"""What can be wrong with the log, and why something about it is refused."""

from aei_marketplace.ground.errors import Conflict, Fault, Invalid, NotFound


class LogCorrupt(Exception):
    """An entry or a node is not what its hash says. Nothing is sequenced until somebody looks."""


class CheckpointRefused(Exception):
    """The tree does not continue what was signed before. Nothing is signed until somebody looks."""


class ArchiveRefused(Exception):
    """An archive cannot be written or read, so that nothing is taken out of the database."""


class NoSuchEntry(NotFound):
    """There is no such entry, or none that the caller may know of."""

    type = "no-such-entry"
    title = "No such audit entry"


class NotYetProvable(Conflict):
    """The entry is newer than the newest signed checkpoint.

    Args:
        retry_after: seconds until the next checkpoint at the latest.
    """

    type = "not-yet-provable"
    title = "Not under a signed checkpoint yet"
    retry = True

    def __init__(self, detail: str, *, retry_after: int) -> None:
        super().__init__(detail, advice=f"Ask again in {retry_after} s.")
        self.headers = {"Retry-After": str(retry_after)}


class NoCheckpointYet(NotFound):
    """Nothing has been signed so far."""

    type = "no-checkpoint-yet"
    title = "No checkpoint yet"
    advice = "The first one is signed within a minute of the first entry, by the job process."


class SizesUnfit(Invalid):
    """There is no consistency proof between two such sizes."""

    type = "sizes-unfit"
    title = "No proof between these sizes"

    def __init__(self, detail: str) -> None:
        super().__init__(detail, faults=[Fault("from", detail), Fault("to", detail)])
