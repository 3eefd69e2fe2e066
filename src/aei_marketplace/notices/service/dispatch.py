"""Who sends what in this process: a bounded number of lanes, none of them twice at once, tenants in turn."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from uuid import UUID

from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.sealing import OPERATOR
from aei_marketplace.notices.rules.deliveries import MAIL, WEBHOOK, Claim
from aei_marketplace.notices.service.sending import send
from aei_marketplace.notices.store import deliveries as store

#: Lanes at once, by channel: a mail server that stalls does not keep webhooks waiting, nor the other way.
MOST_AT_ONCE: Mapping[str, int] = MappingProxyType({MAIL: 4, WEBHOOK: 16})
#: Of one tenant, so that its silent webhooks leave room for others.
MOST_A_TENANT = 4
#: Longer than anything takes that is sent. What a killed process had claimed is sent again after it.
LEASE = timedelta(seconds=120)


class Dispatch:
    """What this process sends now."""

    def __init__(self, deps: Deps) -> None:
        self._deps = deps
        self._under_way: dict[asyncio.Task[None], Claim] = {}

    async def take_up(self) -> int:
        """Begin to send what is due, as far as there is room; how many were begun."""
        claims = [claim for channel in (MAIL, WEBHOOK) for claim in await self._claim(channel)]
        for claim in claims:
            task = asyncio.create_task(send(self._deps, claim))
            self._under_way[task] = claim
            task.add_done_callback(self._under_way.pop)
        return len(claims)

    async def settle(self) -> None:
        """Wait for what is under way."""
        await asyncio.gather(*self._under_way, return_exceptions=True)

    async def stop(self) -> None:
        """Break off; what was not taken is sent again by whoever comes after the lease."""
        for task in self._under_way:
            task.cancel()
        await self.settle()

    async def _claim(self, channel: str) -> list[Claim]:
        busy = Counter(_owner(claim) for claim in self._under_way.values() if claim.channel == channel)
        free = MOST_AT_ONCE[channel] - busy.total()
        if free <= 0:
            return []
        full = [owner for owner, lanes in busy.items() if lanes >= MOST_A_TENANT]
        async with self._deps.works.system("notices.dispatch") as work:
            return await store.claim(work, channel, free, MOST_A_TENANT, full, LEASE)


def _owner(claim: Claim) -> UUID:
    return claim.tenant or OPERATOR
