"""Trusted publishing: a workflow of a build service publishes without a secret that could leak.

Its identity token, which the build service signed a moment ago, is exchanged for a token that publishes
one plugin for 15 minutes, in the name of a service account that is made for this binding.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from aei_marketplace.accounts import service as accounts
from aei_marketplace.accounts.service import Token
from aei_marketplace.catalog.errors import (
    NoSuchTrustedPublisher,
    NotTrustedPublisher,
    TooManyTrustedPublishers,
    TrustedPublisherKnown,
    TrustedPublishingOff,
)
from aei_marketplace.catalog.rules import trusted_publishing as rules
from aei_marketplace.catalog.rules.membership import Right
from aei_marketplace.catalog.rules.names import check_plugin_id
from aei_marketplace.catalog.rules.trusted_publishing import Identity, Workflow
from aei_marketplace.catalog.service.members import require_right
from aei_marketplace.catalog.service.namespaces import require_namespace
from aei_marketplace.catalog.store import trusted_publishing as store
from aei_marketplace.ground.actor import system_actor
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.errors import Unavailable
from aei_marketplace.ground.issuer_keys import IssuerNotTrusted
from aei_marketplace.ground.ports import ProviderFailed
from aei_marketplace.ground.work import Work, Works

MOST_FOR_A_PLUGIN = 20
_JOB = "catalog.trusted_publishing"


@dataclass(frozen=True, slots=True)
class TrustedPublisher:
    """A workflow that may publish a plugin.

    Attributes:
        repository_id: what the first exchange bound it to; None before, or where the issuer does not say.
    """

    id: UUID
    plugin_id: str
    workflow: Workflow
    repository_id: str | None
    created_at: datetime


async def trust_workflow(
    work: Work, trusted_issuers: frozenset[str], plugin_id: str, workflow: Workflow
) -> TrustedPublisher:
    """Let a workflow publish a plugin of the actor's namespace, which may have no release yet.

    Raises:
        Invalid: the workflow cannot be trusted.
        NamespaceForeign, NamespaceReserved: the namespace is another's.
        NotInNamespace: it is its members' alone, and the actor is no owner of it.
        TrustedPublisherKnown, TooManyTrustedPublishers: it is trusted already; so many are.
    """
    work.actor.require("plugin.publish")  # for the whole publisher: no limited token widens itself so
    work.actor.require_recent_proof(work.now)
    rules.check_workflow(workflow, trusted_issuers)
    await require_namespace(work, check_plugin_id(plugin_id), Right.DELEGATE)
    if await store.count(work, plugin_id) >= MOST_FOR_A_PLUGIN:
        raise TooManyTrustedPublishers(f"A plugin trusts at most {MOST_FOR_A_PLUGIN} workflows.")
    row = await store.add(work, plugin_id, workflow)
    if row is None:
        raise TrustedPublisherKnown(f"{plugin_id} trusts this workflow.")
    work.record(_fact("trusted_publisher.add", plugin_id, row.id, workflow))
    return _trusted(row)


async def list_trusted(work: Work) -> list[TrustedPublisher]:
    """The workflows that the actor's tenant lets publish."""
    work.actor.require("plugin.publish")
    return [_trusted(row) for row in await store.of_tenant(work)]


async def distrust_workflow(work: Work, trusted_id: UUID) -> None:
    """Let a workflow publish no longer; tokens that it holds stop working at once.

    Raises:
        NoSuchTrustedPublisher: the tenant trusts no such workflow.
        NotInNamespace: the namespace is its members' alone.
    """
    work.actor.require("plugin.publish")
    row = await store.remove(work, trusted_id)
    if row is None:
        raise NoSuchTrustedPublisher("Your tenant trusts no such workflow.")
    await require_right(work, row.plugin_id.partition(".")[0], Right.PUBLISH)
    if row.service_id is not None:
        await accounts.revoke_service_tokens(work, row.service_id)
    work.record(_fact("trusted_publisher.remove", row.plugin_id, row.id, _trusted(row).workflow))


