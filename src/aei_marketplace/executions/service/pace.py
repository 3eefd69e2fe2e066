"""How fast tenants start executions in this process."""

import math
import time
from collections.abc import Callable
from uuid import UUID

from aei_marketplace.executions.errors import TooFast
from aei_marketplace.executions.rules.rates import Bucket, is_full, left, take
from aei_protocol.limits import Allowance

#: Buckets that are full are forgotten when there are more than this.
_MOST_BUCKETS = 10_000


class Pace:
    """The buckets of this process's tenants; each process has its own.

    Args:
        clock: seconds, monotonic.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._buckets: dict[UUID, Bucket] = {}

    def left(self, who: UUID, allowance: Allowance) -> int:
        """How many executions a tenant, or a user, may start at once now."""
        return left(self._buckets.get(who), self._clock(), allowance)

    def require(self, who: UUID, allowance: Allowance, words: str = "Your tenant") -> None:
        """Let one more execution of a tenant, or of a user, start.

        Args:
            words: how `who` is called when it has to wait.

        Raises:
            TooFast: its allowance is used up for now.
        """
        now = self._clock()
        self._buckets[who], wait = take(self._buckets.get(who), now, allowance)
        if len(self._buckets) > _MOST_BUCKETS:
            self._buckets = {t: b for t, b in self._buckets.items() if not is_full(b, now, allowance)}
        if wait:
            raise TooFast(
                f"{words} may start {allowance.executions_per_minute:,} executions a minute, "
                f"{allowance.executions_burst:,} at once.",
                retry_after=max(1, math.ceil(wait)),
            )
