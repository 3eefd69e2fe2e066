"""Whole accounts: closed at once, opened again, erased for good, and freed of passkeys that were lost."""

from uuid import UUID

from aei_marketplace.accounts.errors import LastAdmin, NoSuchUser
from aei_marketplace.accounts.service.sessions import end_sessions
from aei_marketplace.accounts.store import invitations, people, proofs, sessions, tokens
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.work import Work

ERASED_NAME = "Erased account"


async def close_account(work: Work, user_id: UUID) -> None:
    """Close an account everywhere: tokens, sessions and invitations end in this commit.

    Work that it asked for and that has not begun is refused, because jobs load their actor anew.

    Raises:
        NoSuchUser: there is none that is open.
        LastAdmin: nobody else could operate the marketplace.
        ProofNeeded: the session's last proof is too old.
    """
    work.actor.require("tenant.administer")
    work.actor.require_recent_proof(work.now)
    await people.hold_staff(work)
    if set(await people.operators(work)) == {user_id}:
        raise LastAdmin("This is the last Operator.", advice="Make somebody else an Operator first.")
    if not await people.disable(work, user_id, work.now):
        raise NoSuchUser("There is no such account that is open.")
    await tokens.revoke_tokens(work, work.now, user_id=user_id)
    await end_sessions(work, "account", user_id=user_id)
    await invitations.revoke_of(work, user_id)
    work.record(Fact("user.close", "user", str(user_id)))


async def open_account(work: Work, user_id: UUID) -> None:
    """Open a closed account again; its tokens and sessions stay ended.

    Raises:
        NoSuchUser: there is none that is closed.
    """
    work.actor.require("tenant.administer")
    work.actor.require_recent_proof(work.now)
    if not await people.disable(work, user_id, None):
        raise NoSuchUser("There is no such account that is closed.")
    work.record(Fact("user.open", "user", str(user_id)))


async def erase_account(work: Work, user_id: UUID) -> str | None:
    """Close an account for good and forget whose it was; the address that it had.

    Its id stays, because entries of the log and other people's work name it.

    Raises:
        NoSuchUser: there is none.
        LastAdmin: nobody else could operate the marketplace.
        ProofNeeded: the session's last proof is too old.
    """
    work.actor.require("tenant.administer")
    work.actor.require_recent_proof(work.now)
    person = await people.person(work, user_id)
    if person is None:
        raise NoSuchUser("There is no such account.")
    if person.disabled_at is None:
        await close_account(work, user_id)
    await people.erase(work, user_id, ERASED_NAME)
    await proofs.forget_person(work, user_id)
    await sessions.forget_person(work, user_id)
    await invitations.forget_person(work, user_id, person.email)
    email: str | None = person.email
    return email


async def forget_passkeys(work: Work, user_id: UUID) -> int:
    """Remove all passkeys of somebody who lost theirs, and end their sessions; how many there were.

    An operator does this after asking who they are: a mailed link alone never takes a second factor away.
    """
    work.actor.require("tenant.administer")
    work.actor.require_recent_proof(work.now)
    removed = await proofs.remove_passkeys(work, user_id)
    await end_sessions(work, "account", user_id=user_id)
    work.record(Fact("passkey.forget", "user", str(user_id), context={"passkeys": removed}))
    return removed
