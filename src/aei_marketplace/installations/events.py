"""What happens to installations."""

from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID


@dataclass(frozen=True, slots=True)
class AgreedStep:
    """Something that comes along with an installation or an update, as somebody agreed to it.

    Attributes:
        grants: what to grant it; None grants nothing new.
    """

    plugin_id: str
    version: str
    grants: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class InstallRequested:
    """Somebody asked for an installation; the operation says how it goes on.

    Attributes:
        version: the one that was resolved; it is installed even if a newer one appears meanwhile.
        pinned: it was named by the caller.
        steps: what comes along; None when nobody looked at that.
    """

    kind: ClassVar[str] = "installations.install_requested"
    operation_id: UUID
    tenant_id: UUID
    user_id: UUID
    plugin_id: str
    version: str
    channel: str
    pinned: bool
    grants: dict[str, Any] | None
    config: dict[str, Any] | None
    steps: tuple[AgreedStep, ...] | None = None


@dataclass(frozen=True, slots=True)
class UpdateRequested:
    """Somebody asked for another version.

    Attributes:
        user_id: None when the installation's policy asked.
        steps: what comes along; None when nobody looked at that.
    """

    kind: ClassVar[str] = "installations.update_requested"
    operation_id: UUID
    tenant_id: UUID
    user_id: UUID | None
    plugin_id: str
    version: str
    channel: str
    pinned: bool
    grants: dict[str, Any] | None
    config: dict[str, Any] | None
    steps: tuple[AgreedStep, ...] | None = None


@dataclass(frozen=True, slots=True)
class UninstallRequested:
    """Somebody asked for the end of an installation."""

    kind: ClassVar[str] = "installations.uninstall_requested"
    operation_id: UUID
    tenant_id: UUID
    user_id: UUID
    plugin_id: str
    purge: bool


@dataclass(frozen=True, slots=True)
class InstallationCreated:
    """A tenant has installed a plugin."""

    kind: ClassVar[str] = "installations.created"
    installation_id: UUID
    tenant_id: UUID
    plugin_id: str
    version: str


@dataclass(frozen=True, slots=True)
class InstallationRemoved:
    """A tenant has uninstalled a plugin."""

    kind: ClassVar[str] = "installations.removed"
    installation_id: UUID
    tenant_id: UUID
    plugin_id: str


@dataclass(frozen=True, slots=True)
class ReleaseLeft:
    """A tenant has stopped using a release: its idle workers serve nothing any more."""

    kind: ClassVar[str] = "installations.release_left"
    tenant_id: UUID
    component_sha256: str
