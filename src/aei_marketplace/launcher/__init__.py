"""The supervisor behind `aei-marketplace up`: database, sandbox, web and jobs as its children."""

from pathlib import Path

from aei_marketplace.settings import Settings


def run_up(settings: Settings, ready_file: Path | None = None) -> int:
    """Run the marketplace until it is told to end.

    Args:
        settings: as loaded.
        ready_file: written as `{"url", "tokens", "pids"}` once everything is ready.

    Returns:
        The exit status: 0 after an ordered end, 1 when it could not start or go on.
    """
    # Loaded here: the children run modules of this package, and shall not carry the supervisor along.
    from aei_marketplace.launcher.up import run

    return run(settings, ready_file)
