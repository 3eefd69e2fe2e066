"""Staged rollouts: which tenants a release has reached."""

import hashlib
from dataclasses import dataclass
from uuid import UUID

from aei_marketplace.ground.errors import Fault, Invalid

ALL = 100


@dataclass(frozen=True, slots=True)
class Rollout:
    """How far a release is rolled out.

    Attributes:
        percent: of the tenants that take releases without naming them, 0 to 100.
        security: its publisher says that it mends a weakness.
    """

    percent: int = ALL
    security: bool = False


def reaches(release_id: UUID, tenant_id: UUID, percent: int) -> bool:
    """Whether a release is rolled out to a tenant: to what it has installed, and to what it installs.

    The same answer each time, and yes for ever more as the percentage grows; each release begins with
    other tenants than the one before.
    """
    drawn = hashlib.sha256(release_id.bytes + tenant_id.bytes).digest()
    return int.from_bytes(drawn[:8], "big") % ALL < percent


def check_percent(percent: int, pointer: str) -> int:
    """A percentage.

    Raises:
        Invalid: it is none.
    """
    if not 0 <= percent <= ALL:
        raise Invalid("That is no percentage.", faults=[Fault(pointer, "a whole number from 0 to 100")])
    return percent
