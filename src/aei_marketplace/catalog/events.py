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
class ReleaseCompiled:
    """A new release could run; before it is listed its package is scanned."""

    kind: ClassVar[str] = "catalog.release_compiled"
    release_id: UUID


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


@dataclass(frozen=True, slots=True)
class NamespaceOffered:
    """A namespace was offered to another tenant."""

    kind: ClassVar[str] = "catalog.namespace_offered"
    transfer_id: UUID
    namespace: str
    from_slug: str
    to_tenant: UUID


@dataclass(frozen=True, slots=True)
class NamespaceTransferred:
    """A namespace with all its plugins belongs to another tenant now."""

    kind: ClassVar[str] = "catalog.namespace_transferred"
    transfer_id: UUID
    namespace: str
    from_tenant: UUID
    to_tenant: UUID


@dataclass(frozen=True, slots=True)
class DomainProofMoved:
    """A domain proves who a publisher is, or does not any more, or never did.

    Attributes:
        state: `verified`, `lapsed` or `failed`.
        problem: why the last look found nothing; None when it found it.
    """

    kind: ClassVar[str] = "catalog.domain_proof_moved"
    tenant_id: UUID
    proof_id: UUID
    domain: str
    state: str
    problem: str | None


@dataclass(frozen=True, slots=True)
class AdvisoryFiled:
    """An advisory says something that those who run the plugin have not heard yet."""

    kind: ClassVar[str] = "catalog.advisory_filed"
    advisory_id: str
    plugin_id: str


@dataclass(frozen=True, slots=True)
class AdvisoryRetracted:
    """An advisory was withdrawn.

    Attributes:
        releases: those that it concerned.
    """

    kind: ClassVar[str] = "catalog.advisory_retracted"
    advisory_id: str
    plugin_id: str
    releases: tuple[UUID, ...]
