"""The token bucket that bounds how many executions a tenant starts."""

from dataclasses import dataclass

from aei_protocol.limits import Allowance


@dataclass(frozen=True, slots=True)
class Bucket:
    """What is left of a tenant's burst.

    Attributes:
        tokens: executions that may start at once.
        at: when that was so, in seconds of a monotonic clock.
    """

    tokens: float
    at: float


def take(bucket: Bucket | None, now: float, allowance: Allowance) -> tuple[Bucket, float]:
    """Take one execution out of a tenant's bucket, if there is one.

    Args:
        bucket: None when the tenant has started none yet; the bucket is then full.

    Returns:
        The bucket afterwards, and 0 when it may start; else the seconds until the next one may.
    """
    there = _filled(bucket, now, allowance)
    if there >= 1:
        return Bucket(there - 1, now), 0.0
    return Bucket(there, now), (1 - there) * 60 / allowance.executions_per_minute


def left(bucket: Bucket | None, now: float, allowance: Allowance) -> int:
    """How many executions may start at once now."""
    return int(_filled(bucket, now, allowance))


def is_full(bucket: Bucket, now: float, allowance: Allowance) -> bool:
    """Whether forgetting the bucket changes nothing."""
    filled = bucket.tokens + max(0.0, now - bucket.at) * allowance.executions_per_minute / 60
    return filled >= allowance.executions_burst


def _filled(bucket: Bucket | None, now: float, allowance: Allowance) -> float:
    full = float(max(1, allowance.executions_burst))
    if bucket is None:
        return full
    return min(full, bucket.tokens + max(0.0, now - bucket.at) * allowance.executions_per_minute / 60)
