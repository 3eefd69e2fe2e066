"""The keys of an installation: rotated, replaced, checked, copied, recovered, pruned."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aei_marketplace.adapters.queue import PostgresQueue
from aei_marketplace.backup.errors import BackupError
from aei_marketplace.backup.key_folder import put_keys
from aei_marketplace.backup.progress import Progress
from aei_marketplace.backup.wrapped_keys import Keys
from aei_marketplace.executions import service as executions
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.db import open_database
from aei_marketplace.ground.master_keys import fingerprint
from aei_marketplace.ground.work import Works
from aei_marketplace.settings import Settings
from aei_marketplace.vault import service as vault
from aei_marketplace.wiring import database_urls, master_key_files, read_master_key

JOB = "keys"


@dataclass(frozen=True, slots=True)
class Use:
    """What the master keys are needed for.

    Attributes:
        keys: their fingerprints, the present one first.
        data_keys, journals: how many are under each.
        values: how many sealed values were opened.
        due: data keys that an interrupted replacement has still to replace.
        shut: what opens with none of them, in words without values.
    """

    keys: list[str]
    data_keys: dict[str, int]
    journals: dict[str, int]
    values: int
    due: int
    shut: list[str]

    @property
    def outdated(self) -> int:
        """Data keys that a rotation has still to wrap again."""
        return sum(number for key, number in self.data_keys.items() if key != self.keys[0])

    @property
    def idle(self) -> list[str]:
        """Older keys that nothing needs any more."""
        return [key for key in self.keys[1:] if not self.data_keys[key] and not self.journals[key]]


@dataclass(frozen=True, slots=True)
class Rotated:
    """What a rotation did.

    Attributes:
        present: the fingerprint of the key that is the present one now.
        resumed: an interrupted rotation was finished, and no further key made.
        done: data keys that were wrapped again.
    """

    present: str
    resumed: bool
    done: int


async def find_use(settings: Settings) -> Use:
    """Open everything that is sealed, and say which key opened it.

    Raises:
        OSError, ValueError: a key cannot be read.
    """
    keys = master_key_files(settings).read()
    async with _works(settings) as works:
        report = await vault.check_keys(works, keys)
        journals, shut = await executions.count_journals(works, keys)
    told = [*report.shut, *([f"{shut} journals of executions"] if shut else [])]
    return Use(list(map(fingerprint, keys)), report.data_keys, journals, report.values, report.due, told)


async def rotate(settings: Settings, progress: Progress) -> Rotated:
    """Make a new master key and wrap every data key with it; an interrupted rotation is finished instead.

    The old key stays beside the new one until nothing needs it.

    Raises:
        BackupError: a data key opens with none of the keys.
        OSError, ValueError: the keys cannot be read or written.
    """
    files = master_key_files(settings)
    use = await find_use(settings)
    async with _works(settings) as works:
        if use.outdated == 0:
            old, new = files.replace()
            context = {"from": fingerprint(old), "to": fingerprint(new)}
            await _record(works, "master_key.rotate", fingerprint(new), context=context)
        keys = files.read()
        advance = progress.stage("data keys", sum(use.data_keys.values()))
        done = await vault.rewrap_data_keys(works, keys, advance)
        told = {"data_keys": done.done, "shut": len(done.shut), "resumed": use.outdated > 0}
        outcome = "failed" if done.shut else "ok"
        await _record(works, "master_key.settle", fingerprint(keys[0]), outcome=outcome, context=told)
    if done.shut:
        raise BackupError(
            f"{len(done.shut)} data keys open with no master key that is here, and were left as they are; "
            f"{done.done} are under the new key. `aei-marketplace keys check` names them, "
            "`aei-marketplace keys recover` brings keys back from a wrapped copy."
        )
    return Rotated(fingerprint(keys[0]), use.outdated > 0, done.done)


async def replace_data_keys(settings: Settings, progress: Progress) -> vault.Resealed:
    """Give every tenant a fresh data key and seal all that the old ones sealed again.

    Raises:
        BackupError: something does not open; whose it is keeps the data key that it had.
        OSError, ValueError: the master key cannot be read.
    """
    use = await find_use(settings)
    async with _works(settings) as works:
        advance = progress.stage("data keys", sum(use.data_keys.values()))
        done = await vault.replace_data_keys(works, read_master_key(settings), advance)
    if done.shut:
        raise BackupError(
            f"{len(done.shut)} data keys seal something that does not open, and were left as they are; "
            f"{done.keys} were replaced. `aei-marketplace keys check` names what is shut, "
            "`aei-marketplace keys recover` brings keys back from a wrapped copy; then run this again."
        )
    return done


async def recover(settings: Settings, keys: Keys) -> list[str]:
    """Put keys of a wrapped copy beside those that are there; nothing is written over.

    Returns:
        What was put, in words.
    """
    put = put_keys(settings, keys)
    async with _works(settings) as works:
        context = {"keys": [fingerprint(key) for key in keys.master], "put": put}
        await _record(
            works, "master_key.recover", fingerprint(master_key_files(settings).read()[0]), context=context
        )
    return put


async def record_copy(settings: Settings, keys: Keys) -> None:
    """Have the audit log say that the keys are about to be copied."""
    async with _works(settings) as works:
        context = {"keys": [fingerprint(key) for key in keys.master]}
        await _record(works, "master_key.copy", fingerprint(keys.master[0]), context=context)


async def prune(settings: Settings) -> list[str]:
    """Delete older keys that nothing needs; call it with the marketplace stopped.

    A process that still holds such a key could otherwise seal with it.

    Returns:
        Their fingerprints.
    """
    files, use = master_key_files(settings), await find_use(settings)
    async with _works(settings) as works:
        for key in files.read()[1:]:
            if fingerprint(key) in use.idle:
                await _record(works, "master_key.prune", fingerprint(key))
                files.drop(key)
    return use.idle


@asynccontextmanager
async def _works(settings: Settings) -> AsyncIterator[Works]:
    urls = database_urls(settings)
    async with open_database(urls.app, urls.system, size=1) as database:
        yield Works(database, PostgresQueue())


async def _record(works: Works, action: str, key: str, **facts: Any) -> None:
    async with works.system(JOB) as work:
        work.actor.require("policy.operate")
        work.record(Fact(action, "master_key", key, **facts))
