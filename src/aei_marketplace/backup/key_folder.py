"""The folder of keys: what of it belongs into a wrapped copy, and how a copy comes back."""

import os
import re
from pathlib import Path

from aei_marketplace.adapters.master_key_files import MasterKeyFiles
from aei_marketplace.backup.errors import BackupDamaged, CannotBackUp
from aei_marketplace.backup.wrapped_keys import Keys
from aei_marketplace.settings import Settings
from aei_marketplace.wiring import master_key_files

#: Passwords of this installation's database and tokens of its seed: another one makes its own.
_OF_THIS_INSTALLATION = re.compile(r"database.*|seed-.*|master\.key.*|.*\.partial|\..*")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,60}")


def read_keys(settings: Settings) -> Keys:
    """Every key that another installation would need to go on as this one.

    Raises:
        CannotBackUp: one cannot be read.
    """
    try:
        master = list(present_master_keys(master_key_files(settings)))
        others = {path.name: path.read_bytes() for path in _others(settings.keys)}
    except (OSError, ValueError) as error:
        raise CannotBackUp(
            f"A key cannot be read: {error}. Run as the user who runs the marketplace."
        ) from error
    return Keys(master, others)


def present_master_keys(files: MasterKeyFiles) -> tuple[bytes, ...]:
    """The master keys that are there, none included.

    Raises:
        OSError, ValueError: one is there and cannot be used.
    """
    return files.read() if files.path.exists() else ()


def put_keys(settings: Settings, keys: Keys) -> list[str]:
    """Put keys of a wrapped copy where they are missing; what is there already stays as it is.

    Returns:
        What was put, in words.

    Raises:
        BackupDamaged: the copy holds a file that is none of the keys' folder.
    """
    unfit = [
        name for name in keys.others if not _NAME.fullmatch(name) or _OF_THIS_INSTALLATION.fullmatch(name)
    ]
    if unfit:
        raise BackupDamaged(f"The wrapped keys hold the file {unfit[0]!r}, which is no key.")
    done = _put_master_keys(master_key_files(settings), keys.master)
    settings.keys.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, content in keys.others.items():
        if put_file(settings.keys / name, content):
            done.append(name)
    return done


def _put_master_keys(files: MasterKeyFiles, keys: list[bytes]) -> list[str]:
    done = []
    if keys and not files.path.exists():
        files.make(keys[0])
        done.append(files.path.name)
    there = set(present_master_keys(files))
    # The oldest first: files keep their order by time.
    for key in reversed([key for key in keys if key not in there]):
        files.keep(key)
        done.append(f"an older {files.path.name}")
    return done


def put_file(path: Path, content: bytes) -> bool:
    """Write a file for its owner alone, whole or not at all; False when there is one already."""
    half = path.with_name(f".{path.name}.{os.getpid()}")
    half.unlink(missing_ok=True)
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(half, path)
    except FileExistsError:
        return False
    finally:
        half.unlink()
    return True


def _others(folder: Path) -> list[Path]:
    files = (path for path in folder.iterdir() if path.is_file()) if folder.is_dir() else ()
    return sorted(path for path in files if not _OF_THIS_INSTALLATION.fullmatch(path.name))
