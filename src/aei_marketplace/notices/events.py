"""What happens to notices."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID


@dataclass(frozen=True, slots=True)
class NoticeWritten:
    """A notice was written that is no repetition: mails and webhooks may follow."""

    kind: ClassVar[str] = "notices.written"
    notice_id: UUID
