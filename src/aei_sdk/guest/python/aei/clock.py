"""Time from the host. Python's own `time` traps in a plugin."""

from wit_world.imports import clock as _host


def now() -> float:
    """Seconds since 1970-01-01T00:00:00Z, to the millisecond."""
    return _host.now() / 1000


def monotonic() -> float:
    """Seconds since a point that is fixed for this execution."""
    return _host.monotonic() / 1e9
