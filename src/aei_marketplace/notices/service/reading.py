"""What a reader sees of their notices, and what they have read."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.db import Database
from aei_marketplace.ground.errors import Fault, Invalid, NotSignedIn
from aei_marketplace.ground.paging import Page, PageWanted, as_moment_and_id
from aei_marketplace.ground.work import Work
from aei_marketplace.notices.errors import NoSuchNotice
from aei_marketplace.notices.rules.kind import Severity
from aei_marketplace.notices.rules.kinds import KINDS
from aei_marketplace.notices.rules.notices import WrittenNotice
from aei_marketplace.notices.rules.preferences import hidden_kinds, optional_kinds
from aei_marketplace.notices.store import notices as store
from aei_marketplace.notices.store import preferences as preferences_store
from aei_marketplace.notices.store.notices import Wanted


@dataclass(frozen=True, slots=True)
class Inbox:
    """A page of notices, and how many are unread in all."""

    page: Page
    unread: int


@dataclass(frozen=True, slots=True)
class News:
    """How a reader's notices stand.

    Attributes:
        latest: the one that occurred last.
    """

    unread: int
    latest: WrittenNotice | None


async def list_notices(
    work: Work,
    wanted: PageWanted,
    *,
    unread: bool = False,
    kind: str | None = None,
    severity: Severity | None = None,
) -> Inbox:
    """The actor's notices, the latest first.

    Raises:
        NotSignedIn: nobody is signed in.
        Invalid: there is no such kind, or the cursor is of another list.
    """
    readable = await _readable(work, kinds=_kinds(kind, severity), unread=unread)
    rows = await store.find_page(work, readable, wanted.position(as_moment_and_id), wanted.limit)
    page = wanted.page(rows, await store.count(work, readable), lambda n: [n.last_at, n.id])
    return Inbox(page, await store.count(work, await _readable(work, unread=True)))


async def count_unread(database: Database, actor: Actor) -> int:
    """How many of an actor's notices are unread, at once and in no work: every page asks.

    Raises:
        NotSignedIn: nobody is signed in.
    """
    reader_of(actor)
    return await store.count_unread(database.quick, actor, optional_kinds())


async def news(work: Work) -> News:
    """How the actor's notices stand, in short.

    Raises:
        NotSignedIn: nobody is signed in.
    """
    unread = await store.count(work, await _readable(work, unread=True))
    latest = await store.find_page(work, await _readable(work), None, 1)
    return News(unread, latest[0] if latest else None)


async def mark_read(work: Work, notice_id: UUID) -> WrittenNotice:
    """Write down that the actor has read a notice; doing so again changes nothing.

    Raises:
        NotSignedIn: nobody is signed in.
        NoSuchNotice: there is none for them.
    """
    everything = await _readable(work)
    await store.mark_read(work, await _readable(work, unread=True), work.now, notice_id)
    found = await store.find_readable(work, everything, notice_id)
    if found is None:
        raise NoSuchNotice(f"There is no notice {notice_id} for you.")
    return found


async def mark_all_read(work: Work, up_to: datetime | None = None) -> int:
    """Write down that the actor has read all their notices; how many were unread.

    Args:
        up_to: what occurred later stays unread; what the reader saw, not what came meanwhile.

    Raises:
        NotSignedIn: nobody is signed in.
        Invalid: the moment has no time zone.
    """
    if up_to is not None and up_to.tzinfo is None:
        raise Invalid("The moment is not one.", faults=[Fault("/up_to", "an RFC 3339 time with its zone")])
    moment = work.now if up_to is None else min(up_to, work.now)
    return await store.mark_read(work, await _readable(work, unread=True), moment)


def reader_of(actor: Actor) -> UUID:
    """Whose notices an actor reads.

    Raises:
        NotSignedIn: nobody is signed in.
    """
    if actor.id is None:
        raise NotSignedIn("Notices are for people and services with an account.")
    return actor.id


async def _readable(work: Work, *, kinds: Collection[str] | None = None, unread: bool = False) -> Wanted:
    reader = reader_of(work.actor)
    hidden = hidden_kinds(await preferences_store.find(work, reader))
    return Wanted(reader, work.actor.actions, hidden, unread, kinds)


def _kinds(kind: str | None, severity: Severity | None) -> Collection[str] | None:
    if kind is not None and kind not in KINDS:
        raise Invalid("There is no such kind.", faults=[Fault("kind", f"one of {', '.join(KINDS)}")])
    if kind is None and severity is None:
        return None
    return [k.name for k in KINDS.values() if kind in (None, k.name) and severity in (None, k.severity)]
