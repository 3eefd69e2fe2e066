"""What happened in the accounts that something else reacts to."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID


@dataclass(frozen=True, slots=True)
class RecoveryAsked:
    """Somebody asked for a link to set a password with. The link's secret is made where it is mailed.

    Attributes:
        user_id: whose account; of nobody when the address was unknown, so that both cost the same.
        origin: where the link leads.
    """

    kind: ClassVar[str] = "accounts.recovery_asked"
    user_id: UUID
    origin: str


@dataclass(frozen=True, slots=True)
class TenantClosed:
    """Staff have closed a tenant.

    Attributes:
        name: the tenant's.
        reason: as staff typed it.
    """

    kind: ClassVar[str] = "accounts.tenant_closed"
    tenant_id: UUID
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class TenantReopened:
    """Staff have opened a closed tenant again.

    Attributes:
        name: the tenant's.
    """

    kind: ClassVar[str] = "accounts.tenant_reopened"
    tenant_id: UUID
    name: str
