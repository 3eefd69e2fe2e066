"""Who is told that a tenant was closed or opened again: everybody who belongs to it, wherever they are.

Nobody acts in a closed tenant, and nothing is sent to it. So each member is written to, and not the tenant:
who belongs to another one as well reads it there, and everybody gets the mail.
"""

from collections.abc import Mapping
from uuid import UUID

from aei_marketplace.accounts.events import TenantClosed, TenantReopened
from aei_marketplace.accounts.service import contacts
from aei_marketplace.announcements.telling import JOB
from aei_marketplace.ground.deps import Deps
from aei_marketplace.notices import service as notices
from aei_marketplace.notices.service import Notice, Subject, to_user


async def tenant_closed(deps: Deps, event: TenantClosed, trace_id: str) -> None:
    """Tell its members, with the reason."""
    data = {"tenant": event.name, "reason": event.reason}
    await _tell(deps, "tenant.closed", event.tenant_id, data, trace_id)


async def tenant_reopened(deps: Deps, event: TenantReopened, trace_id: str) -> None:
    """Tell its members what they have to do anew."""
    await _tell(deps, "tenant.reopened", event.tenant_id, {"tenant": event.name}, trace_id)


async def _tell(deps: Deps, kind: str, tenant: UUID, data: Mapping[str, str], trace_id: str) -> None:
    async with deps.works.system(JOB, trace_id) as work:
        about = Subject("tenant", str(tenant))
        for member in await contacts.members(work, tenant):
            await notices.notify(work, Notice(kind, to_user(member.id, None), about, data))
