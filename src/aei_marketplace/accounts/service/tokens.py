"""Bearer tokens: issued, listed, revoked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from aei_marketplace.accounts import rules
from aei_marketplace.accounts.errors import NoSuchToken
from aei_marketplace.accounts.store import roles, tokens
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.clock import new_id
from aei_marketplace.ground.errors import NotSignedIn
from aei_marketplace.ground.work import Work


@dataclass(frozen=True, slots=True)
class Token:
    """A token as its owner sees it; `secret` is known only at the moment of issue."""

    id: UUID
    user_id: UUID
    tenant_id: UUID | None
    name: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None
    secret: str | None = None


async def issue_token(
    work: Work,
    *,
    name: str,
    scopes: Sequence[str] = ("*",),
    lifetime: timedelta | None = None,
    owner: UUID | None = None,
    tenant: UUID | None = None,
) -> Token:
    """Issue a token to the actor, or to another member of the tenant.

    Args:
        owner, tenant: whom it is for and where it acts; the actor and their tenant when absent.

    Raises:
        NotAllowed: it would reach further than the token, or the roles, of who issues it.
        ProofNeeded: the session's last proof is too old.
    """
    work.actor.require_recent_proof(work.now)
    for_self = owner is None or owner == work.actor.id
    if not for_self:
        work.actor.require("token.administer" if work.actor.tenant else "tenant.administer")
    user_id, tenant_id = owner or work.actor.id, tenant or work.actor.tenant
    if user_id is None:
        raise NotSignedIn("Nobody is signed in.")
    held = work.actor.actions if work.actor.scoped else None
    rules.check_reach(scopes, held, work.actor.publishes)
    if not for_self and work.actor.tenant is not None:
        held = await roles.actions_of(work, user_id, work.actor.tenant)
        rules.check_granted(rules.effective_actions(tenant_id, held, (), scopes), work.actor)
    secret = rules.new_token()
    token = Token(
        new_id(),
        user_id,
        tenant_id,
        name,
        rules.check_scopes(scopes),
        work.now,
        rules.token_expiry(work.now, lifetime),
        secret=secret,
    )
    await tokens.add_token(work, _token_values(token, rules.token_hash(secret)))
    work.record(Fact("token.create", "token", str(token.id), context={"scopes": list(token.scopes)}))
    return token


async def list_tokens(work: Work) -> list[Token]:
    """The actor's own tokens; all of the tenant's for who administers them."""
    everyones = work.actor.may("token.administer")
    rows = await tokens.list_tokens(work, None if everyones else work.actor.id)
    return [_token(row) for row in rows]


async def revoke_token(work: Work, token_id: UUID) -> None:
    """Take a token back at once.

    Raises:
        NoSuchToken: there is none that the actor may see.
    """
    row = await tokens.find_token(work, token_id)
    if row is None:
        raise NoSuchToken("There is no such token.")
    if row.user_id != work.actor.id:
        work.actor.require("token.administer")
    await tokens.revoke_tokens(work, work.now, id=token_id)
    work.record(Fact("token.revoke", "token", str(token_id)))


async def revoke_service_tokens(work: Work, user_id: UUID) -> None:
    """Take back all tokens of a service account that publishes for the actor's tenant."""
    work.actor.require("plugin.publish")
    count = await tokens.revoke_tokens(work, work.now, user_id=user_id, tenant_id=work.actor.in_tenant())
    if count:
        work.record(Fact("token.revoke", "user", str(user_id), context={"count": count}))


async def revoke_publishing_tokens(work: Work, namespace: str) -> int:
    """Take back the tokens of the actor's tenant that name a namespace or a plugin in it; how many."""
    work.actor.require("plugin.publish")
    count = await tokens.revoke_publishing_tokens(work, work.actor.in_tenant(), namespace)
    if count:
        context = {"count": count}
        work.record(Fact("token.revoke", "namespace", namespace, context=context))
    return count


def _token(row: Any) -> Token:
    return Token(
        row.id,
        row.user_id,
        row.tenant_id,
        row.name,
        tuple(row.scopes),
        row.created_at,
        row.expires_at,
        row.revoked_at,
    )


def _token_values(token: Token, token_hash: bytes) -> dict[str, Any]:
    return {
        "id": token.id,
        "user_id": token.user_id,
        "tenant_id": token.tenant_id,
        "name": token.name,
        "hash": token_hash,
        "scopes": list(token.scopes),
        "created_at": token.created_at,
        "expires_at": token.expires_at,
    }
