"""How long a caller wants to wait for what goes on after a request (`Prefer`, RFC 7240)."""

import asyncio
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass

from aei_marketplace.catalog import service
from aei_marketplace.catalog.service import ReleaseState, ReleaseView
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.deps import Deps

USUAL_WAIT_S, LONGEST_WAIT_S = 20, 60
_WAIT = re.compile(r"wait\s*=\s*\"?(\d{1,6})\"?")


@dataclass(frozen=True, slots=True)
class Preferences:
    """What the caller prefers.

    Attributes:
        wait_s: seconds that the answer may take.
        applied: the header that says which preference was followed.
    """

    wait_s: float
    applied: dict[str, str]

    @classmethod
    def read(cls, headers: Sequence[str]) -> "Preferences":
        """Read `respond-async` and `wait=N`; what is not understood is ignored, as the standard has it."""
        named = [preference.strip().lower() for header in headers for preference in header.split(",")]
        waits = [match for preference in named if (match := _WAIT.fullmatch(preference))]
        if waits:
            wait = min(int(waits[0][1]), LONGEST_WAIT_S)
            return cls(wait, {"Preference-Applied": f"wait={wait}"})
        if "respond-async" in named:
            return cls(0, {"Preference-Applied": "respond-async"})
        return cls(USUAL_WAIT_S, {})


async def until_processed(
    deps: Deps, actor: Actor, trace: str, release: ReleaseView, wait_s: float
) -> ReleaseView:
    """The release once it is processed, or as it is when the time is over."""
    deadline, pause = time.monotonic() + wait_s, 0.03
    while release.state is ReleaseState.PROCESSING and time.monotonic() + pause < deadline:
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, 0.5)
        async with deps.works.begin(actor, trace) as work:
            release = await service.find_release(work, release.plugin_id, release.version)
    return release
