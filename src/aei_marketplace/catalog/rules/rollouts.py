"""Staged rollouts: which installations a release has reached."""

import hashlib
from dataclasses import dataclass
from uuid import UUID

from aei_marketplace.ground.errors import Fault, Invalid

ALL = 100


@dataclass(frozen=True, slots=True)
class Rollout:
    """How far a release is rolled out.

    Attributes:
        percent: of the installations that follow its channel, 0 to 100.
        security: its publisher says that it mends a weakness.
    """

    percent: int = ALL
    security: bool = False


def reaches(release_id: UUID, installation_id: UUID, percent: int) -> bool:
    """Whether a release is rolled out to an installation.

    The same answer each time, and yes for ever more as the percentage grows; each release begins with
    other installations than the one before.
    """
    drawn = hashlib.sha256(release_id.bytes + installation_id.bytes).digest()
    return int.from_bytes(drawn[:8], "big") % ALL < percent


def check_percent(percent: int, pointer: str) -> int:
    """A percentage.

    Raises:
        Invalid: it is none.
    """
    if not 0 <= percent <= ALL:
        raise Invalid("That is no percentage.", faults=[Fault(pointer, "a whole number from 0 to 100")])
    return percent
