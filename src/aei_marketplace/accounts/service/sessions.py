"""Sessions of browsers: opened, shown, moved to another tenant, ended."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from aei_marketplace.accounts import rules
from aei_marketplace.accounts.errors import (
    NoSuchSession,
    NoSuchTenant,
    SessionExpired,
    SessionNeeded,
    UnknownSession,
)
from aei_marketplace.accounts.rules.sessions import SEEN_EVERY
from aei_marketplace.accounts.service.signing_in import actor_for
from aei_marketplace.accounts.store import people, sessions
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.clock import new_id
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.errors import NotSignedIn
from aei_marketplace.ground.sign_in import SignInTerms, Visit
from aei_marketplace.ground.work import Work, Works

JOB = "accounts.sign_in"
Method = Literal["password", "password+passkey", "oidc", "oidc+passkey", "link"]


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session whose secret the browser is to keep; it is known only now.

    Attributes:
        actor: who acts in it.
        redirect_to: the path on this site where the person wanted to go.
    """

    secret: str = field(repr=False)
    actor: Actor
    expires_at: datetime
    redirect_to: str = "/"


@dataclass(frozen=True, slots=True)
class Entrant:
    """Somebody who has proven who they are, and where they go from there.

    Attributes:
        tenant_id: where the session acts; None as staff.
        bound_to: the one tenant that it may ever act in; None for any of the person's.
    """

    user_id: UUID
    tenant_id: UUID | None
    bound_to: UUID | None
    method: Method
    redirect_to: str = "/"


async def authenticate_session(works: Works, terms: SignInTerms, secret: str, trace_id: str) -> Actor:
    """The actor behind the secret of a session's cookie.

    Raises:
        NotSignedIn: unknown, ended or expired; one that was ended and is shown again is recorded.
    """
    secret_hash = rules.secret_hash(secret)
    row = await sessions.session_state(works.database.quick, secret_hash) if secret_hash else None
    if row is None:
        raise UnknownSession("This session was never opened here, or its secret has changed since.")
    state, now = rules.SessionState(**row), works.clock()
    actor = rules.session_actor(state, terms.proof)
    try:
        rules.check_session(state, now, terms.idle)
    except SessionExpired:
        raise  # a browser that was left alone is no attempt on anything
    except NotSignedIn as refusal:
        await works.record_denial(actor, refusal, trace_id)
        raise
    if now - state.seen_at >= SEEN_EVERY:
        await sessions.seen(works.database.quick, state.session_id, now)
    return actor


async def open_session(deps: Deps, visit: Visit, entrant: Entrant) -> SignedIn:
    """Open a session with a secret that nobody has seen; what the browser had before is ended.

    Raises:
        AccountDisabled: the account is closed.
    """
    actor = await actor_for(deps.works, entrant.user_id, entrant.tenant_id)
    await _end_replaced(deps.works, visit)
    secret, session_id = rules.new_secret(), new_id()
    async with deps.works.begin(actor, visit.trace_id) as work:
        expires_at = work.now + deps.sign_in.lifetime
        values = {
            "id": session_id,
            "user_id": entrant.user_id,
            "tenant_id": entrant.tenant_id,
            "bound_to": entrant.bound_to,
            "hash": rules.secret_hash(secret),
            "method": entrant.method,
            "created_at": work.now,
            "seen_at": work.now,
            "proven_at": work.now,
            "expires_at": expires_at,
            "address": visit.address,
            "agent": visit.agent,
        }
        await sessions.add(work, values)
        work.record(
            Fact(
                "session.create",
                "session",
                str(session_id),
                context={"method": entrant.method},
                personal={"address": visit.address, "agent": visit.agent},
            )
        )
        inside = replace(actor, session=session_id, proven_until=work.now + deps.sign_in.proof)
    return SignedIn(secret, inside, expires_at, entrant.redirect_to)


async def renew_secret(work: Work, terms: SignInTerms, *, proven: bool, **changes: Any) -> SignedIn:
    """Give the actor's session another secret: the old one opens nothing from this commit on.

    Args:
        proven: whether the person has just proven who they are.
        changes: further columns.

    Raises:
        SessionNeeded: the actor came with a token.
        NoSuchSession: the session was ended meanwhile.
    """
    session = await own_session(work)
    secret, proven_at = rules.new_secret(), work.now if proven else session.proven_at
    values = {"hash": rules.secret_hash(secret), "proven_at": proven_at, **changes}
    if not await sessions.change(work, session.id, **values):
        raise NoSuchSession("The session was ended.")
    actor = replace(work.actor, proven_until=proven_at + terms.proof)
    return SignedIn(secret, actor, session.expires_at)


