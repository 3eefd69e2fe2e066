"""What a webhook may be."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from aei_marketplace.ground.errors import Fault
from aei_marketplace.ground.sealing import OPERATOR, Place, Sealed
from aei_marketplace.ground.texts import one_line
from aei_marketplace.ground.urls import IsInternal, UrlUnfit, read_service_url
from aei_marketplace.notices.errors import WebhookUnfit
from aei_marketplace.notices.rules.kinds import KINDS

MOST_WEBHOOKS, LONGEST_NAME = 20, 60
LONGEST_OVERLAP = timedelta(days=7)
GONE = 410


@dataclass(frozen=True, slots=True)
class OldSecret:
    """A secret that signs as well, for a while after another took its place."""

    sealed: Sealed
    until: datetime


@dataclass(frozen=True, slots=True)
class Webhook:
    """Somebody's endpoint for notices.

    Attributes:
        tenant: None for the operator's own.
        kinds: of the notices that it gets; empty for all.
        disabled_reason: why the marketplace disabled it; None when it did not.
        failing_since: the first failure after the last success.
        secret_version: counts its secrets, and is bound into the seal.
        version: counts its changes.
    """

    id: UUID
    tenant: UUID | None
    name: str
    url: str
    kinds: tuple[str, ...]
    enabled: bool
    disabled_reason: str | None
    failing_since: datetime | None
    secret_version: int
    secret: Sealed
    old_secret: OldSecret | None
    version: int
    created_at: datetime
    created_by: UUID
    updated_at: datetime

    @property
    def etag(self) -> str:
        """Changes with every change."""
        return f'"{self.id.hex}-{self.version}"'

    @property
    def key_owner(self) -> UUID:
        """Whose data key seals its secrets."""
        return self.tenant or OPERATOR

    def place(self, *, old: bool = False) -> Place:
        """Where its present secret belongs, or the old one."""
        return secret_place(self.tenant, self.id, self.secret_version - old)

    def shape(self) -> Mapping[str, Any]:
        """The webhook for callers, never with a secret."""
        return {
            "id": self.id,
            "name": self.name,
            "url": self.url,
            "kinds": self.kinds,
            "enabled": self.enabled,
            "disabled_reason": self.disabled_reason,
            "failing_since": self.failing_since,
            "old_secret_until": self.old_secret.until if self.old_secret else None,
            "created_at": self.created_at,
            "created_by": self.created_by,
            "updated_at": self.updated_at,
        }


def secret_place(tenant: UUID | None, webhook_id: UUID, version: int) -> Place:
    """Where a webhook's secret belongs."""
    return Place("aei-webhook-secret", tenant or OPERATOR, str(webhook_id), version)


def check_name(name: str) -> str:
    """A name that a webhook may have.

    Raises:
        WebhookUnfit: it is empty, too long, or cannot be seen.
    """
    if not name.strip() or one_line(name, LONGEST_NAME) != name:
        raise _unfit("/name", f"one line of 1 to {LONGEST_NAME} characters")
    return name


def check_url(url: str, is_internal: IsInternal) -> str:
    """A URL that notices may be sent to, in one spelling.

    Raises:
        WebhookUnfit: it is no https URL of a DNS name.
    """
    try:
        return read_service_url(url, is_internal, "AEI_WEBHOOK_HOSTS", query=True)
    except UrlUnfit as unfit:
        raise _unfit("/url", str(unfit)) from unfit


def check_kinds(kinds: Iterable[str]) -> tuple[str, ...]:
    """The kinds of notices that a webhook gets.

    Raises:
        WebhookUnfit: one of them does not exist.
    """
    wanted = tuple(sorted(set(kinds)))
    unknown = [name for name in wanted if name not in KINDS]
    if unknown:
        raise _unfit("/kinds", f"unknown: {one_line(', '.join(unknown), 200)}; there are {', '.join(KINDS)}")
    return wanted


def check_overlap(hours: int) -> timedelta:
    """For how long an old secret still signs.

    Raises:
        WebhookUnfit: it is not between none and a week.
    """
    overlap = timedelta(hours=min(max(hours, -1), 1000))
    if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
        raise _unfit("/overlap_hours", f"from 0 to {LONGEST_OVERLAP // timedelta(hours=1)}")
    return overlap


def _unfit(pointer: str, message: str) -> WebhookUnfit:
    return WebhookUnfit("The webhook cannot be kept.", faults=[Fault(pointer, message)])
