"""Keys, disk and folders: what can be seen without asking anybody."""

import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from aei_marketplace.examination.finding import Finding
from aei_marketplace.launcher.errors import LaunchError
from aei_marketplace.launcher.unfinished import require_finished
from aei_marketplace.settings import Settings
from aei_marketplace.wiring import master_key_files

#: What a disk should have left: a share of it, and at least so many bytes.
LEAST_SHARE, LEAST_FREE = 0.10, 2 * 2**30
_BACKUPS = "aei-backup-*.tar"


def look_at_keys(settings: Settings) -> Finding:
    """Whether the keys are for their owner alone, and nowhere where backups lie."""
    master = master_key_files(settings).path
    loose = [str(path) for path in _key_files(settings, master) if stat.S_IMODE(path.stat().st_mode) & 0o077]
    if loose:
        return Finding("keys", False, f"others can read {', '.join(loose)}: chmod 600 them")
    beside = [
        path for folder in {master.parent, settings.keys, settings.data} for path in folder.glob(_BACKUPS)
    ]
    if beside:
        detail = (
            f"{beside[0]} lies beside the key that opens it: keep backups and keys apart, on another disk"
        )
        return Finding("keys", False, detail)
    return Finding("keys", True, f"{settings.keys}: readable by their owner only")


def look_at_disk(settings: Settings) -> Finding:
    """Whether there is room left where the data is."""
    place = settings.data if settings.data.exists() else settings.data.parent
    usage = shutil.disk_usage(place if place.exists() else "/")
    told = f"{usage.free / 2**30:,.1f} of {usage.total / 2**30:,.1f} GiB free in {settings.data}"
    if usage.free < LEAST_FREE or usage.free < LEAST_SHARE * usage.total:
        return Finding(
            "disk", False, f"{told}: a database that finds no room stops; make room or move the data"
        )
    return Finding("disk", True, told)


def look_at_restore(settings: Settings) -> Finding:
    """Whether the data folder is whole."""
    try:
        require_finished(settings)
    except LaunchError as error:
        return Finding("data", False, str(error))
    return Finding("data", True, f"{settings.data} is whole")


def look_at_checkpoints(settings: Settings) -> Finding:
    """Whether signed tree heads are kept where the owner of the data cannot rewrite them."""
    if settings.checkpoints.is_relative_to(settings.data):
        detail = (
            f"{settings.checkpoints} is the only place of the signed tree heads: whoever writes there can "
            "put a rewritten log and its heads in their place. Copy them elsewhere, or name another folder "
            "with AEI_CHECKPOINTS_FOLDER"
        )
        return Finding("checkpoints", False, detail)
    if not settings.checkpoints.is_dir():
        return Finding("checkpoints", False, f"{settings.checkpoints} does not exist: is it mounted?")
    return Finding("checkpoints", True, f"kept in {settings.checkpoints}, apart from the data")


def _key_files(settings: Settings, master: Path) -> Iterator[Path]:
    folder = sorted(settings.keys.iterdir()) if settings.keys.is_dir() else []
    yield from (path for path in folder if path.is_file())
    if master.parent != settings.keys:
        yield from sorted(path for path in master.parent.glob(f"{master.name}*") if path.is_file())