async def own_session(work: Work) -> Any:
    """The row of the session that the actor came with.

    Raises:
        SessionNeeded: they came with a token.
        NoSuchSession: it was ended meanwhile.
    """
    if work.actor.session is None:
        raise SessionNeeded("This belongs to the session of a browser.")
    found = await sessions.find(work, work.actor.session)
    if found is None:
        raise NoSuchSession("The session was ended.")
    return found


async def describe_session(deps: Deps, actor: Actor) -> dict[str, Any]:
    """The actor's session, and where else they could act.

    Raises:
        SessionNeeded: they came with a token.
    """
    async with deps.works.begin(actor) as work:
        session = await own_session(work)
    async with deps.works.system(JOB) as work:
        tenants, is_staff = await people.places_of(work, session.user_id)
    if session.bound_to is not None:
        is_staff, tenants = False, {slug: t for slug, t in tenants.items() if t == session.bound_to}
    return {
        **_shape(session, actor.session),
        "tenant": actor.tenant_slug,
        "tenants": sorted(tenants),
        "staff": is_staff,
        "proven_until": actor.proven_until,
    }


async def switch_tenant(deps: Deps, visit: Visit, actor: Actor, tenant: str | None) -> SignedIn:
    """Act in another of one's tenants, or as staff when `tenant` is None; with another secret.

    Raises:
        NoSuchTenant: they do not belong there, or the session is bound to another tenant.
    """
    async with deps.works.begin(actor, visit.trace_id) as work:
        session = await own_session(work)
    async with deps.works.system(JOB) as work:
        tenants, is_staff = await people.places_of(work, session.user_id)
    if tenant is None and (not is_staff or session.bound_to is not None):
        raise NoSuchTenant("This session cannot act as staff.")
    chosen = tenant and rules.choose_tenant(tenants, tenant, is_staff=False, bound_to=session.bound_to)
    there = await actor_for(deps.works, session.user_id, chosen or None)
    async with deps.works.begin(actor, visit.trace_id) as work:
        renewed = await renew_secret(work, deps.sign_in, proven=False, tenant_id=there.tenant)
        work.record(Fact("session.switch", "session", str(session.id), context={"to": tenant or "staff"}))
    inside = replace(there, session=session.id, proven_until=renewed.actor.proven_until)
    return replace(renewed, actor=inside)


async def sign_out(deps: Deps, actor: Actor, trace_id: str) -> None:
    """End the session that the actor came with; its cookie opens nothing from then on."""
    async with deps.works.begin(actor, trace_id) as work:
        session = await own_session(work)
        await end_sessions(work, "sign_out", id=session.id)


async def list_sessions(work: Work) -> list[dict[str, Any]]:
    """The actor's own sessions that go on, newest first."""
    return [_shape(row, work.actor.session) for row in await sessions.list_live(work, _person(work))]


async def revoke_session(work: Work, session_id: UUID) -> None:
    """End one of the actor's own sessions at once.

    Raises:
        NoSuchSession: they have none of that id that goes on.
    """
    if not await end_sessions(work, "revoked", id=session_id, user_id=_person(work)):
        raise NoSuchSession("You have no such session.")


async def revoke_other_sessions(work: Work) -> int:
    """End all of the actor's sessions but the one they came with; how many there were."""
    return await end_sessions(work, "revoked", but=work.actor.session, user_id=_person(work))


async def end_sessions(work: Work, by: str, *, but: UUID | None = None, **where: Any) -> int:
    """End sessions whose columns have these values, each with its entry; how many there were."""
    ended = await sessions.end(work, by, but=but, **where)
    for session_id in ended:
        work.record(Fact("session.end", "session", str(session_id), context={"by": by}))
    return len(ended)


async def _end_replaced(works: Works, visit: Visit) -> None:
    secret_hash = rules.secret_hash(visit.session) if visit.session else None
    if secret_hash is not None:
        async with works.system(JOB, visit.trace_id) as work:
            await end_sessions(work, "replaced", hash=secret_hash)


def _person(work: Work) -> UUID:
    if work.actor.id is None:
        raise NotSignedIn("Nobody is signed in.")
    return work.actor.id


def _shape(row: Any, present: UUID | None) -> dict[str, Any]:
    return {
        "id": row.id,
        "present": row.id == present,
        "method": row.method,
        "created_at": row.created_at,
        "seen_at": row.seen_at,
        "expires_at": row.expires_at,
        "address": row.address,
        "browser": row.agent,
    }
