"""What the foot of every page says of the public log."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from fastapi import Request

from aei_marketplace.catalog import service
from aei_marketplace.ground.actor import ANONYMOUS
from aei_marketplace.web.requests import deps_of
from aei_marketplace.web.shell.frame import LogState

#: The log is looked at no more often than this; every page shows it.
LOOK_EVERY = timedelta(seconds=15)
_CHECKPOINT = "/api/log/checkpoint"


@dataclass(frozen=True, slots=True)
class _Seen:
    at: datetime
    state: LogState | None


async def find_log_state(request: Request) -> LogState | None:
    """When the public log was signed last, as this process saw it a moment ago; None before that."""
    deps, kept = deps_of(request), getattr(request.app.state, "log_seen", None)
    now = deps.works.clock()
    if kept is None or now - kept.at >= LOOK_EVERY:
        async with deps.works.begin(ANONYMOUS, request.state.trace_id) as work:
            signed = await service.log_signed(work)
        state = None if signed is None else LogState(signed.size, signed.at, _CHECKPOINT)
        kept = request.app.state.log_seen = _Seen(now, state)
    found: LogState | None = kept.state
    return found
