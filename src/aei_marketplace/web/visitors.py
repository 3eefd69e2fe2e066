"""Refused visitors who said not who they are: counted, and recorded once for each source and minute."""

import asyncio
from collections import Counter

import structlog

from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.work import Works

#: Sources counted in one minute; further ones are counted together.
MOST_SOURCES = 1_000
ELSEWHERE = "elsewhere"

log = structlog.get_logger()


class Visitors:
    """Counts anonymous refusals, so that a flood of them does not flood the audit log."""

    def __init__(self, works: Works) -> None:
        self._works = works
        self._refused: Counter[str] = Counter()

    def note(self, source: str) -> None:
        """One more refusal from this address."""
        known = source in self._refused or len(self._refused) < MOST_SOURCES
        self._refused[source if known else ELSEWHERE] += 1

    async def write_down(self) -> None:
        """Record what was counted since the last time."""
        counted, self._refused = self._refused, Counter()
        if not counted:
            return
        async with self._works.system("web.visitors") as work:
            for source, count in sorted(counted.items()):
                work.record(_refusals(source, count))

    async def write_down_each_minute(self) -> None:
        """Record for as long as the process runs."""
        while True:
            await asyncio.sleep(60)
            try:
                await self.write_down()
            except Exception:
                log.exception("visitors.not_recorded")


def _refusals(source: str, count: int) -> Fact:
    return Fact(
        "access.denied",
        "request",
        "anonymous",
        outcome="denied",
        reason="No valid token was sent.",
        context={"count": count},
        personal={"source": source},
    )
