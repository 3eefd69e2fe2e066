"""When something is sent again, and when it is given up."""

from datetime import UTC, datetime, time, timedelta

#: With the pauses below: about a day from the first attempt to the last.
MOST_ATTEMPTS = 12
FIRST_PAUSE, LONGEST_PAUSE, GROWTH = timedelta(seconds=10), timedelta(hours=6), 3
#: Each pause is longer or shorter by up to this share, so that what failed together is not retried together.
JITTER = 0.2
#: Daily mails are sent at this hour, UTC.
DAILY_HOUR = 6


def next_attempt(attempts: int, now: datetime, chance: float) -> datetime | None:
    """When to try again after so many attempts; None when it is given up.

    Args:
        attempts: made so far, at least 1.
        chance: from 0 to 1.
    """
    if attempts >= MOST_ATTEMPTS:
        return None
    pause = min(FIRST_PAUSE * float(GROWTH ** (attempts - 1)), LONGEST_PAUSE)
    return now + pause * (1 + JITTER * (2 * chance - 1))


def next_digest(now: datetime) -> datetime:
    """When the next daily mail is sent."""
    today = datetime.combine(now.astimezone(UTC).date(), time(DAILY_HOUR), UTC)
    return today if now < today else today + timedelta(days=1)
