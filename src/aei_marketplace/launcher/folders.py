"""The folders that the marketplace works in, made with rights that keep others out."""

import contextlib
import os
from pathlib import Path

from aei_marketplace.launcher.errors import LaunchError
from aei_marketplace.settings import Settings


def make_folders(settings: Settings) -> None:
    """Make every folder that is missing and refuse one that is not ours.

    Raises:
        LaunchError: a folder cannot be made, or belongs to somebody else.
    """
    # Root's servers give up their rights and still have to pass; nobody else's do.
    passable = 0o711 if os.geteuid() == 0 else 0o700
    _make(settings.data, passable)
    for folder in (
        settings.objects,
        settings.keys,
        settings.run,
        settings.logs,
        settings.build,
    ):
        _make(folder, 0o700)
    _make(settings.runtime, passable)


def leave_runtime(settings: Settings) -> None:
    """Remove the folders of the sockets, unless something is still in them."""
    for folder in (settings.postgres_sockets, settings.runtime):
        # What is left there belongs to a process that did not end by itself; the next start reuses it.
        with contextlib.suppress(OSError):
            folder.rmdir()


def _make(folder: Path, mode: int) -> None:
    try:
        folder.mkdir(mode=mode, parents=True, exist_ok=True)
        # In a folder that all may write to, the name may have been taken by another user's folder or link.
        owners = {folder.lstat().st_uid, folder.stat().st_uid}
        if owners != {os.geteuid()}:
            raise LaunchError(
                f"{folder} belongs to user id {max(owners)}, not to you ({os.geteuid()}). "
                "Run as that user, or choose another folder with --data or AEI_RUNTIME."
            )
        folder.chmod(mode)
    except OSError as error:
        raise LaunchError(
            f"{folder} cannot be used: {error.strerror}. Choose another folder with --data."
        ) from error
