"""What happens to executions."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID


@dataclass(frozen=True, slots=True)
class SandboxViolated:
    """A worker did what no guest can make it do: the plugin may have broken out of the runtime.

    The worker was killed, and the walls of the operating system stood around it.
    """

    kind: ClassVar[str] = "executions.sandbox_violated"
    execution_id: UUID
    tenant_id: UUID
    installation_id: UUID | None
    plugin_id: str
    version: str
    release_id: UUID
