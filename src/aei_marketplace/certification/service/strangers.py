"""Who stands apart from a publisher, and so may decide about what it publishes."""

from uuid import UUID

from aei_marketplace.accounts import service as accounts
from aei_marketplace.certification.errors import OwnRelease
from aei_marketplace.ground.work import Work


async def require_stranger(work: Work, plugin_id: str, owner_tenant: UUID) -> None:
    """Stop here when the actor belongs to the publisher's tenant.

    Raises:
        OwnRelease: they do.
    """
    person = work.actor.id
    if person is not None and await accounts.belongs_to(work, person, owner_tenant):
        raise OwnRelease(f"You belong to the tenant that publishes {plugin_id}.")
