"""Restores or takes a backup, or replaces data keys, and stops where the test wants to kill it.

Arguments: `restore`, `backup` or `replace`, the data folder, the server's URL, the backup, the stage to
stop in, and after how many steps of it.
"""

import asyncio
import sys
import time
from pathlib import Path

from aei_marketplace.backup.archive import open_archive
from aei_marketplace.backup.key_rotation import replace_data_keys
from aei_marketplace.backup.progress import Advance
from aei_marketplace.backup.restoring import require_restorable, restore
from aei_marketplace.backup.taking import Wanted, take_backup
from aei_marketplace.backup.wrapped_keys import unwrap_keys
from aei_marketplace.settings import Settings
from tests.backup.conftest import PASSPHRASE


class Stopping:
    """Tells the test when it has come so far, and waits there for its end."""

    def __init__(self, stage: str, steps: int) -> None:
        self._stage, self._left = stage, steps

    def stage(self, name: str, total: int | None = None) -> Advance:
        if name != self._stage:
            return lambda _: None
        self._stop_at_last()
        return lambda _: self._stop_at_last()

    def _stop_at_last(self) -> None:
        if self._left == 0:
            print("here", flush=True)
            time.sleep(600)
        self._left -= 1


def main() -> None:
    do, data, server, path, stage, steps = sys.argv[1:]
    settings = Settings(data=Path(data), runtime=Path(data) / "r", database_url=server, seed="none")
    stopping = Stopping(stage, int(steps))
    if do == "backup":
        asyncio.run(take_backup(settings, Wanted(Path(path), PASSPHRASE), stopping))
        return
    if do == "replace":
        asyncio.run(replace_data_keys(settings, stopping))
        return
    with open_archive(Path(path)) as archive:
        keys = unwrap_keys(archive.keys or b"", PASSPHRASE)
        require_restorable(settings, archive, keys, without_keys=False)
        asyncio.run(restore(settings, archive, keys, Path(path), stopping))


if __name__ == "__main__":
    main()
