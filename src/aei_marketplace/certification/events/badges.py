"""What happens to badges and to the scans of new releases."""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar
from uuid import UUID


@dataclass(frozen=True, slots=True)
class ReleaseCertified:
    """A release has a badge, signed and shown."""

    kind: ClassVar[str] = "certification.release_certified"
    request_id: UUID
    release_id: UUID
    plugin_id: str
    version: str
    owner_tenant: UUID
    expires_on: str


@dataclass(frozen=True, slots=True)
class BadgeEnded:
    """A badge does not hold any more.

    Attributes:
        state: `suspended` or `expired`.
        reason: why, for those who have the release installed.
    """

    kind: ClassVar[str] = "certification.badge_ended"
    request_id: UUID
    release_id: UUID
    plugin_id: str
    version: str
    owner_tenant: UUID
    state: str
    reason: str


class ScanEnd(StrEnum):
    """What the scan of a new release did to it, when that is not its listing.

    `held`: something was found; `delayed`: it came to no end yet; `quarantined`: something was found after
    it was listed without a scan.
    """

    HELD = "held"
    DELAYED = "delayed"
    QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True)
class PublishScanEnded:
    """The scan of a new release keeps it from being listed, or stops it."""

    kind: ClassVar[str] = "certification.publish_scan_ended"
    request_id: UUID
    plugin_id: str
    version: str
    owner_tenant: UUID
    end: ScanEnd
    reason: str
