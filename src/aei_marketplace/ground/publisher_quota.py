"""What the operator allows each publisher, unless staff decide otherwise for one."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PublisherQuota:
    """The most that one publisher may have.

    Attributes:
        storage_bytes: of all its packages.
        releases: in all.
        releases_per_hour: taken in within any hour.
    """

    storage_bytes: int = 10 * 1024**3
    releases: int = 10_000
    releases_per_hour: int = 120
