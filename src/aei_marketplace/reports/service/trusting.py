"""The list of reporters whose word stops a plugin at once, kept by staff."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from aei_marketplace.accounts import service as accounts
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.clock import new_id
from aei_marketplace.ground.errors import Fault
from aei_marketplace.ground.paging import Page, PageWanted, as_id
from aei_marketplace.ground.typed import clean_typed
from aei_marketplace.ground.work import Work
from aei_marketplace.reports.errors import AlreadyTrusted, NotTrusted, ReportUnfit
from aei_marketplace.reports.store import trusted

LONGEST_NOTE = 500


@dataclass(frozen=True, slots=True)
class TrustedReporter:
    """One entry: a person, or everybody of a tenant.

    Attributes:
        note: why, in staff's words.
    """

    id: UUID
    user_id: UUID | None
    tenant_id: UUID | None
    note: str
    added_by: UUID | None
    added_at: datetime


async def trust(work: Work, *, email: str | None, tenant: str | None, note: str) -> TrustedReporter:
    """Put a person or a tenant on the list.

    Args:
        email: of the person.
        tenant: the tenant's short name; one of the two is given.

    Raises:
        NotAllowed: the actor does not moderate.
        NoSuchUser, NoSuchTenant: there is none.
        AlreadyTrusted: they stand on the list.
        Invalid: both are named, or neither.
    """
    work.actor.require("plugin.moderate")
    if (email is None) == (tenant is None):
        raise ReportUnfit("Who is trusted?", faults=[Fault("/email", "either an e-mail or a tenant")])
    entry = TrustedReporter(
        id=new_id(),
        user_id=await accounts.find_user(work, email) if email is not None else None,
        tenant_id=await accounts.find_tenant(work, tenant) if tenant is not None else None,
        note=clean_typed(note, LONGEST_NOTE, "/note"),
        added_by=work.actor.id,
        added_at=work.now,
    )
    values = {name: getattr(entry, name) for name in TrustedReporter.__slots__}
    if not await trusted.add(work, values):
        raise AlreadyTrusted("They stand on the list already.")
    whom = ("user", entry.user_id) if entry.user_id else ("tenant", entry.tenant_id)
    work.record(Fact("reporter.trust", whom[0], str(whom[1]), personal={"note": entry.note}))
    return entry


async def distrust(work: Work, entry_id: UUID) -> None:
    """Take an entry off the list; what it stopped stays stopped until staff decide.

    Raises:
        NotAllowed: the actor does not moderate.
        NotTrusted: there is no such entry.
    """
    work.actor.require("plugin.moderate")
    if not await trusted.remove(work, entry_id):
        raise NotTrusted("The list of trusted reporters has no such entry.")
    work.record(Fact("reporter.distrust", "trusted_reporter", str(entry_id)))


async def list_trusted(work: Work, page: PageWanted) -> Page:
    """The list, the newest first.

    Raises:
        NotAllowed: the actor does not moderate.
        Invalid: the cursor is of another list.
    """
    work.actor.require("plugin.moderate")
    rows, total = await trusted.find_page(work, page.position(as_id), page.limit)
    entries = [TrustedReporter(**row._mapping) for row in rows]
    return page.page(entries, total, lambda entry: str(entry.id))
