"""Proving once more who one is, in a session that goes on, and changing one's password."""

from typing import Any

from aei_marketplace.accounts import rules
from aei_marketplace.accounts.errors import PasskeyNeeded, WrongPassword
from aei_marketplace.accounts.rules import passkeys as passkey_rules
from aei_marketplace.accounts.service.passkeys import ask, take, use_passkey
from aei_marketplace.accounts.service.passwords import hash_password, password_fits
from aei_marketplace.accounts.service.sessions import SignedIn, end_sessions, own_session, renew_secret
from aei_marketplace.accounts.store import people, proofs
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.sign_in import Visit
from aei_marketplace.ground.work import Work


async def begin_proof(deps: Deps, visit: Visit, actor: Actor) -> dict[str, Any]:
    """How the person can prove who they are.

    Returns:
        `passkey`: options for `navigator.credentials.get`, or None; `password`: whether the password
        is asked for instead. With neither, signing in again at their provider is the proof.
    """
    async with deps.works.begin(actor, visit.trace_id) as work:
        session = await own_session(work)
        known = [row.credential_id for row in await proofs.list_passkeys(work, session.user_id)]
        has_password = await people.password_hash_of(work, session.user_id) is not None
        challenge = await ask(work, session.id, "proof") if known else b""
    options = passkey_rules.assertion_options(visit.origin, challenge, known) if known else None
    return {"passkey": options, "password": has_password and not known}


async def prove_by_passkey(deps: Deps, visit: Visit, actor: Actor, answer: str) -> SignedIn:
    """Take a passkey's answer as proof; the session goes on under another secret.

    Raises:
        PasskeyRefused: it is not this person's, or not for this question.
    """
    await deps.attempts.count(str(actor.id), visit.address)
    challenge = await take(deps, visit, actor, "proof")
    async with deps.works.begin(actor, visit.trace_id) as work:
        await use_passkey(work, answer, challenge, visit.origin)
        return await _proven(deps, work, "passkey")


async def prove_by_password(deps: Deps, visit: Visit, actor: Actor, password: str) -> SignedIn:
    """Take the password as proof, from who has no passkey; the session goes on under another secret.

    Raises:
        PasskeyNeeded: they have one.
        WrongPassword: it is not theirs.
    """
    await deps.attempts.count(str(actor.id), visit.address)
    async with deps.works.begin(actor, visit.trace_id) as work:
        session = await own_session(work)
        if await proofs.list_passkeys(work, session.user_id):
            raise PasskeyNeeded("You have a passkey: it is what proves who you are.", advice="Use it.")
        password_hash = await people.password_hash_of(work, session.user_id)
    fits = await password_fits(password_hash, password)
    async with deps.works.begin(actor, visit.trace_id) as work:
        if not fits:
            raise WrongPassword("This is not your password.")
        return await _proven(deps, work, "password")


async def change_password(deps: Deps, visit: Visit, actor: Actor, old: str | None, new: str) -> SignedIn:
    """Set another password; all other sessions end, this one goes on under another secret.

    Args:
        old: the present one; None from who has none yet.

    Raises:
        WrongPassword: the old one is not theirs.
        ProofNeeded: the session's last proof is too old.
        Invalid: the new one cannot be used.
    """
    await deps.attempts.count(str(actor.id), visit.address)
    async with deps.works.begin(actor, visit.trace_id) as work:
        work.actor.require_recent_proof(work.now)
        session = await own_session(work)
        password_hash = await people.password_hash_of(work, session.user_id)
    fits = password_hash is None or await password_fits(password_hash, old or "")
    new_hash = await hash_password(rules.check_password(new))
    async with deps.works.begin(actor, visit.trace_id) as work:
        if not fits:
            raise WrongPassword("This is not your present password.")
        work.actor.require_recent_proof(work.now)
        await people.set_password(work, session.user_id, new_hash)
        await end_sessions(work, "password", but=session.id, user_id=session.user_id)
        work.record(Fact("password.change", "user", str(session.user_id)))
        return await renew_secret(work, deps.sign_in, proven=True)


async def _proven(deps: Deps, work: Work, how: str) -> SignedIn:
    renewed = await renew_secret(work, deps.sign_in, proven=True)
    work.record(Fact("session.prove", "session", str(work.actor.session), context={"by": how}))
    return renewed
