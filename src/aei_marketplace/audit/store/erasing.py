"""Erasing the personal data that entries commit to. Named jobs only: no request may delete from the log."""

import re
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text

from aei_marketplace.ground.work import Work

# What a person did, what was done to them, and whatever names their address: entries that were archived are
# not in `audit_entries` any more, and what they commit to still is here.
_ERASE = text("""
delete from audit_personal p where p.entry_id in (
  select e.id from audit_entries e
  where e.actor_id = :user or (e.resource_type = 'user' and e.resource_id = cast(:user as text))
  union all select unnest(cast(:archived as uuid[]))
  union all select n.entry_id from audit_personal n where lower(n.value) ~ :address)
""")
_ARCHIVES = text("select file_name from audit_archives order by first")
#: Matches nothing: for accounts without an address.
_NO_ADDRESS = "(?!)"


async def erase(work: Work, user_id: UUID, email: str | None, archived: Sequence[UUID]) -> int:
    """Delete what opens the commitments of the entries that concern somebody; how many values there were.

    Args:
        archived: those of their entries that lie in archives.
    """
    address = rf"(^|[^[:alnum:]._+-]){re.escape(email)}($|[^[:alnum:]-])" if email else _NO_ADDRESS
    values = {"user": user_id, "archived": list(archived), "address": address}
    return (await work.run(_ERASE, values)).rowcount


async def archive_names(work: Work) -> Sequence[str]:
    """The names of the archives, oldest first."""
    return (await work.run(_ARCHIVES)).scalars().all()
