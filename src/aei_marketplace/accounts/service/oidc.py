"""Signing in, linking and accepting an invitation through an OpenID provider.

What a flow is bound to lies in the database under the hash of a cookie's secret: an answer that comes
into another browser, for another provider, with another state, twice or too late finds nothing.
Nothing here calls the provider while a work is open.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from aei_marketplace.accounts import rules
from aei_marketplace.accounts.errors import (
    IdentityTaken,
    ProviderRefused,
    ProviderUnusable,
    SignInLost,
    UnknownIdentity,
)
from aei_marketplace.accounts.rules import oidc
from aei_marketplace.accounts.rules.sessions import PATIENCE
from aei_marketplace.accounts.service.accepting import accept_with_identity
from aei_marketplace.accounts.service.entering import Entry, enter
from aei_marketplace.accounts.service.providers import usable_provider
from aei_marketplace.accounts.service.sessions import JOB, Entrant, authenticate_session, own_session
from aei_marketplace.accounts.store import people, proofs, sessions
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.clock import new_id
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.errors import NotSignedIn
from aei_marketplace.ground.ports import ProviderFailed
from aei_marketplace.ground.sign_in import Visit
from aei_marketplace.web.shell.returning import safe_path


@dataclass(frozen=True, slots=True)
class OidcStart:
    """A sign-in that goes on at the provider.

    Attributes:
        url: where the browser is to be sent.
        secret: what the browser keeps in the cookie of its sign-in.
    """

    url: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Linked:
    """The provider's account now signs in to the person's account here; their session goes on as it is."""

    identity_id: UUID
    redirect_to: str


async def begin_oidc(
    deps: Deps, visit: Visit, provider_id: UUID, redirect_to: str = "/", invitation: str | None = None
) -> OidcStart:
    """Begin a sign-in at a provider.

    Args:
        redirect_to: a path on this site; anything else counts as `/`.
        invitation: the secret of an invitation that this sign-in accepts.

    Raises:
        NoSuchProvider: there is none of that id, or it is switched off.
        ProviderUnusable: it does not describe itself as it should.
        TooMany: this address tried too often.
    """
    await deps.attempts.count_address(visit.address)
    invited = {"invitation": rules.secret_hash(invitation)} if invitation else {}
    return await _begin(deps, visit, provider_id, redirect_to, invited)


async def begin_link(
    deps: Deps, visit: Visit, actor: Actor, provider_id: UUID, redirect_to: str = "/"
) -> OidcStart:
    """Begin to link the person's account at a provider to their account here.

    Raises:
        ProofNeeded: the session's last proof is too old.
        SessionNeeded: the actor came with a token.
    """
    async with deps.works.begin(actor, visit.trace_id) as work:
        work.actor.require_recent_proof(work.now)
        session = await own_session(work)
    linked = {"link_to": session.user_id, "link_session": session.id}
    return await _begin(deps, visit, provider_id, redirect_to, linked)


async def finish_oidc(
    deps: Deps, visit: Visit, provider_id: UUID, params: Mapping[str, str]
) -> Entry | Linked:
    """Take the provider's answer, as the browser brought it.

    Args:
        params: the query of the address that the provider sent the browser to.

    Raises:
        SignInLost: the answer is for no sign-in that waits in this browser: forged, used, or too late.
        ProviderMismatch: it is another provider's, or what it vouches for does not hold.
        ProviderRefused: the provider said no, or took the code for used.
        UnknownIdentity: nobody here is linked to the provider's account.
    """
    await deps.attempts.count_address(visit.address)
    waiting = await _take(deps, visit, provider_id, params.get("state", ""))
    provider = await usable_provider(deps, provider_id)
    claims = await _vouched(deps, provider, waiting, params)
    if waiting.link_to is not None:
        return await _link(deps, visit, waiting, claims)
    if waiting.invitation is not None:
        user_id = await accept_with_identity(deps, visit, waiting.invitation, claims)
    else:
        user_id = await _known(deps, claims)
    return await _enter(deps, visit, provider, user_id, waiting)


async def _begin(
    deps: Deps, visit: Visit, provider_id: UUID, redirect_to: str, more: dict[str, Any]
) -> OidcStart:
    provider = await usable_provider(deps, provider_id)
    metadata = await _metadata(deps, provider)
    secret, verifier = rules.new_secret(), rules.new_secret()
    callback = f"{visit.origin}/api/sign-in/oidc/{provider_id}/callback"
    flow = oidc.Flow(rules.new_secret(), rules.new_secret(), verifier, callback)
    async with deps.works.system(JOB, visit.trace_id) as work:
        values = {
            "id": new_id(),
            "hash": rules.secret_hash(secret),
            "expires_at": work.now + PATIENCE,
            "redirect_to": safe_path(redirect_to),
            "provider_id": provider_id,
            "state": rules.secret_hash(flow.state),
            "nonce": flow.nonce,
            "verifier": flow.verifier,
            "redirect_uri": callback,
            **more,
        }
        await sessions.add_sign_in(work, values)
    return OidcStart(oidc.authorization_url(metadata, provider, flow), secret)


async def _take(deps: Deps, visit: Visit, provider_id: UUID, state: str) -> Any:
    """The flow that this answer belongs to; a forged state takes nothing from who waits for the true one."""
    secret_hash = rules.secret_hash(visit.sign_in) if visit.sign_in else None
    state_hash = rules.secret_hash(state)
    waiting = None
    if secret_hash is not None and state_hash is not None:
        async with deps.works.system(JOB, visit.trace_id) as work:
            waiting = await sessions.take_sign_in(
                work, secret_hash, provider_id=provider_id, state=state_hash
            )
    if waiting is None:
        raise SignInLost("The provider's answer belongs to no sign-in that waits in this browser.")
    return waiting


async def _metadata(deps: Deps, provider: oidc.Provider) -> oidc.Metadata:
    try:
        document = await deps.identity_providers.get(oidc.discovery_url(provider.issuer))
    except ProviderFailed as failed:
        raise ProviderUnusable(f"{provider.name} does not describe itself: {failed}.") from failed
    return oidc.read_metadata(document, provider.issuer)


async def _vouched(
    deps: Deps, provider: oidc.Provider, waiting: Any, params: Mapping[str, str]
) -> oidc.Claims:
    metadata = await _metadata(deps, provider)
    code = oidc.check_answer(params, metadata)
    flow = oidc.Flow("", waiting.nonce, waiting.verifier, waiting.redirect_uri)
    try:
        tokens = await deps.identity_providers.exchange(oidc.code_exchange(metadata, provider, flow, code))
    except ProviderFailed as failed:
        raise ProviderRefused(f"{provider.name} did not accept its own code: {failed}.") from failed
    try:
        keys = await deps.identity_providers.get(metadata.jwks_uri)
    except ProviderFailed as failed:
        raise ProviderUnusable(f"{provider.name} does not show its keys: {failed}.") from failed
    return oidc.read_tokens(tokens, keys, metadata, provider, waiting.nonce, deps.works.clock())


async def _known(deps: Deps, claims: oidc.Claims) -> UUID:
    """Whom issuer and subject belong to; never judged by an e-mail address, which anybody may claim."""
    async with deps.works.system(JOB) as work:
        row = await proofs.find_identity(work, claims.issuer, claims.subject)
        if row is None:
            raise UnknownIdentity("Nobody here is linked to this account of the provider.")
        await proofs.identity_used(work, row.id)
    user_id: UUID = row.user_id
    return user_id


async def _enter(deps: Deps, visit: Visit, provider: oidc.Provider, user_id: UUID, waiting: Any) -> Entry:
    """A tenant's own provider vouches for that tenant alone: whoever runs it could claim to be anybody."""
    async with deps.works.system(JOB) as work:
        tenants, is_staff = await people.places_of(work, user_id)
    tenant_id = rules.choose_tenant(tenants, None, is_staff=is_staff, bound_to=provider.tenant_id)
    return await enter(
        deps, visit, Entrant(user_id, tenant_id, provider.tenant_id, "oidc", waiting.redirect_to)
    )


async def _link(deps: Deps, visit: Visit, waiting: Any, claims: oidc.Claims) -> Linked:
    actor = await _linking(deps, visit, waiting)
    async with deps.works.begin(actor, visit.trace_id) as work:
        identity_id = new_id()
        values = {
            "id": identity_id,
            "user_id": waiting.link_to,
            "issuer": claims.issuer,
            "subject": claims.subject,
            "created_at": work.now,
        }
        if not await proofs.add_identity(work, values):
            raise IdentityTaken("This account of the provider is linked already.")
        work.record(
            Fact(
                "identity.link",
                "identity",
                str(identity_id),
                context={"issuer": claims.issuer},
                personal={"subject": claims.subject},
            )
        )
    return Linked(identity_id, waiting.redirect_to)


async def _linking(deps: Deps, visit: Visit, waiting: Any) -> Actor:
    """Who links; it must still be the session that began."""
    if visit.session is not None:
        try:
            actor = await authenticate_session(deps.works, deps.sign_in, visit.session, visit.trace_id)
        except NotSignedIn:
            raise SignInLost("The session that began to link an account is over.") from None
        if actor.session == waiting.link_session:
            return actor
    raise SignInLost("The session that began to link an account is over.")
