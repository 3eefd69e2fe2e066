"""Names of other publishers that new ones are held against, and names that were asked for."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select, update
from sqlalchemy.dialects.postgresql import insert

from aei_marketplace.catalog.models import name_claims, namespaces, plugins, publishers
from aei_marketplace.ground.work import Work

_N, _P, _C, _B = namespaces.c, plugins.c, name_claims.c, publishers.c
#: What everybody sees: a name that resembles a private one must not tell that there is one.
_PUBLIC = (_P.visibility == "public", _P.listed_at.is_not(None))


async def namespaces_alike(work: Work, skeleton: str, publisher: UUID | None) -> Sequence[str]:
    """Namespaces with public plugins of other publishers that have this skeleton."""
    public = select(_P.id).where(_P.namespace == _N.name, *_PUBLIC).exists()
    wanted = select(_N.name).where(
        _N.skeleton == skeleton, _N.publisher_id.is_distinct_from(publisher), public
    )
    return (await work.run(wanted.order_by(_N.name))).scalars().all()


async def hold_look(work: Work, skeleton: str) -> None:
    """Let nobody else appear under a name of this skeleton until the work ends."""
    await work.run(select(func.pg_advisory_xact_lock(func.hashtextextended(f"look:{skeleton}", 0))))


async def is_public(work: Work, namespace: str) -> bool:
    """Whether everybody sees a plugin of this namespace."""
    public = select(_P.id).where(_P.namespace == namespace, *_PUBLIC)
    return (await work.run(public.limit(1))).first() is not None


async def popular_plugins(work: Work, publisher: UUID | None, installs: int, limit: int) -> Sequence[str]:
    """The ids of the most installed public plugins of other publishers, the most installed first."""
    wanted = select(_P.id).where(
        *_PUBLIC, _P.installs >= installs, _P.publisher_id.is_distinct_from(publisher)
    )
    return (await work.run(wanted.order_by(_P.installs.desc(), _P.id).limit(limit))).scalars().all()


async def add_claim(work: Work, values: Mapping[str, Any]) -> None:
    """Keep what was asked for; what was asked before in the same case stays."""
    await work.run(insert(name_claims).values(**values).on_conflict_do_nothing())


async def hold_claim(work: Work, case_id: UUID) -> Row[Any] | None:
    """The claim of a case, kept as it is until the work ends."""
    return (await work.run(select(name_claims).where(_C.case_id == case_id).with_for_update())).first()


async def claims_of(work: Work, cases: Collection[UUID]) -> Sequence[Row[Any]]:
    """The claims of these cases that the actor may see."""
    return (await work.run(select(name_claims).where(_C.case_id.in_(cases)))).all()


async def claims_by(work: Work, tenant: UUID, limit: int) -> Sequence[Row[Any]]:
    """The claims of a tenant, the newest first."""
    wanted = select(name_claims).where(_C.tenant_id == tenant).order_by(_C.case_id.desc()).limit(limit)
    return (await work.run(wanted)).all()


async def publisher_facts(work: Work, publisher_id: UUID) -> Row[Any]:
    """A publisher with what it has: name, verified, created_at, namespaces, plugins, installs."""
    mine = select(_N.name).where(_N.publisher_id == publisher_id).order_by(_N.name)
    own = _P.publisher_id == publisher_id
    wanted = select(
        _B.name,
        _B.verified_at.is_not(None).label("verified"),
        _B.created_at,
        func.array(mine.scalar_subquery()).label("namespaces"),
        select(func.count()).where(own).scalar_subquery().label("plugins"),
        select(func.coalesce(func.sum(_P.installs), 0)).where(own).scalar_subquery().label("installs"),
    )
    return (await work.run(wanted.where(_B.id == publisher_id))).one()


async def mark_granted(work: Work, case_id: UUID) -> None:
    """Note that staff granted the name."""
    await work.run(update(name_claims).where(_C.case_id == case_id).values(granted_at=work.now))


async def is_granted(work: Work, publisher: UUID | None, name: str) -> bool:
    """Whether staff granted the name to the publisher."""
    granted = _C.publisher_id == publisher, _C.name == name, _C.granted_at.is_not(None)
    return (await work.run(select(_C.case_id).where(*granted))).first() is not None
