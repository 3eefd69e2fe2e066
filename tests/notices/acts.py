"""What tests of notices do again and again."""

import asyncio
import email
from collections.abc import Callable
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select

from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.paging import PageWanted
from aei_marketplace.notices import service
from aei_marketplace.notices.models import notices
from aei_marketplace.notices.rules.notices import Audience, Notice, Subject
from aei_marketplace.notices.service import Dispatch, Inbox, Shown, WrittenNotice
from tests.builders import Tenant


def yanked(to: Audience, plugin: str = "acme.echo", reason: str = "counts twice") -> Notice:
    """A notice that is mailed at once and can be switched off."""
    data = {"plugin": plugin, "version": "1.0.0", "reason": reason}
    return Notice("release.yanked", to, Subject("release", f"{plugin}@1.0.0"), data)


def blocked(to: Audience, plugin: str = "acme.echo") -> Notice:
    """A notice that nobody can switch off."""
    data = {"plugin": plugin, "version": "1.0.0", "reason": "steals keys"}
    return Notice("release.blocked", to, Subject("release", f"{plugin}@1.0.0"), data)


def asks_more(to: Audience, plugin: str = "acme.echo") -> Notice:
    """A notice that is mailed once a day."""
    data = {"plugin": plugin, "version": "2.0.0", "present": "1.0.0", "permissions": "network"}
    return Notice("update.asks_more", to, Subject("release", f"{plugin}@2.0.0"), data)


async def tell(deps: Deps, *notices: Notice) -> list[UUID | None]:
    """Write notices as the marketplace itself, each with a cause of its own."""
    written = []
    for notice in notices:
        async with deps.works.system("tests") as work:
            written.append(await service.notify(work, notice))
    return written


async def inbox(deps: Deps, actor: Actor, **wanted: object) -> Inbox:
    """What somebody reads; the bell of every page, which counts in a statement of its own, says the same."""
    async with deps.works.begin(actor) as work:
        found = await service.list_notices(work, PageWanted(), **wanted)  # type: ignore[arg-type]  # the test names real filters
    assert await service.count_unread(deps.works.database, actor) == found.unread
    return found


async def read_by(deps: Deps, actor: Actor) -> list[WrittenNotice]:
    """Somebody's notices."""
    return list((await inbox(deps, actor)).page.items)


async def route(deps: Deps) -> None:
    """Do for every notice what the job process does with its event, twice."""
    async with deps.works.system("tests") as work:
        ids = (await work.run(select(notices.c.id))).scalars().all()
    for notice_id in (*ids, *ids):
        async with deps.works.system("notices.route") as work:
            await service.put_on_its_way(work, notice_id)


async def deliver(deps: Deps) -> None:
    """Send what is due now, in one process, to the end."""
    dispatch = Dispatch(deps)
    while await dispatch.take_up():
        await dispatch.settle()


async def hook(deps: Deps, owner: Tenant | Actor, url: str, *kinds: str, name: str = "ops") -> Shown:
    """Make a webhook."""
    actor = owner.admin if isinstance(owner, Tenant) else owner
    async with deps.works.begin(actor) as work:
        return await service.create_webhook(
            work, deps.master_key, deps.webhooks.is_internal, name, url, kinds
        )


def mails(folder: Path) -> list[EmailMessage]:
    """The messages in a folder, in the order of their making."""
    found = [
        email.message_from_bytes(path.read_bytes(), policy=default) for path in sorted(folder.glob("*.eml"))
    ]
    return [message for message in found if isinstance(message, EmailMessage)]


async def until(condition: Callable[[], object]) -> None:
    """Wait for a condition."""
    for _ in range(3000):
        if condition():
            return
        await asyncio.sleep(0.01)
    pytest.fail("it did not come to that")
