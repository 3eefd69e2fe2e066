"""What failed of a publisher's plugins, in words for who can mend it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

#: How far back failures are counted.
LOOKED_BACK = timedelta(days=14)

#: Outcome: what its author can do.
_MENDS: Mapping[str, str] = {
    "guest_error": "It reported an error itself. Try inputs at the edge with `aei plugin test`.",
    "trap": "Its code crashed. Build it with checks on, and try inputs with `aei plugin test`.",
    "cpu_limit": "It computed for too long. Declare a larger `cpu_ms`, or do less in one run.",
    "wall_limit": "It took too long. Declare a larger `wall_ms`, or wait less for others.",
    "memory_limit": "It wanted more memory. Declare more `memory_mib`, or work through its input in pieces.",
    "output_limit": "It returned too much. Declare a larger `output_bytes`, or return less.",
    "host_call_limit": "It called the host too often. Declare more `host_calls`, or ask for more at once.",
    "denied": "It needed what it was not granted. Give the permission a reason, and go on without it.",
    "sandbox_violation": "It did what no plugin can do by ordinary means. The operator looks into it.",
}


@dataclass(frozen=True, slots=True)
class Failure:
    """One way in which a release failed lately.

    Attributes:
        permission: what was denied, for the outcome `denied`: `network`, `secrets` and the like.
        own: how often in the publisher's own tenant.
        elsewhere: how often in others at least, 0 for fewer than ten; None where too few tenants met it
            for that to be told.
        first_day, last_day: between which days (UTC), of what is told.
    """

    plugin_id: str
    version: str
    outcome: str
    permission: str | None
    own: int
    elsewhere: int | None
    first_day: date
    last_day: date

    @property
    def mends(self) -> str:
        """What its author can do about it."""
        return _MENDS[self.outcome]

    @property
    def elsewhere_said(self) -> str:
        """How often in other tenants, in words."""
        if self.elsewhere is None:
            return "not told"
        return f"{self.elsewhere:,} or more" if self.elsewhere else "fewer than 10"
