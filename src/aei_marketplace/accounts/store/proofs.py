"""Queries of passkeys, providers of sign-in, linked identities and one-time links for recovery."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from aei_marketplace.accounts.models import identities, identity_providers, passkeys, recoveries, tenants
from aei_marketplace.ground.work import Work


async def list_passkeys(work: Work, user_id: UUID) -> Sequence[Row[Any]]:
    """A person's passkeys, oldest first."""
    wanted = select(passkeys).where(passkeys.c.user_id == user_id).order_by(passkeys.c.id)
    return (await work.run(wanted)).all()


async def find_passkey(work: Work, user_id: UUID, credential_id: bytes) -> Row[Any] | None:
    """A person's passkey by what its authenticator calls it; nobody else uses it until the work ends."""
    mine = (passkeys.c.user_id == user_id, passkeys.c.credential_id == credential_id)
    return (await work.run(select(passkeys).where(*mine).with_for_update())).first()


async def add_passkey(work: Work, values: dict[str, Any]) -> bool:
    """Store a passkey; False when it is registered already, by whomever."""
    done = await work.run(
        insert(passkeys).values(**values).on_conflict_do_nothing(index_elements=["credential_id"])
    )
    return done.rowcount == 1


async def change_passkey(work: Work, user_id: UUID, passkey_id: UUID, **values: Any) -> bool:
    """Change a person's passkey; False when there is none."""
    mine = (passkeys.c.user_id == user_id, passkeys.c.id == passkey_id)
    return (await work.run(update(passkeys).where(*mine).values(**values))).rowcount == 1


async def remove_passkeys(work: Work, user_id: UUID, **where: Any) -> int:
    """Remove those of a person's passkeys whose columns have these values; how many there were."""
    conditions = [passkeys.c[name] == value for name, value in where.items()]
    statement = delete(passkeys).where(passkeys.c.user_id == user_id, *conditions)
    return (await work.run(statement)).rowcount


async def list_providers(work: Work, tenant_id: UUID | None) -> Sequence[Row[Any]]:
    """The providers of a tenant, or of the operator."""
    own = identity_providers.c.tenant_id
    wanted = own == tenant_id if tenant_id else own.is_(None)
    return (
        await work.run(select(identity_providers).where(wanted).order_by(identity_providers.c.name))
    ).all()


async def offered_providers(work: Work, tenant: str | None) -> Sequence[Row[Any]]:
    """The providers that somebody who is not signed in may choose: the operator's, and one tenant's."""
    own = identity_providers.c.tenant_id
    of_tenant = own.in_(select(tenants.c.id).where(tenants.c.slug == tenant))
    wanted = select(identity_providers).where(
        identity_providers.c.enabled, or_(own.is_(None), of_tenant) if tenant else own.is_(None)
    )
    return (await work.run(wanted.order_by(own.is_(None), identity_providers.c.name))).all()


async def find_provider(work: Work, provider_id: UUID) -> Row[Any] | None:
    """A provider by id."""
    wanted = select(identity_providers).where(identity_providers.c.id == provider_id)
    return (await work.run(wanted)).first()


async def add_provider(work: Work, values: dict[str, Any]) -> bool:
    """Store a provider; False when the name is taken."""
    done = await work.run(insert(identity_providers).values(**values).on_conflict_do_nothing())
    return done.rowcount == 1


async def change_provider(work: Work, provider_id: UUID, **values: Any) -> bool:
    """Change a provider; False when there is none that the actor may change."""
    one = identity_providers.c.id == provider_id
    return (await work.run(update(identity_providers).where(one).values(**values))).rowcount == 1


async def remove_provider(work: Work, provider_id: UUID) -> bool:
    """Remove a provider; False when there is none that the actor may change."""
    one = identity_providers.c.id == provider_id
    return (await work.run(delete(identity_providers).where(one))).rowcount == 1


async def find_identity(work: Work, issuer: str, subject: str) -> Row[Any] | None:
    """Who is linked to an account of a provider."""
    one = (identities.c.issuer == issuer, identities.c.subject == subject)
    return (await work.run(select(identities).where(*one))).first()


async def list_identities(work: Work, user_id: UUID) -> Sequence[Row[Any]]:
    """A person's links, oldest first."""
    wanted = select(identities).where(identities.c.user_id == user_id).order_by(identities.c.id)
    return (await work.run(wanted)).all()


async def add_identity(work: Work, values: dict[str, Any]) -> bool:
    """Link a person; False when the provider's account belongs to somebody already."""
    done = await work.run(
        insert(identities).values(**values).on_conflict_do_nothing(index_elements=["issuer", "subject"])
    )
    return done.rowcount == 1


async def identity_used(work: Work, identity_id: UUID) -> None:
    """Note that somebody signed in with a link."""
    one = identities.c.id == identity_id
    await work.run(update(identities).where(one).values(used_at=work.now))


async def remove_identity(work: Work, user_id: UUID, identity_id: UUID) -> bool:
    """Remove a person's link; False when there is none."""
    mine = (identities.c.user_id == user_id, identities.c.id == identity_id)
    return (await work.run(delete(identities).where(*mine))).rowcount == 1


async def add_recovery(work: Work, values: dict[str, Any]) -> None:
    """Store a one-time link; those before it stop working."""
    await work.run(delete(recoveries).where(recoveries.c.user_id == values["user_id"]))
    await work.run(insert(recoveries).values(**values))


async def take_recovery(work: Work, secret_hash: bytes) -> UUID | None:
    """Whose link this is, taken, so that it is used once."""
    statement = (
        update(recoveries)
        .where(
            recoveries.c.hash == secret_hash,
            recoveries.c.used_at.is_(None),
            recoveries.c.expires_at > work.now,
        )
        .values(used_at=work.now)
        .returning(recoveries.c.user_id)
    )
    return (await work.run(statement)).scalar_one_or_none()


async def forget_recoveries(work: Work) -> None:
    """Drop links that are too old."""
    await work.run(delete(recoveries).where(recoveries.c.expires_at < work.now))


async def forget_person(work: Work, user_id: UUID) -> None:
    """Drop what somebody signed in with beside their password."""
    for held in (passkeys, identities, recoveries):
        await work.run(delete(held).where(held.c.user_id == user_id))