async def exchange_identity(deps: Deps, plugin_id: str, identity_token: str, trace_id: str) -> Token:
    """Exchange a build service's identity token for one that publishes a plugin for 15 minutes.

    Raises:
        TrustedPublishingOff: this marketplace has no public address that tokens could be made for.
        IdentityTokenRefused: the token proves nothing here, or was used before.
        NotTrustedPublisher: it proves a workflow that the plugin does not trust.
        Unavailable: the issuer does not answer.
    """
    audience = deps.sign_in.public_url
    if audience is None:
        raise TrustedPublishingOff("This marketplace has no public address.")
    identity = await _identity(deps, identity_token, audience)
    async with deps.works.system(_JOB, trace_id) as work:
        row = await store.find(work, check_plugin_id(plugin_id), identity.workflow)
    if row is None:
        raise _not_trusted(plugin_id)
    # In the publisher's tenant, so that its own audit log tells of it.
    exchanger = replace(system_actor(_JOB), tenant=row.tenant_id)
    async with deps.works.begin(exchanger, trace_id) as work:
        return await _exchange(work, row.id, plugin_id, identity)


async def forget_used_tokens(works: Works) -> None:
    """Drop what is remembered of identity tokens that have expired."""
    async with works.system(_JOB) as work:
        await store.forget_used(work)


async def _identity(deps: Deps, token: str, audience: str) -> Identity:
    claimed = rules.read_claimed(token)
    try:
        keys = await deps.issuer_keys.of(deps.identity_providers, claimed.issuer, claimed.key_id)
    except IssuerNotTrusted:
        raise rules.refused("issuer", "Its issuer is not trusted by this marketplace.") from None
    except ProviderFailed as failed:
        raise Unavailable(f"The token's issuer cannot be asked for its keys now: {failed}.") from failed
    return rules.read_identity(token, keys, claimed.issuer, audience, deps.works.clock())


async def _exchange(work: Work, trusted_id: UUID, plugin_id: str, identity: Identity) -> Token:
    row = await store.hold(work, trusted_id)
    if row is None or row.repository_id not in (None, identity.repository_id):
        raise _not_trusted(plugin_id)
    if not await store.use_token(work, identity):
        raise rules.refused("replayed", "It was used before.")
    service_id = row.service_id or await _service_account(work, plugin_id)
    await store.settle(work, row.id, service_id, row.repository_id or identity.repository_id)
    token = await accounts.issue_token(
        work,
        name=f"publishes {plugin_id}"[:120],
        scopes=[f"plugin.publish:{plugin_id}"],
        lifetime=rules.PUBLISHES_FOR,
        owner=service_id,
        tenant=row.tenant_id,
    )
    work.record(_fact("trusted_publisher.exchange", plugin_id, row.id, identity.workflow, str(token.id)))
    return token


async def _service_account(work: Work, plugin_id: str) -> UUID:
    """The account in whose name a binding publishes; its role grants more than its tokens ever do."""
    made = await accounts.create_user(work, name=f"publisher of {plugin_id}"[:120], service=True)
    await accounts.add_member(work, made, "ProjectManager", work.actor.in_tenant())
    return made


def _not_trusted(plugin_id: str) -> NotTrustedPublisher:
    return NotTrustedPublisher(f"The plugin {plugin_id} trusts no such workflow.")


def _fact(
    action: str, plugin_id: str, trusted_id: UUID, workflow: Workflow, token: str | None = None
) -> Fact:
    context: dict[str, Any] = {
        "trusted_publisher": str(trusted_id),
        "issuer": workflow.issuer,
        "workflow": workflow.workflow,
        **({"environment": workflow.environment} if workflow.environment else {}),
        **({"token": token} if token else {}),
    }
    # The name of a repository often holds that of a person.
    return Fact(action, "plugin", plugin_id, context=context, personal={"repository": workflow.repository})


def _trusted(row: Row[Any]) -> TrustedPublisher:
    workflow = Workflow(row.issuer, row.repository, row.workflow, row.environment)
    return TrustedPublisher(row.id, row.plugin_id, workflow, row.repository_id, row.created_at)
