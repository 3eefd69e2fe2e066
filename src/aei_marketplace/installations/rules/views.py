"""Installations as callers see them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class UpdateAvailable:
    """A newer release on the installation's channel, and what it requests beyond the present one."""

    version: str
    new_permissions: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reached:
    """Live installations of one affected version.

    Attributes:
        tenant_id, tenant: whose they are; None where the reader may know of their number alone.
    """

    tenant_id: UUID | None
    tenant: str | None
    plugin_id: str
    version: str
    installations: int


@dataclass(frozen=True, slots=True)
class Installation:
    """A release installed in a tenant.

    Attributes:
        pinned: the version was named; it stays until another is.
        grants: what the guest may hold, in the shape of the manifest's permissions.
        removed_at, purge_after: set once it was uninstalled.
    """

    id: UUID
    tenant_id: UUID
    plugin_id: str
    release_id: UUID
    version: str
    channel: str
    pinned: bool
    enabled: bool
    grants: Mapping[str, Any]
    config: Mapping[str, Any]
    policy: Mapping[str, Any]
    installed_by: UUID
    created_at: datetime
    updated_at: datetime
    removed_at: datetime | None
    purge_after: datetime | None

    @property
    def etag(self) -> str:
        """Changes with every change."""
        return f'"{self.id.hex}-{int(self.updated_at.timestamp() * 1_000_000)}"'

    def shape(self, update: UpdateAvailable | None, not_granted: Mapping[str, Any]) -> Mapping[str, Any]:
        """The installation in the shape of the interface."""
        return {
            "id": self.id,
            "plugin_id": self.plugin_id,
            "version": self.version,
            "enabled": self.enabled,
            "grants": self.grants,
            "config": self.config,
            "policy": self.policy,
            "update_available": update,
            "not_granted": not_granted,
            "channel": self.channel,
            "pinned": self.pinned,
            "installed_by": self.installed_by,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
        }
