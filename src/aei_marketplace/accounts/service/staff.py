"""The staff of the marketplace: who holds which roles, and who changes that."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from aei_marketplace.accounts import rules
from aei_marketplace.accounts.errors import NoSuchUser
from aei_marketplace.accounts.service.members import known_role
from aei_marketplace.accounts.service.sessions import end_sessions
from aei_marketplace.accounts.store import invitations, people, tokens
from aei_marketplace.accounts.store import staff as store
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.work import Work


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody with an account, and their roles on the staff.

    Attributes:
        kind: `user` or `service`.
        roles: none for somebody who is not on the staff.
        closed: whether the account is.
    """

    id: UUID
    kind: str
    email: str | None
    name: str
    roles: tuple[str, ...]
    closed: bool


async def list_staff(work: Work) -> list[Colleague]:
    """Who is on the staff, by name."""
    work.actor.require("staff.administer")
    return [_colleague(row) for row in await store.list_all(work)]


async def find_colleague(work: Work, user_id: UUID) -> Colleague:
    """Anybody with an account, whether on the staff or not.

    Raises:
        NoSuchUser: there is none.
    """
    work.actor.require("staff.administer")
    row = await store.find(work, user_id)
    if row is None:
        raise NoSuchUser("There is no such account.")
    return _colleague(row)


async def change_staff(work: Work, user_id: UUID, roles: Sequence[str]) -> None:
    """Give somebody these staff roles and no others; what they may do changes at once.

    Without a role, their sessions, tokens and invitations as staff end in this commit.

    Raises:
        NotAllowed, ProofNeeded: the actor may not, or has not proven lately who they are.
        NoSuchUser: there is no such account.
        UnknownRole: there is no such staff role.
        BeyondOwnRights: a role grants what the actor does not hold.
        OwnRoles: they are the actor's own.
        LastAdmin: nobody could operate the marketplace any more.
    """
    work.actor.require("staff.administer")
    work.actor.require_recent_proof(work.now)
    await people.hold_staff(work)
    before = await find_colleague(work, user_id)
    wanted = sorted(set(roles))
    rules.check_staff_change(work.actor.id, user_id, wanted, await people.operators(work))
    given = [await known_role(work, "staff", role) for role in wanted]
    await store.remove(work, user_id)
    for role in given:
        await people.add_staff(work, user_id, role.id)
    if not given:
        await _send_off(work, user_id)
    context = {"from": sorted(before.roles), "to": wanted}
    work.record(Fact("staff.change", "user", str(user_id), context=context))


async def _send_off(work: Work, user_id: UUID) -> None:
    await tokens.revoke_tokens(work, work.now, user_id=user_id, tenant_id=None)
    await end_sessions(work, "membership", user_id=user_id, tenant_id=None)
    await invitations.revoke_to_staff(work, user_id)


def _colleague(row: Any) -> Colleague:
    return Colleague(
        row.id, row.kind, row.email, row.name, tuple(sorted(row.roles)), row.disabled_at is not None
    )
