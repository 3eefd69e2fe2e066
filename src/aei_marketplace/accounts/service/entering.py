"""Signing in with a browser: a password, then the passkey where there is one."""

import secrets
from dataclasses import dataclass, field
from typing import Any

from aei_marketplace.accounts import rules
from aei_marketplace.accounts.errors import SignInLost
from aei_marketplace.accounts.rules import passkeys as passkey_rules
from aei_marketplace.accounts.rules.sessions import PATIENCE
from aei_marketplace.accounts.service.passkeys import use_passkey
from aei_marketplace.accounts.service.sessions import JOB, Entrant, Method, SignedIn, open_session
from aei_marketplace.accounts.service.signing_in import actor_for, check_credentials
from aei_marketplace.accounts.store import proofs, sessions
from aei_marketplace.ground.clock import new_id
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.sign_in import Visit
from aei_marketplace.web.shell.returning import safe_path


@dataclass(frozen=True, slots=True)
class PasskeyAsked:
    """The first proof was right, and the passkey is asked for.

    Attributes:
        secret: what the browser keeps in the cookie of its sign-in.
        options: for `navigator.credentials.get`, as JSON values.
    """

    secret: str = field(repr=False)
    options: dict[str, Any]
    redirect_to: str = "/"


Entry = SignedIn | PasskeyAsked


async def sign_in_with_password(
    deps: Deps, visit: Visit, email: str, password: str, tenant: str | None = None, redirect_to: str = "/"
) -> Entry:
    """Sign in with e-mail and password.

    Args:
        tenant: the short name of where to act first; None leaves the choice.
        redirect_to: a path on this site; anything else counts as `/`.

    Raises:
        TooMany: this account or address tried too often.
        WrongPassword: the two do not belong together, or there is no such account.
        NoSuchTenant: the person is no member there, or of no tenant at all.
    """
    await deps.attempts.count(email, visit.address)
    person = await check_credentials(deps.works, email, password)
    tenant_id = rules.choose_tenant(person.tenants, tenant, is_staff=person.is_staff)
    return await enter(
        deps, visit, Entrant(person.user_id, tenant_id, None, "password", safe_path(redirect_to))
    )


async def enter(deps: Deps, visit: Visit, entrant: Entrant) -> Entry:
    """Open a session, or ask for the passkey first where the person has one."""
    async with deps.works.system(JOB, visit.trace_id) as work:
        known = [row.credential_id for row in await proofs.list_passkeys(work, entrant.user_id)]
        if known:
            secret, challenge = rules.new_secret(), secrets.token_bytes(passkey_rules.CHALLENGE_BYTES)
            values = {
                "id": new_id(),
                "hash": rules.secret_hash(secret),
                "expires_at": work.now + PATIENCE,
                "redirect_to": entrant.redirect_to,
                "user_id": entrant.user_id,
                "tenant_id": entrant.tenant_id,
                "bound_to": entrant.bound_to,
                "method": entrant.method,
                "challenge": challenge,
            }
            await sessions.add_sign_in(work, values)
    if not known:
        return await open_session(deps, visit, entrant)
    options = passkey_rules.assertion_options(visit.origin, challenge, known)
    return PasskeyAsked(secret, options, entrant.redirect_to)


async def passkey_asked(deps: Deps, visit: Visit) -> PasskeyAsked:
    """What the browser's sign-in under way waits for, to show the page once more.

    Raises:
        SignInLost: there is none that waits for a passkey.
    """
    async with deps.works.system(JOB) as work:
        waiting = await sessions.find_sign_in(work, _sign_in_hash(visit))
        if waiting is None:
            raise _lost()
        known = [row.credential_id for row in await proofs.list_passkeys(work, waiting.user_id)]
    options = passkey_rules.assertion_options(visit.origin, waiting.challenge, known)
    return PasskeyAsked(visit.sign_in or "", options, waiting.redirect_to)


async def finish_with_passkey(deps: Deps, visit: Visit, answer: str) -> SignedIn:
    """Finish a sign-in with the passkey's answer; right or wrong, it is taken once.

    Args:
        answer: the JSON of what `navigator.credentials.get` gave.

    Raises:
        SignInLost: nothing in this browser waits for one.
        PasskeyRefused: it is not this person's, or not for this question.
    """
    await deps.attempts.count_address(visit.address)
    secret_hash = _sign_in_hash(visit)
    async with deps.works.system(JOB, visit.trace_id) as work:
        waiting = await sessions.find_sign_in(work, secret_hash) and await sessions.take_sign_in(
            work, secret_hash
        )
    if waiting is None:
        raise _lost()
    person = await actor_for(deps.works, waiting.user_id, waiting.tenant_id)
    async with deps.works.begin(person, visit.trace_id) as work:
        await use_passkey(work, answer, waiting.challenge, visit.origin)
    method: Method = "oidc+passkey" if waiting.method == "oidc" else "password+passkey"
    entrant = Entrant(waiting.user_id, waiting.tenant_id, waiting.bound_to, method, waiting.redirect_to)
    return await open_session(deps, visit, entrant)


def _sign_in_hash(visit: Visit) -> bytes:
    secret_hash = rules.secret_hash(visit.sign_in) if visit.sign_in else None
    if secret_hash is None:
        raise _lost()
    return secret_hash


def _lost() -> SignInLost:
    return SignInLost("No sign-in of this browser waits for that.")
