"""What happens to badges and to the scans of new releases."""

from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class PublishScanEnded:
    """The scan of a new release keeps it from being listed."""

    kind: ClassVar[str] = "certification.publish_scan_ended"
    request_id: UUID
    plugin_id: str
    version: str
    owner_tenant: UUID
    reason: str
