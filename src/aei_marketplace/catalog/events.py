"""What happens in the catalogue, told to other domains and jobs."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID


@dataclass(frozen=True, slots=True)
class ReleasePublished:
    """A release was taken in; it is `processing` until its component is compiled."""

    kind: ClassVar[str] = "catalog.release_published"
    release_id: UUID
    plugin_id: str
    version: str
    component_sha256: str


@dataclass(frozen=True, slots=True)
class ReleaseListed:
    """A release became visible and installable."""

    kind: ClassVar[str] = "catalog.release_listed"
    release_id: UUID
    plugin_id: str
    version: str
    channel: str
    component_sha256: str


@dataclass(frozen=True, slots=True)
class ReleaseStateChanged:
    """A release moved to another state later on: `deprecated`, `yanked`, `quarantined`, …"""

    kind: ClassVar[str] = "catalog.release_state_changed"
    plugin_id: str
    version: str
    release_id: UUID
    component_sha256: str
    state: str


@dataclass(frozen=True, slots=True)
class QuotaNear:
    """A publisher has come near to what it may keep."""

    kind: ClassVar[str] = "catalog.quota_near"
    tenant_id: UUID
    quota: str
    used: int
    allowed: int
