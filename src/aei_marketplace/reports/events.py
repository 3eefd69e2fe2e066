"""What happens to reports, told to jobs and to whoever sends notices."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID


@dataclass(frozen=True, slots=True)
class PluginReported:
    """Somebody reported a plugin.

    Attributes:
        owner_tenant: the publisher's tenant.
        stops: whether what it names is quarantined at once.
    """

    kind: ClassVar[str] = "reports.plugin_reported"
    report_id: UUID
    case_id: UUID
    plugin_id: str
    report_kind: str
    owner_tenant: UUID
    stops: bool


@dataclass(frozen=True, slots=True)
class PluginQuarantined:
    """A trusted reporter's word stopped releases until staff decide."""

    kind: ClassVar[str] = "reports.plugin_quarantined"
    case_id: UUID
    plugin_id: str
    owner_tenant: UUID
    versions: tuple[str, ...]
