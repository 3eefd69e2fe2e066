"""What a publisher may keep and how fast it may publish."""

from dataclasses import dataclass, fields
from datetime import datetime, timedelta

from aei_marketplace.catalog.errors import PublishRateExceeded, QuotaExceeded
from aei_marketplace.ground.publisher_quota import PublisherQuota

RATE_PERIOD = timedelta(hours=1)
#: From this share of what is allowed on, in percent, the publisher is warned.
NEAR_PERCENT = 80
_SAID = {"storage_bytes": "bytes of packages", "releases": "releases"}


@dataclass(frozen=True, slots=True)
class QuotaUse:
    """What a publisher uses.

    Attributes:
        storage_bytes: of all packages that were not removed.
        releases: that were not removed.
        releases_per_hour: published within the last hour, removed or not.
    """

    storage_bytes: int
    releases: int
    releases_per_hour: int

    def with_one_more(self, size_bytes: int) -> "QuotaUse":
        """The use after a release of this size."""
        return QuotaUse(self.storage_bytes + size_bytes, self.releases + 1, self.releases_per_hour + 1)


def allowed(default: PublisherQuota, own: dict[str, int | None]) -> PublisherQuota:
    """A publisher's quota: what staff decided for it, else the operator's default."""
    names = [field.name for field in fields(PublisherQuota)]
    decided = {name: own.get(name) for name in names}
    return PublisherQuota(**{n: getattr(default, n) if v is None else v for n, v in decided.items()})


def check_quota(after: QuotaUse, quota: PublisherQuota, free_at: datetime, now: datetime) -> None:
    """Whether a release still fits.

    Args:
        after: the use with it.
        free_at: when the rate allows the next one.

    Raises:
        QuotaExceeded: too much is kept; says what is used and allowed.
        PublishRateExceeded: too much was published lately; says when to go on.
    """
    for name, said in _SAID.items():
        used, most = getattr(after, name), getattr(quota, name)
        if used > most:
            refusal = QuotaExceeded(
                f"With this release your publisher would have {used:,} {said} of {most:,}."
            )
            refusal.extensions = {"quota": name, "used": used, "allowed": most}
            raise refusal
    if after.releases_per_hour > quota.releases_per_hour:
        raise PublishRateExceeded(
            f"Your publisher published {after.releases_per_hour - 1} releases within an hour, and"
            f" {quota.releases_per_hour} is the most.",
            retry_after=max(1, int((free_at - now).total_seconds()) + 1),
        )


def came_near(before: QuotaUse, after: QuotaUse, quota: PublisherQuota) -> list[str]:
    """The kept quotas of which a release took the publisher past the share to be warned at."""
    return [
        name
        for name in _SAID
        if getattr(before, name) * 100 < getattr(quota, name) * NEAR_PERCENT <= getattr(after, name) * 100
    ]
