"""What `aei-marketplace doctor` looks at: is everything there, and is it safe."""

from aei_marketplace.examination.backups import look_at_backups
from aei_marketplace.examination.books import look_at_books
from aei_marketplace.examination.exposure import look_at_seed, look_at_web
from aei_marketplace.examination.finding import Finding
from aei_marketplace.examination.folders import (
    look_at_checkpoints,
    look_at_disk,
    look_at_keys,
    look_at_restore,
)
from aei_marketplace.examination.notices import look_at_notices
from aei_marketplace.examination.release_log import look_at_release_log
from aei_marketplace.examination.sandbox import look_at_sandbox
from aei_marketplace.examination.scanner import look_at_scanner
from aei_marketplace.settings import Settings

__all__ = ["Finding", "examine"]


async def examine(settings: Settings, backup_days: int = 7) -> list[Finding]:
    """Look at everything; never raises for what is wrong, it says so.

    Args:
        backup_days: how old the last backup may be.
    """
    return [
        look_at_keys(settings),
        look_at_disk(settings),
        look_at_restore(settings),
        *await look_at_books(settings),
        await look_at_release_log(settings),
        await look_at_backups(settings, backup_days),
        look_at_checkpoints(settings),
        *await look_at_notices(settings),
        await look_at_sandbox(settings),
        await look_at_scanner(),
        look_at_web(settings),
        look_at_seed(settings),
    ]
