"""What announcements have in common: in whose name they are made, and what many of them are about."""

from typing import Protocol

from aei_marketplace.notices.service import Subject

#: The job in whose name notices are written.
JOB = "announcements"


class OfRelease(Protocol):
    """An event about one release."""

    @property
    def plugin_id(self) -> str:
        """Whose release."""

    @property
    def version(self) -> str:
        """Which of them."""


def of_release(event: OfRelease) -> Subject:
    """The release that an event is about."""
    return Subject("release", f"{event.plugin_id}@{event.version}")
