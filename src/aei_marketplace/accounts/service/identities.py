"""Accounts at providers that sign in to one's own account."""

from typing import Any
from uuid import UUID

from aei_marketplace.accounts.errors import LastWayIn, NoSuchIdentity
from aei_marketplace.accounts.store import people, proofs
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.work import Work


async def list_identities(work: Work) -> list[dict[str, Any]]:
    """The actor's own links, oldest first."""
    if work.actor.id is None:
        return []
    rows = await proofs.list_identities(work, work.actor.id)
    return [
        {
            "id": row.id,
            "issuer": row.issuer,
            "subject": row.subject,
            "created_at": row.created_at,
            "used_at": row.used_at,
        }
        for row in rows
    ]


async def remove_identity(work: Work, identity_id: UUID) -> None:
    """Have an account at a provider no longer sign in here.

    Raises:
        NoSuchIdentity: the actor has no such link.
        LastWayIn: without it and without a password they could not sign in again.
        ProofNeeded: the session's last proof is too old.
    """
    work.actor.require_recent_proof(work.now)
    person = work.actor.id
    known = await proofs.list_identities(work, person) if person else []
    if person is None or identity_id not in {row.id for row in known}:
        raise NoSuchIdentity("You have no such link.")
    if len(known) == 1 and await people.password_hash_of(work, person) is None:
        raise LastWayIn("This is your only way to sign in.")
    await proofs.remove_identity(work, person, identity_id)
    work.record(Fact("identity.unlink", "identity", str(identity_id)))
