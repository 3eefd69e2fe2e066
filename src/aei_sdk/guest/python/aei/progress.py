"""How far the work has come, shown live."""

from wit_world.imports import progress as _host


def report(fraction: float, message: str = "") -> None:
    """Tell that this `fraction` (0 to 1) of the work is done."""
    _host.report(fraction, message)
