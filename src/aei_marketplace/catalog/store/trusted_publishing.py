"""Workflows that may publish a plugin, and identity tokens that were used."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from aei_marketplace.catalog.models import namespaces, publishers, trusted_publishers, used_identity_tokens
from aei_marketplace.catalog.rules.trusted_publishing import Identity, Workflow
from aei_marketplace.ground.clock import new_id
from aei_marketplace.ground.work import Work

_T = trusted_publishers.c


async def add(work: Work, plugin_id: str, workflow: Workflow) -> Row[Any] | None:
    """Bind a workflow to a plugin; None when it is bound already."""
    values = {
        "id": new_id(),
        "tenant_id": work.actor.in_tenant(),
        "plugin_id": plugin_id,
        "issuer": workflow.issuer,
        "repository": workflow.repository,
        "workflow": workflow.workflow,
        "environment": workflow.environment,
        "created_at": work.now,
        "created_by": work.actor.id,
    }
    statement = insert(trusted_publishers).values(**values).on_conflict_do_nothing()
    return (await work.run(statement.returning(trusted_publishers))).first()


async def count(work: Work, plugin_id: str) -> int:
    """How many workflows of the actor's tenant may publish a plugin."""
    wanted = select(func.count()).where(_T.plugin_id == plugin_id, _T.tenant_id == work.actor.in_tenant())
    return int((await work.run(wanted)).scalar_one())


async def of_tenant(work: Work) -> Sequence[Row[Any]]:
    """What the actor's tenant trusts, by plugin."""
    wanted = select(trusted_publishers).where(_T.tenant_id == work.actor.in_tenant())
    return (await work.run(wanted.order_by(_T.plugin_id, _T.created_at))).all()


async def remove(work: Work, trusted_id: UUID) -> Row[Any] | None:
    """Trust a workflow no longer; what was trusted, None when there was nothing."""
    mine = _T.id == trusted_id, _T.tenant_id == work.actor.in_tenant()
    return (await work.run(delete(trusted_publishers).where(*mine).returning(trusted_publishers))).first()


async def remove_within(work: Work, namespace: str) -> Sequence[Row[Any]]:
    """Trust no workflow for any plugin of a namespace; what the actor's tenant trusted."""
    mine = _T.plugin_id.startswith(f"{namespace}.", autoescape=True), _T.tenant_id == work.actor.in_tenant()
    return (await work.run(delete(trusted_publishers).where(*mine).returning(trusted_publishers))).all()


async def find(work: Work, plugin_id: str, workflow: Workflow) -> Row[Any] | None:
    """The binding that lets a workflow publish a plugin, the narrowest first.

    One by a tenant that does not own the namespace any more counts no longer.
    """
    owner = (
        select(publishers.c.tenant_id)
        .join(namespaces, namespaces.c.publisher_id == publishers.c.id)
        .where(namespaces.c.name == plugin_id.partition(".")[0])
    )
    wanted = select(trusted_publishers).where(
        _T.plugin_id == plugin_id,
        _T.tenant_id == owner.scalar_subquery(),
        _T.issuer == workflow.issuer,
        _T.repository == workflow.repository,
        _T.workflow == workflow.workflow,
        or_(_T.environment.is_(None), _T.environment == workflow.environment),
    )
    return (await work.run(wanted.order_by(_T.environment.nulls_last(), _T.created_at))).first()


async def hold(work: Work, trusted_id: UUID) -> Row[Any] | None:
    """A binding, kept as it is until the work ends."""
    wanted = select(trusted_publishers).where(_T.id == trusted_id)
    return (await work.run(wanted.with_for_update())).first()


async def settle(work: Work, trusted_id: UUID, service_id: UUID, repository_id: str | None) -> None:
    """Note who publishes for a binding, and which repository it was bound by."""
    values = {"service_id": service_id, "repository_id": repository_id}
    await work.run(update(trusted_publishers).where(_T.id == trusted_id).values(**values))


async def use_token(work: Work, identity: Identity) -> bool:
    """Remember that an identity token was used; False when it was before."""
    values = {
        "issuer": identity.workflow.issuer,
        "token_id": identity.token_id,
        "expires_at": identity.expires_at,
    }
    done = await work.run(insert(used_identity_tokens).values(**values).on_conflict_do_nothing())
    return done.rowcount == 1


async def forget_used(work: Work) -> None:
    """Drop tokens that nobody could use any more anyway."""
    expired = used_identity_tokens.c.expires_at < work.now - timedelta(hours=1)
    await work.run(delete(used_identity_tokens).where(expired))
