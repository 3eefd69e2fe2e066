"""Evidence: what may be shown, and what is made of it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from aei_marketplace.disputes.errors import DisputeDecided, EvidenceTooLarge, EvidenceUnfit
from aei_marketplace.disputes.rules.cases import LONGEST_TEXT, Dispute, Side, State
from aei_marketplace.ground.errors import Fault
from aei_marketplace.ground.typed import clean_typed

MOST_BYTES = 5 * 1024 * 1024
#: So many pieces of evidence a side may show of one dispute.
MOST_PIECES = 10
LONGEST_NAME = 120
_AWKWARD = frozenset("\"'<>|:*?;")
#: What a file begins with, by its media type; text is told by being text.
_MAGIC = {
    "application/pdf": b"%PDF-",
    "image/png": b"\x89PNG\r\n\x1a\n",
    "image/jpeg": b"\xff\xd8\xff",
}


@dataclass(frozen=True, slots=True)
class Evidence:
    """A piece of evidence; the other side never sees it.

    Attributes:
        file_name, media_type, size, sha256: of the file; None where there is none.
        size: bytes.
    """

    id: UUID
    dispute_id: UUID
    side: Side
    at: datetime
    note: str
    file_name: str | None
    media_type: str | None
    size: int | None
    sha256: str | None


def check_shown(dispute: Dispute, note: str, shown: int, now: datetime) -> str:
    """The words of a piece of evidence, cleaned.

    Args:
        shown: how many pieces the side has shown already.

    Raises:
        DisputeDecided: the dispute has ended, or the time to show evidence has.
        EvidenceUnfit: as many as may be are shown.
        Invalid: the words are none.
    """
    if dispute.state is not State.OPENED:
        raise DisputeDecided(f"The dispute is {dispute.state} already.")
    if now > dispute.evidence_due_at:
        raise DisputeDecided(f"Evidence was due by {dispute.evidence_due_at:%d %B %Y, %H:%M} UTC.")
    if shown >= MOST_PIECES:
        raise EvidenceUnfit(f"A side shows at most {MOST_PIECES} pieces of evidence.")
    return clean_typed(note, LONGEST_TEXT, "/note")


def media_type_of(content: bytes) -> str:
    """What a file is, judged from its own bytes.

    Raises:
        EvidenceTooLarge: it is larger than evidence may be.
        EvidenceUnfit: it is none of what may be shown.
    """
    if len(content) > MOST_BYTES:
        raise EvidenceTooLarge("The file is larger than 5 MiB.")
    for media_type, magic in _MAGIC.items():
        if content.startswith(magic):
            return media_type
    if content and b"\x00" not in content and _is_text(content):
        return "text/plain"
    raise EvidenceUnfit(
        "It is no such file.", faults=[Fault("/file", "PDF, PNG, JPEG or plain text (UTF-8)")]
    )


def clean_name(name: str) -> str:
    """A file's name as it is shown and sent back: without folders, quotes and what steers.

    Raises:
        Invalid: nothing readable is left.
    """
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    plain = "".join("_" if c in _AWKWARD or (c != " " and c.isspace()) else c for c in last)
    return clean_typed(plain[:LONGEST_NAME], LONGEST_NAME, "/file")


def _is_text(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
