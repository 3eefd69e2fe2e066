"""Accepting an invitation: as somebody new, as who is signed in, as who a provider vouches for."""

from typing import Any
from uuid import UUID

from aei_marketplace.accounts import rules
from aei_marketplace.accounts.errors import (
    EmailTaken,
    LinkNotValid,
    SessionNeeded,
)
from aei_marketplace.accounts.rules.oidc import Claims
from aei_marketplace.accounts.service.entering import Entry, enter
from aei_marketplace.accounts.service.passwords import hash_password
from aei_marketplace.accounts.service.sessions import Entrant
from aei_marketplace.accounts.store import invitations as store
from aei_marketplace.accounts.store import people, proofs
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.clock import new_id
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.errors import Fault, Invalid
from aei_marketplace.ground.sign_in import Visit
from aei_marketplace.ground.work import Work

_JOB = "accounts.invitations"


async def read_invitation(deps: Deps, visit: Visit, secret: str) -> dict[str, Any]:
    """What a link offers.

    Raises:
        LinkNotValid: it was used, taken back, is too old, or was never made.
    """
    await deps.attempts.count_address(visit.address)
    async with deps.works.system(_JOB) as work:
        row = await _open(work, rules.secret_hash(secret))
    return {
        "tenant": row.slug,
        "tenant_name": row.tenant_name,
        "role": row.role,
        "email": row.email,
        "inviter": row.inviter,
        "expires_at": row.expires_at,
    }


async def accept_with_password(
    deps: Deps, visit: Visit, secret: str, *, name: str, password: str, email: str | None = None
) -> Entry:
    """Accept an invitation as somebody new, with a password; they are signed in at once.

    Args:
        email: for an invitation that names none.

    Raises:
        LinkNotValid: it was used, taken back, is too old, or was never made.
        EmailTaken: there is an account of that address: sign in to it, then open the link again.
        Invalid: name, address or password cannot be used.
    """
    await deps.attempts.count_address(visit.address)
    secret_hash = rules.secret_hash(secret)
    async with deps.works.system(_JOB) as work:
        await _open(work, secret_hash)
    password_hash = await hash_password(rules.check_password(password))
    async with deps.works.system(_JOB, visit.trace_id) as work:
        row = await _open(work, secret_hash)
        user_id = await _new_user(work, row.email or _required(email), rules.check_name(name), password_hash)
        await _join(work, row, user_id)
    return await enter(deps, visit, Entrant(user_id, row.tenant_id, None, "password"))


async def accept_invitation(deps: Deps, visit: Visit, actor: Actor, secret: str) -> str | None:
    """Accept an invitation as who is signed in.

    Returns:
        The short name of the tenant joined, to switch to; None for the staff.

    Raises:
        LinkNotValid: it was used, taken back, is too old, or was never made.
        SessionNeeded: the actor came with a token.
    """
    await deps.attempts.count_address(visit.address)
    if actor.session is None or actor.id is None:
        raise SessionNeeded("An invitation is accepted in a browser.")
    async with deps.works.system(_JOB, visit.trace_id) as work:
        row = await _open(work, rules.secret_hash(secret))
        await _join(work, row, actor.id)
    slug: str | None = row.slug
    return slug


async def accept_with_identity(deps: Deps, visit: Visit, secret_hash: bytes, claims: Claims) -> UUID:
    """Accept an invitation as who a provider vouches for: known here, or new; the user's id.

    Raises:
        LinkNotValid: it was used, taken back, or is too old.
        EmailTaken: the invitation's address has an account that is not linked to this provider's.
    """
    async with deps.works.system(_JOB, visit.trace_id) as work:
        row = await _open(work, secret_hash)
        known = await proofs.find_identity(work, claims.issuer, claims.subject)
        user_id: UUID = known.user_id if known else await _new_identity(work, row.email, claims)
        await _join(work, row, user_id)
    return user_id


async def _open(work: Work, secret_hash: bytes | None) -> Any:
    row = await store.find_open(work, secret_hash) if secret_hash else None
    if row is None or row.inviter_disabled_at is not None:
        raise LinkNotValid("This invitation is not valid any more.")
    return row


async def _new_user(work: Work, email: str | None, name: str, password_hash: str | None) -> UUID:
    user_id = new_id()
    address = rules.check_email(email) if email else None
    values = {
        "id": user_id,
        "kind": "user",
        "email": address,
        "name": name,
        "password_hash": password_hash,
        "created_at": work.now,
    }
    if not await people.add_user(work, values):
        raise EmailTaken(
            "There is an account of that address.", advice="Sign in to it, then open the link once more."
        )
    personal = {"name": name, **({"email": address} if address else {})}
    work.record(Fact("user.create", "user", str(user_id), personal=personal))
    return user_id


async def _new_identity(work: Work, email: str | None, claims: Claims) -> UUID:
    """A new user, linked. Their address is the invitation's: the provider's claim of one proves nothing."""
    name = (claims.name or email or "").strip()[:120]
    user_id = await _new_user(work, email, name if name and name.isprintable() else "New member", None)
    identity_id = new_id()
    values = {
        "id": identity_id,
        "user_id": user_id,
        "issuer": claims.issuer,
        "subject": claims.subject,
        "created_at": work.now,
    }
    await proofs.add_identity(work, values)
    work.record(Fact("identity.link", "identity", str(identity_id), context={"issuer": claims.issuer}))
    return user_id


async def _join(work: Work, row: Any, user_id: UUID) -> None:
    if row.tenant_id is None:
        await people.add_staff(work, user_id, row.role_id)
    else:
        await people.add_membership(work, user_id, row.tenant_id, row.role_id)
    await store.accept(work, row.id, user_id)
    context = {"role": row.role, "user": str(user_id), "to": str(row.tenant_id or "staff")}
    work.record(Fact("invitation.accept", "invitation", str(row.id), context=context))


def _required(email: str | None) -> str:
    if not email:
        raise Invalid("The invitation names no address.", faults=[Fault("/email", "your e-mail address")])
    return email
