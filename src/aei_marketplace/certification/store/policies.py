"""Policies of certification and the exceptions to them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Row, func, insert, select, update

from aei_marketplace.certification.models.requests import policies, waivers
from aei_marketplace.certification.rules.policies import Policy, Terms, Waiver
from aei_marketplace.ground.work import Work


async def latest(work: Work) -> Policy | None:
    """The operator's newest policy; None while the built-in one is in force."""
    row = (await work.run(select(policies).order_by(policies.c.number.desc()).limit(1))).first()
    return None if row is None else Policy(row.number, msgspec.convert(row.terms, Terms))


async def versions(work: Work) -> list[tuple[Policy, datetime]]:
    """The operator's policies with when each was put in force, the newest first."""
    rows = (await work.run(select(policies).order_by(policies.c.number.desc()))).all()
    return [(Policy(row.number, msgspec.convert(row.terms, Terms)), row.changed_at) for row in rows]


async def add(work: Work, policy: Policy) -> None:
    """Put a policy in force.

    Raises:
        IntegrityError: somebody else has just made one of this number.
    """
    await work.run(
        insert(policies).values(
            number=policy.number,
            terms=msgspec.to_builtins(policy.terms),
            changed_by=work.actor.id,
            changed_at=work.now,
        )
    )


async def waivers_of(work: Work, plugin_id: str) -> Sequence[Waiver]:
    """The exceptions that are in force for a plugin, the oldest first."""
    wanted = select(waivers).where(waivers.c.plugin_id == plugin_id, _in_force(work))
    rows = (await work.run(wanted.order_by(waivers.c.made_at, waivers.c.id))).all()
    return [_waiver(row) for row in rows]


async def waivers_page(work: Work, after: UUID | None, limit: int) -> tuple[list[Waiver], int]:
    """The exceptions in force behind an id, the oldest first, one more than `limit`; and how many in all."""
    wanted = select(waivers).where(_in_force(work)).order_by(waivers.c.id).limit(limit + 1)
    if after is not None:
        wanted = wanted.where(waivers.c.id > after)
    total = (await work.run(select(func.count()).select_from(waivers).where(_in_force(work)))).scalar_one()
    return [_waiver(row) for row in await work.run(wanted)], total


async def find_waiver(work: Work, waiver_id: UUID) -> Waiver | None:
    """An exception that is in force; None when there is none."""
    row = (await work.run(select(waivers).where(waivers.c.id == waiver_id, _in_force(work)))).first()
    return None if row is None else _waiver(row)


async def add_waiver(work: Work, waiver: Waiver) -> None:
    """Make an exception."""
    await work.run(
        insert(waivers).values(
            id=waiver.id,
            plugin_id=waiver.plugin_id,
            check_id=waiver.check,
            rule=waiver.rule,
            place=waiver.place,
            reason=waiver.reason,
            expires_at=waiver.expires_at,
            made_by=work.actor.id,
            made_at=work.now,
        )
    )


def _in_force(work: Work) -> Any:
    return waivers.c.revoked_at.is_(None) & (waivers.c.expires_at > work.now)


def _waiver(row: Row[Any]) -> Waiver:
    return Waiver(row.id, row.plugin_id, row.check_id, row.rule, row.place, row.reason, row.expires_at)


async def revoke_waiver(work: Work, waiver_id: UUID) -> str | None:
    """End an exception; the plugin's id, None when there is none that is in force."""
    done = await work.run(
        update(waivers)
        .where(waivers.c.id == waiver_id, waivers.c.revoked_at.is_(None))
        .values(revoked_at=work.now)
        .returning(waivers.c.plugin_id)
    )
    return done.scalar_one_or_none()
