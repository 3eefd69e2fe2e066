"""Decisions about the sessions of browsers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from aei_marketplace.accounts.errors import AccountDisabled, NoSuchTenant, SessionEnded, SessionExpired
from aei_marketplace.ground.actor import Actor, ActorKind

#: How long somebody may take for a sign-in, and for an answer of their passkey.
PATIENCE = timedelta(minutes=10)
#: How often it is written down that a session is in use.
SEEN_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class SessionState:
    """What is known of a session when its secret is shown.

    Attributes:
        tenant_id: where it acts; None as staff.
        tenant_actions, staff_actions: what its person's roles grant in either realm.
        seen_at: when it was last used, to the minute.
        proven_at: when its person last proved who they are.
    """

    session_id: UUID
    user_id: UUID
    name: str
    tenant_id: UUID | None
    tenant_slug: str | None
    tenant_actions: Sequence[str]
    staff_actions: Sequence[str]
    created_at: datetime
    seen_at: datetime
    proven_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    disabled_at: datetime | None


def check_session(state: SessionState, now: datetime, idle: timedelta) -> None:
    """Whether the session opens anything.

    Raises:
        AccountDisabled, SessionEnded, SessionExpired: it does not, and why.
    """
    if state.disabled_at is not None:
        raise AccountDisabled("The account behind this session is closed.")
    if state.ended_at is not None:
        raise SessionEnded(f"The session was ended at {state.ended_at:%Y-%m-%d %H:%M} UTC.")
    if now >= state.expires_at:
        raise SessionExpired("The session has reached its age.")
    if now - state.seen_at >= idle + SEEN_EVERY:
        raise SessionExpired("The session was not used for too long.")


def session_actor(state: SessionState, proof: timedelta) -> Actor:
    """Who acts in a session, with the rights that they have now.

    Args:
        proof: how long a proof counts as recent.
    """
    granted = state.staff_actions if state.tenant_id is None else state.tenant_actions
    return Actor(
        ActorKind.USER,
        state.user_id,
        state.name,
        state.tenant_id,
        state.tenant_slug,
        frozenset(granted),
        staff=state.tenant_id is None and bool(state.staff_actions),
        session=state.session_id,
        proven_until=state.proven_at + proof,
    )


def choose_tenant(
    tenants: Mapping[str, UUID], wanted: str | None, *, is_staff: bool, bound_to: UUID | None = None
) -> UUID | None:
    """Where a new session acts; None as staff.

    Args:
        tenants: the person's tenants by short name.
        wanted: one of these; None leaves the choice: the first tenant, else the staff.
        bound_to: the one tenant that is possible, because its own provider vouched for the person.

    Raises:
        NoSuchTenant: they do not belong where they want, or nowhere at all.
    """
    if bound_to is not None:
        tenants = {slug: tenant for slug, tenant in tenants.items() if tenant == bound_to}
    if wanted is not None:
        if wanted not in tenants:
            raise NoSuchTenant(f"You are no member of {wanted[:60]}.")
        return tenants[wanted]
    if tenants:
        return tenants[min(tenants)]
    if is_staff and bound_to is None:
        return None
    raise NoSuchTenant("You are a member of no tenant here.", advice="Ask an Admin for an invitation.")
