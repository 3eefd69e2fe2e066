"""Exporting what a search finds, all of it, page by page."""

from collections.abc import AsyncIterator

from aei_marketplace.audit.service.searching import Found, read_page
from aei_marketplace.audit.store.searching import Wanted
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.clock import rfc3339
from aei_marketplace.ground.paging import PageWanted
from aei_marketplace.ground.work import Works

PAGE = 500


async def begin_export(works: Works, actor: Actor, trace_id: str, wanted: Wanted, form: str) -> None:
    """Record that the actor takes entries out.

    Raises:
        NotAllowed: the actor may not read the log.
    """
    async with works.begin(actor, trace_id) as work:
        work.actor.require("audit.read_all" if work.actor.staff else "audit.read")
        personal = {"text": wanted.text} if wanted.text else {}
        work.record(
            Fact("audit.export", "audit", form, context={"wanted": _context(wanted)}, personal=personal)
        )


async def exported(works: Works, actor: Actor, trace_id: str, wanted: Wanted) -> AsyncIterator[list[Found]]:
    """Everything that is found, newest first, in pages; each is read in a transaction of its own.

    Entries that are written meanwhile are newer than the first page and not among them.
    """
    after: str | None = None
    while True:
        async with works.begin(actor, trace_id) as work:
            found = await read_page(work, wanted, PageWanted(PAGE, after))
        if not found:
            return
        yield found[:PAGE]
        if len(found) <= PAGE:
            return
        after = str(found[PAGE - 1].id)


def _context(wanted: Wanted) -> dict[str, str]:
    given = {
        "actor": wanted.actor and str(wanted.actor),
        "tenant": wanted.tenant and str(wanted.tenant),
        "action": wanted.action,
        "resource": wanted.resource,
        "since": wanted.since and rfc3339(wanted.since),
        "until": wanted.until and rfc3339(wanted.until),
    }
    return {name: value for name, value in given.items() if value}
