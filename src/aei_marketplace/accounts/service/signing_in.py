"""From a token, a password or an id to the actor behind it."""

import json
from dataclasses import dataclass
from uuid import UUID

from aei_marketplace.accounts import rules
from aei_marketplace.accounts.errors import (
    AccountDisabled,
    NoSuchTenant,
    PasskeyNeeded,
    UnknownToken,
    WrongPassword,
)
from aei_marketplace.accounts.service.passwords import password_fits
from aei_marketplace.accounts.service.tokens import Token, issue_token
from aei_marketplace.accounts.store import people, tokens
from aei_marketplace.ground.actor import Actor, ActorKind
from aei_marketplace.ground.errors import NotSignedIn
from aei_marketplace.ground.work import Works


@dataclass(frozen=True, slots=True)
class Person:
    """Who gave the right password, and where they belong."""

    user_id: UUID
    tenants: dict[str, UUID]
    is_staff: bool
    has_passkey: bool


async def authenticate(works: Works, token: str, trace_id: str) -> Actor:
    """The actor behind a bearer token.

    Raises:
        NotSignedIn: unknown, revoked or expired; a refused known token is recorded.
    """
    row = await tokens.token_state(works.database.quick, rules.token_hash(token))
    return await actor_of_token(works, None if row is None else rules.TokenState(**row), trace_id)


async def actor_of_token(works: Works, state: rules.TokenState | None, trace_id: str) -> Actor:
    """The actor behind what is known of a token right now; None knows nothing of it.

    Raises:
        NotSignedIn: unknown, revoked or expired; a refused known token is recorded.
    """
    if state is None:
        raise UnknownToken("This token was not issued here.")
    actor = _actor(state)
    try:
        rules.check_token(state, works.clock())
    except NotSignedIn as refusal:
        await works.record_denial(actor, refusal, trace_id)
        raise
    return actor


async def actor_for(works: Works, user_id: UUID, tenant_id: UUID | None) -> Actor:
    """The actor that a job acts for, with the rights that they have now.

    Raises:
        AccountDisabled: the account was closed in the meantime, or is gone.
    """
    async with works.system("accounts.identify") as work:
        row = await people.identity(work, user_id, tenant_id)
    if row is None or row.disabled_at is not None:
        raise AccountDisabled("The account that asked for this is closed.")
    actions = rules.effective_actions(tenant_id, row.tenant_actions, row.staff_actions, ("*",))
    return Actor(
        ActorKind(row.kind),
        row.user_id,
        row.name,
        row.tenant_id,
        row.tenant_slug,
        actions,
        staff=tenant_id is None,
    )


async def sign_in(works: Works, email: str, password: str, tenant: str | None, trace_id: str) -> Token:
    """Exchange e-mail and password for a token, for programs that a person uses.

    Args:
        tenant: which of the user's tenants to act in; needed only when there are several.

    Raises:
        WrongPassword: they do not belong together, or there is no such account.
        PasskeyNeeded: the account has a passkey, which a program cannot ask for.
        NoSuchTenant: the user is no member of that tenant, or of several and named none.
    """
    person = await check_credentials(works, email, password)
    if person.has_passkey:
        raise PasskeyNeeded("This account has a passkey, and its password alone gives no token.")
    if tenant is None and len(person.tenants) > 1:
        raise NoSuchTenant(f"Name one of your tenants: {', '.join(sorted(person.tenants))}.")
    tenant_id = rules.choose_tenant(person.tenants, tenant, is_staff=person.is_staff)
    actor = await actor_for(works, person.user_id, tenant_id)
    async with works.begin(actor, trace_id) as work:
        return await issue_token(work, name="signed in", scopes=("*",))


async def check_credentials(works: Works, email: str, password: str) -> Person:
    """Whose e-mail and password these are; takes the same time whether there is such an account or not.

    Raises:
        WrongPassword: nobody's.
    """
    row = await people.password_of(works.database.quick, email)
    usable = row if row is not None and row["disabled_at"] is None else None
    fits = await password_fits(usable["password_hash"] if usable else None, password)
    if usable is None or not fits:
        raise WrongPassword("E-mail and password do not belong together.")
    tenants = {slug: UUID(tenant) for slug, tenant in json.loads(usable["tenants"]).items()}
    return Person(usable["user_id"], tenants, usable["is_staff"], usable["has_passkey"])


def _actor(state: rules.TokenState) -> Actor:
    actions = rules.effective_actions(
        state.tenant_id, state.tenant_actions, state.staff_actions, state.scopes
    )
    return Actor(
        ActorKind(state.kind),
        state.user_id,
        state.name,
        state.tenant_id,
        state.tenant_slug,
        actions,
        staff=state.tenant_id is None and bool(state.staff_actions),
        token=state.token_id,
        scoped="*" not in state.scopes,
        publishes=rules.places_of(state.scopes),
    )
