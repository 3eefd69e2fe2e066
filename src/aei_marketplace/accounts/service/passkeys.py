"""Passkeys of one's own: registered, named, used, removed."""

import secrets
from typing import Any
from uuid import UUID

from aei_marketplace.accounts import rules
from aei_marketplace.accounts.errors import NoSuchPasskey, PasskeyRefused, PasskeyTaken
from aei_marketplace.accounts.rules import passkeys as passkey_rules
from aei_marketplace.accounts.rules.sessions import PATIENCE
from aei_marketplace.accounts.service.sessions import own_session
from aei_marketplace.accounts.store import people, proofs, sessions
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.clock import new_id
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.sign_in import Visit
from aei_marketplace.ground.work import Work

LONGEST_NAME = 60


async def list_passkeys(work: Work) -> list[dict[str, Any]]:
    """The actor's own passkeys, oldest first."""
    if work.actor.id is None:
        return []
    rows = await proofs.list_passkeys(work, work.actor.id)
    return [{"id": r.id, "name": r.name, "created_at": r.created_at, "used_at": r.used_at} for r in rows]


async def begin_passkey(deps: Deps, visit: Visit, actor: Actor) -> dict[str, Any]:
    """What `navigator.credentials.create` is given, as JSON values.

    Raises:
        SessionNeeded: the actor came with a token.
        ProofNeeded: the session's last proof is too old.
    """
    async with deps.works.begin(actor, visit.trace_id) as work:
        work.actor.require_recent_proof(work.now)
        session = await own_session(work)
        known = [row.credential_id for row in await proofs.list_passkeys(work, session.user_id)]
        challenge = await ask(work, session.id, "register")
        name = await people.email_of(work, session.user_id) or actor.name
    return passkey_rules.registration_options(visit.origin, session.user_id, name, challenge, known)


async def add_passkey(deps: Deps, visit: Visit, actor: Actor, name: str, answer: str) -> UUID:
    """Register the passkey that the person's authenticator made; its id.

    Args:
        answer: the JSON of what `navigator.credentials.create` gave.

    Raises:
        PasskeyRefused: it was made for something else, or nothing was asked.
        PasskeyTaken: it is registered already, or there are too many.
        ProofNeeded: the session's last proof is too old.
    """
    wanted = rules.check_name(name, LONGEST_NAME)
    challenge = await take(deps, visit, actor, "register")
    async with deps.works.begin(actor, visit.trace_id) as work:
        work.actor.require_recent_proof(work.now)
        session = await own_session(work)
        if len(await proofs.list_passkeys(work, session.user_id)) >= passkey_rules.MOST_PASSKEYS:
            raise PasskeyTaken(f"There are {passkey_rules.MOST_PASSKEYS} passkeys; remove one first.")
        made = passkey_rules.check_registration(answer, challenge, visit.origin)
        passkey_id = new_id()
        values = {
            "id": passkey_id,
            "user_id": session.user_id,
            "credential_id": made.credential_id,
            "public_key": made.public_key,
            "sign_count": made.sign_count,
            "name": wanted,
            "created_at": work.now,
        }
        if not await proofs.add_passkey(work, values):
            raise PasskeyTaken("This passkey is registered already.")
        work.record(Fact("passkey.register", "passkey", str(passkey_id), personal={"name": wanted}))
    return passkey_id


async def rename_passkey(work: Work, passkey_id: UUID, name: str) -> None:
    """Give one of the actor's passkeys another name.

    Raises:
        NoSuchPasskey: they have none of that id.
    """
    wanted = rules.check_name(name, LONGEST_NAME)
    person = work.actor.id
    if person is None or not await proofs.change_passkey(work, person, passkey_id, name=wanted):
        raise NoSuchPasskey("You have no such passkey.")
    work.record(Fact("passkey.rename", "passkey", str(passkey_id), personal={"name": wanted}))


async def remove_passkey(work: Work, passkey_id: UUID) -> None:
    """Remove one of the actor's passkeys; without any, the password alone signs in.

    Raises:
        NoSuchPasskey: they have none of that id.
        ProofNeeded: the session's last proof is too old.
    """
    work.actor.require_recent_proof(work.now)
    person = work.actor.id
    if person is None or not await proofs.remove_passkeys(work, person, id=passkey_id):
        raise NoSuchPasskey("You have no such passkey.")
    work.record(Fact("passkey.remove", "passkey", str(passkey_id)))


async def use_passkey(work: Work, answer: str, challenge: bytes, origin: str) -> None:
    """Believe an answer of one of the actor's passkeys, and remember its count.

    Raises:
        PasskeyRefused: it is another person's, or does not fit what was asked.
    """
    assert work.actor.id is not None, "a person has passkeys"
    row = await proofs.find_passkey(work, work.actor.id, passkey_rules.credential_of(answer))
    if row is None:
        raise PasskeyRefused("This passkey is not one of yours.")
    known = passkey_rules.Passkey(row.id, row.credential_id, row.public_key, row.sign_count)
    count = passkey_rules.check_assertion(answer, challenge, origin, known)
    await proofs.change_passkey(work, work.actor.id, row.id, sign_count=count, used_at=work.now)


async def ask(work: Work, session_id: UUID, purpose: str) -> bytes:
    """Keep a fresh challenge for the session's person; one before it is forgotten."""
    challenge = secrets.token_bytes(passkey_rules.CHALLENGE_BYTES)
    until = work.now + PATIENCE
    await sessions.change(work, session_id, challenge=challenge, challenge_for=purpose, challenge_until=until)
    return challenge


async def take(deps: Deps, visit: Visit, actor: Actor, purpose: str) -> bytes:
    """The session's challenge, taken away in a commit of its own: right or wrong, it is answered once.

    Raises:
        PasskeyRefused: nothing was asked, it was answered, or it took too long.
    """
    async with deps.works.begin(actor, visit.trace_id) as work:
        session = await own_session(work)
        challenge = await sessions.take_challenge(work, session.id, purpose)
    if challenge is None:
        raise PasskeyRefused("No passkey was asked for, or the question is over.")
    return challenge
