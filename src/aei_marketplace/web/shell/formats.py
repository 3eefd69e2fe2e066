"""How values read on pages: times, numbers, sizes, money, digests."""

import unicodedata
from datetime import UTC, datetime, timedelta
from typing import Any

from markupsafe import Markup

from aei_marketplace.ground.money import exponents

_STEPS = ((60, "second"), (60, "minute"), (24, "hour"), (30, "day"))
#: Line breaks, tabs, soft hyphens, and the joiners that Persian, Indic scripts and emoji need.
_KEPT = "\n\t\u00ad\u200c\u200d"
#: Shown in the place of a character that would steer how its neighbours are read.
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def exact_time(moment: datetime) -> str:
    """`22 November 2026, 17:45 UTC`."""
    utc = moment.astimezone(UTC)
    return f"{utc.day} {utc:%B %Y, %H:%M} UTC"


def exact_date(moment: datetime) -> str:
    """`22 November 2026`, in UTC."""
    utc = moment.astimezone(UTC)
    return f"{utc.day} {utc:%B %Y}"


def machine_time(moment: datetime) -> str:
    """What stands in the `datetime` attribute: `2026-11-22T17:45:41Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def relative_time(moment: datetime, now: datetime) -> str:
    """`3 hours ago`, `in 2 days`; beyond 30 days the date itself."""
    distance = moment - now
    if abs(distance) < timedelta(seconds=45):
        return "just now"
    if abs(distance) >= timedelta(days=30):
        utc = moment.astimezone(UTC)
        return f"{utc.day} {utc:%b %Y}"
    amount = _largest_unit(abs(distance).total_seconds())
    return f"in {amount}" if distance > timedelta(0) else f"{amount} ago"


def _largest_unit(amount: float) -> str:
    for size, unit in _STEPS:
        if round(amount) < size or unit == "day":
            break
        amount /= size
    return counted(round(amount), unit)


def counted(count: int, one: str, many: str | None = None) -> str:
    """`1 token`, `2 tokens`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def number(value: int) -> str:
    """`12,345`."""
    return f"{value:,}"


def short_number(value: int) -> str:
    """`987`, `3.1k`, `12M`: for places where the order of magnitude is what counts."""
    scaled, unit = float(value), ""
    for larger in ("k", "M", "G"):
        if scaled < 999.5:
            break
        scaled, unit = scaled / 1000, larger
    return f"{scaled:.1f}{unit}" if unit and scaled < 9.95 else f"{scaled:.0f}{unit}"


def size(count: int) -> str:
    """`812 bytes`, `1.4 MB`; powers of a thousand."""
    if count < 1000:
        return counted(count, "byte")
    scaled, unit = count / 1000, "kB"
    for larger in ("MB", "GB", "TB"):
        if scaled < 999.5:
            break
        scaled, unit = scaled / 1000, larger
    return f"{scaled:.1f} {unit}"


def money(amount_minor: int, currency: str) -> str:
    """`USD 12,345.60`; exact, whatever the size of the minor unit."""
    digits = exponents().get(currency, 2)
    sign, whole = ("−" if amount_minor < 0 else ""), abs(amount_minor)
    fraction = f".{whole % 10**digits:0{digits}}" if digits else ""
    return f"{currency} {sign}{whole // 10**digits:,}{fraction}"


def short_digest(digest: str) -> str:
    """Enough of a digest to tell it from others at a glance."""
    return digest[:12]


def shown(value: Any) -> Any:
    """What a template prints for a value: nothing for None, and no text that steers its neighbours.

    A name may hold controls that turn the direction of writing or hide what follows; each is replaced, so
    that `gpj.exe` in reverse does not read as a picture.
    """
    if value is None:
        return ""
    if isinstance(value, str) and not isinstance(value, Markup):
        return harmless(value)
    return value


def harmless(text: str) -> str:
    """A text whose control and format characters are replaced, but for those that writing needs."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(REPLACEMENT if _steers(letter) else letter for letter in text)


def _steers(letter: str) -> bool:
    return letter not in _KEPT and unicodedata.category(letter) in ("Cc", "Cf")
