"""All areas of a host: opened with their first use, shared by the executions of one installation."""

import asyncio
import os
import re
import secrets
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from aei_sandbox.broker.files.area import Area, AreaEnded, open_kept, open_scratch, synchronise

#: Tenants and installations give folders their names, so they are spelled like ids and nothing else.
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
#: Folders of the host's own; no tenant's id begins so.
_SCRATCH, _FORGOTTEN = ".scratch", ".forgotten"

T = TypeVar("T")


class NoPlace(Exception):
    """This host keeps no files, or none under such an id."""


@dataclass(slots=True)
class _Held:
    area: Area
    holders: int = 0
    closing: int = 0


class Cabinet:
    """The areas, and the threads in which their files are read and written.

    Args:
        folder: where areas that last are kept, made by `open_folder`; None keeps none.
        threads: most calls at once; the rest wait.
    """

    def __init__(self, folder: Path | None, threads: int) -> None:
        self._folder = folder
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="files")
        self._held: dict[tuple[str, str], _Held] = {}
        #: Ids do not return: what still runs must not make a removed area anew.
        self._forgotten: set[tuple[str, str]] = set()

    def do(self, work: Callable[[], T]) -> "asyncio.Future[T]":
        """Do what may block; it is done to its end even when nobody waits for it."""
        return asyncio.get_running_loop().run_in_executor(self._threads, work)

    def scratch(self) -> Area:
        """A new area for one execution; end it with the execution."""
        return Area(partial(open_scratch, self._folder and self._folder / _SCRATCH))

    def take(self, tenant: str, installation: str) -> Area:
        """The area that an installation keeps; give it back.

        Raises:
            NoPlace: this host keeps none for it.
            AreaEnded: it was forgotten.
        """
        folder, key = self._place(tenant, installation), (tenant, installation)
        if key in self._forgotten:
            raise AreaEnded
        held = self._held.get(key)
        if held is None:
            held = self._held[key] = _Held(Area(partial(open_kept, folder)))
        held.holders += 1
        return held.area

    async def give_back(self, tenant: str, installation: str) -> None:
        """Let go of an area that was taken; when this returns the disk holds what was written.

        Raises:
            sqlite3.Error, OSError: it does not.
        """
        held = self._held.get((tenant, installation))
        if held is None:
            return  # forgotten meanwhile
        held.holders -= 1
        if held.holders:
            await self.do(held.area.settle)
            return
        held.closing += 1
        try:
            await self.do(held.area.close)
        finally:
            held.closing -= 1
            # Whoever took it meanwhile has it still: an area never has two connections here.
            if not held.holders and not held.closing:
                self._held.pop((tenant, installation), None)

    async def forget(self, tenant: str, installation: str) -> None:
        """Remove an installation's area for good; nothing happens when there is none.

        Raises:
            NoPlace: the ids are none.
            OSError: it cannot be removed.
        """
        if self._folder is None:
            return
        place = self._place(tenant, installation)
        self._forgotten.add((tenant, installation))
        held = self._held.pop((tenant, installation), None)
        if held is not None:
            await self.do(held.area.end)
        await self.do(partial(_remove, place, self._folder))

    def close(self) -> None:
        """End the threads; every area was given back before."""
        self._threads.shutdown()

    def _place(self, tenant: str, installation: str) -> Path:
        if self._folder is None:
            raise NoPlace("this host keeps no files")
        if not (_ID.fullmatch(tenant) and _ID.fullmatch(installation)):
            raise NoPlace("files are kept for installations only")
        return self._folder / tenant / installation


def open_folder(folder: Path) -> Path:
    """Create the folder of all areas, or take it over, for this user alone; its absolute path.

    What a killed host was about to remove is removed.

    Raises:
        PermissionError: it belongs to somebody else.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if folder.stat().st_uid != os.geteuid():
        raise PermissionError(f"{folder} belongs to another user, who could read the files in it")
    folder.chmod(0o700)
    for unfinished in folder.glob(f"{_FORGOTTEN}-*"):
        shutil.rmtree(unfinished)
    (folder / _SCRATCH).mkdir(mode=0o700, exist_ok=True)
    for unfinished in (folder / _SCRATCH).iterdir():
        unfinished.unlink(missing_ok=True)
    return folder.resolve()


def _remove(place: Path, folder: Path) -> None:
    """Out of sight in one step, then piece by piece."""
    unseen = folder / f"{_FORGOTTEN}-{secrets.token_hex(8)}"
    try:
        place.rename(unseen)
    except FileNotFoundError:
        return
    synchronise(place.parent)
    shutil.rmtree(unseen)
