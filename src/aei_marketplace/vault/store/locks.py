"""The lock under which a tenant's part of the vault is written."""

from uuid import UUID

from sqlalchemy import text

from aei_marketplace.ground.work import Work

_HOLD = text("select pg_advisory_xact_lock(hashtextextended(:name, 0))")


async def hold(work: Work, tenant: UUID) -> None:
    """Have this work alone write a tenant's part of the vault until it ends."""
    await work.run(_HOLD, {"name": f"vault/{tenant}"})
