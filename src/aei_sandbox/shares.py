"""How much worker time each tenant has had: the order in which those who wait are served.

Start-time fair queueing (Goyal, Vin, Cheng 1996) over tenants, with occupied worker time as the
amount served: who comes back after a pause starts at the present, neither with credit nor in debt
for a time in which nobody else wanted the workers.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

#: How far a tenant may be ahead of the present, in seconds of worker time: longest punishment for long runs.
MOST_DEBT = 2.0


@dataclass(slots=True)
class _Share:
    """One tenant: `served` seconds of ended runs, and the start times of `active` ones added up."""

    most: int
    waiting: int = 0
    active: int = 0
    served: float = 0.0
    began: float = 0.0


class Shares:
    """The tenants that wait or run, and what each was served.

    Args:
        most: workers that one tenant may have at once, whatever it asks.
        clock: seconds, monotonic.
    """

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._clock = clock
        self._present = 0.0
        self._of: dict[str, _Share] = {}

    def arrive(self, tenant: str, concurrency: int | None) -> None:
        """One more execution of a tenant waits; `concurrency` is the tenant's own bound, if it has one."""
        share = self._of.setdefault(tenant, _Share(self._most))
        if not share.waiting and not share.active:
            share.served = max(share.served, self._present)
        share.most = max(1, min(self._most, concurrency or self._most))
        share.waiting += 1

    def depart(self, tenant: str) -> None:
        """One that waited is served, or waits no more."""
        self._of[tenant].waiting -= 1
        self._tidy(tenant)

    def begin(self, tenant: str) -> None:
        """A worker is occupied for a tenant from now on."""
        share = self._of.setdefault(tenant, _Share(self._most))
        self._present = max(self._present, self.standing(tenant))
        share.active += 1
        share.began += self._clock()

    def end(self, tenant: str) -> None:
        """A worker is not occupied for the tenant any more."""
        share = self._of[tenant]
        # Which one ended does not matter: the sum of all their times is the same.
        mean = share.began / share.active
        share.began -= mean
        share.active -= 1
        share.served = min(share.served + self._clock() - mean, self._present + MOST_DEBT)
        self._tidy(tenant)

    def waiting(self, tenant: str) -> int:
        """How many executions of a tenant wait."""
        return self._of[tenant].waiting if tenant in self._of else 0

    def active(self, tenant: str) -> int:
        """How many workers a tenant occupies."""
        return self._of[tenant].active if tenant in self._of else 0

    def may_begin(self, tenant: str) -> bool:
        """Whether a tenant may occupy one more worker."""
        return self.active(tenant) < (self._of[tenant].most if tenant in self._of else self._most)

    def rank(self, tenant: str) -> tuple[int, float]:
        """Who is served first has the smallest: occupies fewest workers, then was served least."""
        return self.active(tenant), self.standing(tenant)

    def standing(self, tenant: str) -> float:
        """Seconds of worker time that a tenant was served, those of running executions included."""
        share = self._of.get(tenant)
        return self._present if share is None else share.served + share.active * self._clock() - share.began

    def _tidy(self, tenant: str) -> None:
        share = self._of[tenant]
        if share.waiting or share.active:
            return
        if share.served <= self._present:
            del self._of[tenant]
        if not any(s.waiting or s.active for s in self._of.values()):
            self._of.clear()
