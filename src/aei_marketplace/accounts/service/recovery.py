"""Setting a password anew with a one-time link that was mailed."""

from datetime import timedelta
from uuid import UUID

from aei_marketplace.accounts import rules
from aei_marketplace.accounts.errors import LinkNotValid
from aei_marketplace.accounts.events import RecoveryAsked
from aei_marketplace.accounts.service.passwords import hash_password
from aei_marketplace.accounts.service.sessions import end_sessions
from aei_marketplace.accounts.store import people, proofs, sessions
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.clock import new_id
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.errors import Unavailable
from aei_marketplace.ground.sign_in import Visit

RECOVERY_LIFETIME = timedelta(hours=1)
#: How long sessions that are over are kept to be looked at.
SESSIONS_KEPT = timedelta(days=30)
_JOB = "accounts.recovery"
_TEXT = """Somebody, probably you, asked to set a new password for your account at {origin}.

Open this link within an hour; it works once:

  {origin}/login/recovery?token={secret}

Your passkeys stay as they are. If it was not you, do nothing: nothing has changed.
"""


async def ask_recovery(deps: Deps, visit: Visit, email: str) -> None:
    """Have a link mailed; nothing tells the asker whether there is such an account.

    Raises:
        TooMany: this account or address asked too often.
        Unavailable: nobody named the address of this site, so that no link can be trusted.
    """
    await deps.attempts.count(email, visit.address)
    if not visit.trusted_origin:
        raise Unavailable(
            "Links cannot be mailed from here.", advice="The operator names the site's address (public_url)."
        )
    row = await people.password_of(deps.works.database.quick, email)
    known = row is not None and row["disabled_at"] is None
    async with deps.works.system(_JOB, visit.trace_id) as work:
        user_id: UUID = row["user_id"] if row is not None and known else new_id()
        work.emit(RecoveryAsked(user_id, visit.origin))


async def mail_recovery(deps: Deps, event: RecoveryAsked, trace_id: str) -> None:
    """Make the link and mail it. A second run makes another link, and the first one stops working."""
    secret = rules.new_secret()
    async with deps.works.system(_JOB, trace_id) as work:
        row = await people.recoverable(work, event.user_id)
        if row is None:
            return
        values = {
            "id": new_id(),
            "user_id": row.id,
            "hash": rules.secret_hash(secret),
            "expires_at": work.now + RECOVERY_LIFETIME,
        }
        await proofs.add_recovery(work, values)
        work.record(Fact("recovery.create", "user", str(row.id)))
    text = _TEXT.format(origin=event.origin, secret=secret)
    await deps.mail.send(row.email, "Set a new password", text)


async def recover(deps: Deps, visit: Visit, secret: str, password: str) -> None:
    """Set a password with a link's secret; all sessions end, and passkeys stay.

    Raises:
        LinkNotValid: it was used, is too old, or was never made.
        Invalid: the password cannot be used.
    """
    await deps.attempts.count_address(visit.address)
    password_hash = await hash_password(rules.check_password(password))
    secret_hash = rules.secret_hash(secret)
    async with deps.works.system(_JOB, visit.trace_id) as work:
        user_id = await proofs.take_recovery(work, secret_hash) if secret_hash else None
        if user_id is None:
            raise LinkNotValid("This link is not valid any more.")
        await people.set_password(work, user_id, password_hash)
        await end_sessions(work, "password", user_id=user_id)
        work.record(Fact("password.recover", "user", str(user_id)))


async def forget_what_is_over(deps: Deps) -> None:
    """Drop sign-ins and links that are too old, and sessions that ended long ago."""
    async with deps.works.system(_JOB) as work:
        await sessions.forget(work, work.now - SESSIONS_KEPT)
        await proofs.forget_recoveries(work)
