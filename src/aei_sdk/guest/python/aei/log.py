"""Lines for whoever runs the plugin. The host caps their total size."""

from wit_world.imports import log as _host


def debug(message: object) -> None:
    """A detail that helps to find a fault."""
    _host.log("debug", str(message))


def info(message: object) -> None:
    """Something that happened as it should."""
    _host.log("info", str(message))


def warn(message: object) -> None:
    """Something that is not as it should be, and went on."""
    _host.log("warn", str(message))


def error(message: object) -> None:
    """Something that failed."""
    _host.log("error", str(message))
