"""The mark that a restore leaves in the data folder until it is done: what stands there is half of it."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from aei_marketplace.ground.durability import flush_to_disk
from aei_marketplace.launcher.errors import LaunchError
from aei_marketplace.settings import Settings


@dataclass(frozen=True, slots=True)
class Mark:
    """Which restore is under way.

    Attributes:
        backup: the backup's id.
        source: the file that it came from.
    """

    backup: str
    source: str


class RestoreUnfinished(LaunchError):
    """The data folder holds half of a restored marketplace."""


def mark_file(settings: Settings) -> Path:
    """Where the mark lies."""
    return settings.run / "restore.json"


def read_mark(settings: Settings) -> Mark | None:
    """The mark, or None when no restore is under way.

    Raises:
        RestoreUnfinished: there is one that cannot be read.
    """
    try:
        content = json.loads(mark_file(settings).read_text("utf-8"))
        return Mark(str(content["backup"]), str(content["source"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RestoreUnfinished(
            f"{mark_file(settings)} cannot be read ({error!r}), so a restore into {settings.data} was not "
            "finished. Restore into a new folder."
        ) from error


def write_mark(settings: Settings, mark: Mark) -> None:
    """Leave the mark, on the disk before anything else is."""
    path = mark_file(settings)
    half = path.with_suffix(".partial")
    with half.open("w", encoding="utf-8") as file:
        json.dump({"backup": mark.backup, "source": mark.source}, file)
        file.flush()
        os.fsync(file.fileno())
    half.rename(path)
    flush_to_disk(path.parent)


def remove_mark(settings: Settings) -> None:
    """Say that the restore is done; call it when all of it is on the disk."""
    mark_file(settings).unlink()
    flush_to_disk(mark_file(settings).parent)


def require_finished(settings: Settings) -> None:
    """Refuse to work on half of a marketplace.

    Raises:
        RestoreUnfinished: a restore was interrupted.
    """
    mark = read_mark(settings)
    if mark is not None:
        raise RestoreUnfinished(
            f"A restore into {settings.data} was interrupted, so only a part of it is there. Run it again: "
            f"aei-marketplace restore {mark.source} --data {settings.data}"
        )
