"""What counts as seen and clicked, and what the counts say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

#: Words in the names of programs that read pages by themselves.
_ROBOTS = (
    *("bot", "crawl", "spider", "slurp", "preview", "fetch", "monitor", "headlesschrome", "curl/", "wget/"),
    *("python-requests", "aiohttp", "httpx", "go-http-client", "java/", "okhttp"),
)


@dataclass(frozen=True, slots=True)
class Clicks:
    """How often something was shown and opened."""

    impressions: int = 0
    clicks: int = 0

    @property
    def rate(self) -> float | None:
        """Clicks for each impression; None where nothing was shown."""
        return self.clicks / self.impressions if self.impressions else None

    def __add__(self, other: "Clicks") -> "Clicks":
        return Clicks(self.impressions + other.impressions, self.clicks + other.clicks)


def is_reader(headers: Mapping[str, str]) -> bool:
    """Whether a request's headers speak of somebody who looks at the page now.

    Browsers that load a page ahead say so: `Sec-Purpose: prefetch` (Fetch Standard), or `Purpose` and
    `X-Moz` in older ones. Robots name themselves in `User-Agent`; who sends none is no browser.
    """
    ahead = " ".join(headers.get(name, "") for name in ("sec-purpose", "purpose", "x-moz")).lower()
    if "prefetch" in ahead or "prerender" in ahead or "preview" in ahead:
        return False
    agent = headers.get("user-agent", "").lower()
    return bool(agent) and not any(word in agent for word in _ROBOTS)


def by_day(counted: Mapping[date, Clicks], last: date, days: int) -> Sequence[Clicks]:
    """The counts of so many days up to the last, with nothing for days without any."""
    first = last - timedelta(days=days - 1)
    return [counted.get(first + timedelta(days=n), Clicks()) for n in range(days)]
