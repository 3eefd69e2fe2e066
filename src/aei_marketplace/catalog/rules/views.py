"""The catalogue's values as they travel to other domains."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from aei_marketplace.catalog.rules.advisories import Severity
from aei_marketplace.catalog.rules.states import OFFERED, ReleaseState
from aei_marketplace.catalog.rules.versions import Channel
from aei_protocol.manifest import Manifest


@dataclass(frozen=True, slots=True)
class ReleaseView:
    """One release.

    Attributes:
        state_reason: why it is in its state, in words for its users; None when nothing was said.
        replacement: the id of the plugin to use instead, where one is named.
        visibility: the plugin's: `public` or `private`.
        owner_tenant: the publisher's tenant.
        package_sha256, component_sha256: digests in hexadecimal, as the blobs are addressed.
        size_bytes, component_size: of package and component; 0 where a listing was loaded without them.
        listed_at: when it was first listed; None until then.
        log_index: its place in the public log of releases; None until it has one.
        released_by: the publisher that released it; after a transfer another than `publisher_id`.
        signer: the id of the key whose signature was verified; None when it is not signed.
        advisories: the ids of the standing advisories that concern it, the oldest first.
        icon: the path where its icon is served; None where it has none.
        certified_until: when its badge expires; None while it has none that holds.
        certification: the request behind that badge.
    """

    release_id: UUID
    plugin_id: str
    version: str
    channel: Channel
    state: ReleaseState
    state_reason: str | None
    state_changed_at: datetime
    replacement: str | None
    visibility: str
    owner_tenant: UUID
    kind: str
    manifest: Manifest
    package_sha256: str
    size_bytes: int
    component_sha256: str
    component_size: int
    publisher_id: UUID
    released_by: UUID
    publisher_name: str
    publisher_verified: bool
    published_at: datetime
    listed_at: datetime | None
    log_index: int | None
    signed: bool
    signer: str | None
    advisories: tuple[str, ...]
    icon: str | None
    certified_until: datetime | None
    certification: UUID | None

    @property
    def certified(self) -> bool:
        """Whether it has a badge that holds; a badge that expires is taken away by a job."""
        return self.certified_until is not None


@dataclass(frozen=True, slots=True)
class PluginView:
    """One plugin with the release that its listing describes.

    Attributes:
        rating_sum, rating_count: of the approved reviews.
        document: the manifest of the described release.
        latest_version, latest_channel, latest_state: of the described release.
        advisory: the gravest of the standing advisories that concern that release; None while there is none.
        icon: the path where its icon is served; None where it has none.
        certified: whether that release has a badge that holds.
    """

    id: str
    visibility: str
    owner_tenant: UUID
    publisher_name: str
    publisher_verified: bool
    installs: int
    rating_sum: int
    rating_count: int
    latest_version: str
    latest_channel: Channel
    latest_state: ReleaseState
    document: Mapping[str, Any]
    advisory: Severity | None
    icon: str | None
    certified: bool
    created_at: datetime
    updated_at: datetime

    @property
    def manifest(self) -> Manifest:
        """The described release's manifest."""
        return Manifest(self.document)


@dataclass(frozen=True, slots=True)
class PluginBrief:
    """One plugin in a line, for lists of many.

    Attributes:
        state: of the release that its listing describes; None while there is none.
        was_listed: whether it ever was.
    """

    id: str
    name: str
    description: str
    kind: str
    visibility: str
    state: ReleaseState | None
    was_listed: bool

    @property
    def offered(self) -> bool:
        """Whether those who see it find it."""
        return self.was_listed and self.state in OFFERED


@dataclass(frozen=True, slots=True)
class ReleaseTexts:
    """The long texts of a release; None where its package has none."""

    readme: str | None
    changelog: str | None
