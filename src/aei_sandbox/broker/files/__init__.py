"""The capability `files` of one execution: what was granted is checked at each call.

Shapes as in `wit/files.wit`. Each write is whole or absent, and stays, however the execution ends.
"""

import asyncio
import json
import logging
import sqlite3
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from aei_protocol.limits import MIB
from aei_protocol.messages import Execute
from aei_sandbox.broker.answers import Answer, failure
from aei_sandbox.broker.denials import Denials
from aei_sandbox.broker.files.area import (
    LARGEST_FILE,
    Area,
    AreaEnded,
    NoSuchFile,
    QuotaExceeded,
    TooLarge,
)
from aei_sandbox.broker.files.cabinet import Cabinet, NoPlace
from aei_sandbox.broker.files.names import (
    AREAS,
    PERSISTENT,
    SCRATCH,
    BadPath,
    checked_folder,
    checked_name,
    split_area,
)

_log = logging.getLogger(__name__)

T = TypeVar("T")


class NotGranted(Exception):
    """The execution does not hold this area."""


class Files:
    """The two areas of one execution; in a rehearsal neither lasts.

    Args:
        execution: who runs, and what is granted.
        cabinet: where areas are kept.
        denials: counts what is refused.
        used: permissions that were exercised.
    """

    def __init__(self, execution: Execute, cabinet: Cabinet, denials: Denials, used: set[str]) -> None:
        held = execution.capabilities
        self._quota = {SCRATCH: held.scratch_mib * MIB, PERSISTENT: held.persistent_mib * MIB}
        self._execution = execution
        self._cabinet = cabinet
        self._denials = denials
        self._used = used
        self._open: dict[str, Area] = {}
        self._doing: asyncio.Future[Any] | None = None

    async def call(self, function: str, path: str, *content: str) -> Answer:
        """Do one call; refusals and failures are typed errors, never raised."""
        try:
            return True, await self._do(function, path, *content)
        except NotGranted as refusal:
            return failure("denied", str(refusal))
        except BadPath as error:
            return failure("invalid", str(error))
        except TooLarge:
            return failure("invalid", f"a file has at most {LARGEST_FILE} bytes")
        except NoSuchFile:
            return failure("not_found", "there is no such file")
        except QuotaExceeded as error:
            return failure("quota", str(error))
        except NoPlace as error:
            return failure("failed", str(error))
        except AreaEnded:
            return failure("failed", "the files of this installation were removed")
        except (sqlite3.Error, OSError) as error:
            self._complain(function, error)
            return failure("failed", "the files cannot be reached now")

    @property
    def opened(self) -> bool:
        """Whether an area was used, and is to be closed."""
        return bool(self._open)

    async def close(self) -> None:
        """Let go of both areas; the disk then holds what was written to the one that lasts."""
        if self._doing is not None:
            # The execution may have ended in the middle of a call.
            await asyncio.wait((self._doing,))
        try:
            if PERSISTENT in self._open and self._lasts(PERSISTENT):
                await self._cabinet.give_back(self._execution.tenant, self._execution.installation)
            for name in self._open:
                if not self._lasts(name):
                    await self._cabinet.do(self._open[name].end)
        except (sqlite3.Error, OSError) as error:
            self._complain("settling", error)

    async def _do(self, function: str, path: str, *content: str) -> str:
        area, rest = self._admit(path)
        self._used.add("filesystem")
        if function == "list":
            return await self._wait_for(partial(_listing, self._area(area), area, checked_folder(rest)))
        name, files = checked_name(rest), self._area(area)
        match function:
            case "read":
                return await self._wait_for(partial(files.read, name))
            case "write":
                await self._wait_for(partial(files.write, name, content[0], self._quota[area]))
            case "delete":
                await self._wait_for(partial(files.delete, name))
        return ""

    async def _wait_for(self, work: Callable[[], T]) -> T:
        self._doing = doing = self._cabinet.do(work)
        return await asyncio.shield(doing)

    def _admit(self, path: str) -> tuple[str, str]:
        """The granted area that a path leads to, and the rest of it."""
        area, rest = split_area(path)
        if self._quota.get(area):
            return area, rest
        if area not in AREAS and any(self._quota.values()):
            raise BadPath(f"a path begins with {SCRATCH}/ or {PERSISTENT}/")
        # By area only: names are the guest's own matter.
        target = area if area in AREAS else "*"
        self._denials.add("filesystem", target)
        what = "the permission filesystem" if target == "*" else f"the area {area}"
        raise NotGranted(f"{what} is not granted")

    def _area(self, name: str) -> Area:
        area = self._open.get(name)
        if area is None:
            execution = self._execution
            area = self._open[name] = (
                self._cabinet.take(execution.tenant, execution.installation)
                if self._lasts(name)
                else self._cabinet.scratch()
            )
        return area

    def _lasts(self, name: str) -> bool:
        return name == PERSISTENT and not self._execution.rehearsal

    def _complain(self, doing: str, error: Exception) -> None:
        execution = self._execution
        _log.error(
            "files: %s for installation %s of tenant %s failed: %s: %s",
            doing, execution.installation, execution.tenant, type(error).__name__, error,
        )  # fmt: skip


def _listing(files: Area, area: str, prefix: str) -> str:
    found = [{"path": f"{area}/{name}", "size": size} for name, size in files.list(prefix)]
    return json.dumps(found, ensure_ascii=False)
