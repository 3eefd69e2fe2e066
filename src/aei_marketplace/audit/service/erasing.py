"""Erasing a person: their account, and what identifies them in the log. Every hash and proof stays."""

import asyncio
from uuid import UUID

from aei_marketplace.accounts import service as accounts
from aei_marketplace.audit.errors import ArchiveRefused
from aei_marketplace.audit.rules.archives import entries_about
from aei_marketplace.audit.service.archiving import Archives
from aei_marketplace.audit.store import erasing as store
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.work import Works
from aei_marketplace.notices import service as notices
from aei_marketplace.reviews import service as reviews

JOB = "audit.erase"


async def erase_person(works: Works, archives: Archives, email: str) -> int:
    """Close somebody's account for good and forget who they were, in one transaction.

    Their id stays in the log's entries and leads to nobody. Only a named job can do this: requests have no
    right to delete from the log.

    Returns:
        How many personal values were erased from the log.

    Raises:
        NoSuchUser: nobody has that address.
        LastAdmin: nobody else could operate the marketplace.
        ArchiveRefused: an archive cannot be read, so that it is unknown what in it is theirs; nothing was
            erased.
    """
    async with works.system(JOB) as work:
        user_id = await accounts.find_user(work, email)
        names = await store.archive_names(work)
    archived = await asyncio.to_thread(_archived, archives, list(names), user_id)
    async with works.system(JOB) as work:
        work.actor.require("audit.read_all")
        address = await accounts.erase_account(work, user_id)
        await notices.forget_person(work, user_id)
        await reviews.forget_person(work, user_id)
        erased = await store.erase(work, user_id, address, archived)
        work.record(Fact("user.erase", "user", str(user_id), context={"values": erased}))
    return erased


def _archived(archives: Archives, names: list[str], user_id: UUID) -> list[UUID]:
    found = []
    for name in names:
        try:
            found += entries_about(archives.lines(name), user_id)
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise ArchiveRefused(
                f"{archives.place(name)} cannot be read ({error}), and it may hold entries of theirs. "
                "Nothing was erased. Put it back, or say with --archives where it lies."
            ) from error
    return found
