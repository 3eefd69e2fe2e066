"""What happens to advisories about packages, and to what stands against releases."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID


@dataclass(frozen=True, slots=True)
class AdvisoriesChanged:
    """Advisories about packages came, changed or went; what releases contain is held against them anew."""

    kind: ClassVar[str] = "certification.advisories_changed"
    change_id: UUID


@dataclass(frozen=True, slots=True)
class ReleaseVulnerabilitiesChanged:
    """Other advisories than before stand against what a release contains.

    Attributes:
        appeared: ids of those that stand against it now and did not, or did otherwise.
        cleared: ids of those that stood and do not any more.
    """

    kind: ClassVar[str] = "certification.release_vulnerabilities_changed"
    release_id: UUID
    plugin_id: str
    version: str
    appeared: tuple[str, ...]
    cleared: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InventoryKept:
    """It was written down what a release contains; advisories that came meanwhile are held against it."""

    kind: ClassVar[str] = "certification.inventory_kept"
    release_id: UUID
