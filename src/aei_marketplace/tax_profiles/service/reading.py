"""Tax profiles as they stand, masked."""

from collections.abc import Collection
from dataclasses import asdict
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from aei_marketplace.ground.paging import Page, PageWanted, as_moment_and_id
from aei_marketplace.ground.typed import read_choice
from aei_marketplace.ground.work import Work
from aei_marketplace.tax_profiles import store
from aei_marketplace.tax_profiles.errors import ProfileNotFound
from aei_marketplace.tax_profiles.rules.declarations import Form, Kind
from aei_marketplace.tax_profiles.rules.profiles import (
    NO_PROFILE,
    Profile,
    State,
    TaxStanding,
    standing_of,
)


async def list_profiles(work: Work, state: str, wanted: PageWanted) -> Page:
    """All creators' profiles in a state, those that were sent first first.

    Raises:
        NotAllowed: the actor may not.
        Invalid: there is no such state, or the cursor is of another list.
    """
    work.actor.require("revenue.administer")
    chosen = read_choice(State, state, "/state")
    rows = await store.find_page(work, chosen, wanted.position(as_moment_and_id), wanted.limit)
    found = [profile_of(row) for row in rows]
    total = await store.count(work, chosen)
    return wanted.page(found, total, lambda p: [p.submitted_at.isoformat(), str(p.id)])


async def find_profile(work: Work, profile_id: UUID) -> Profile:
    """One profile: staff see all, a creator their own.

    Raises:
        NotAllowed: the actor may not.
        ProfileNotFound: there is none that they see.
    """
    work.actor.require("spend.administer" if work.actor.tenant else "revenue.administer")
    row = await store.find(work, profile_id)
    if row is None:
        raise ProfileNotFound("There is no such tax profile.")
    return profile_of(row)


async def refusal_reason(work: Work, profile_id: UUID) -> str:
    """What the reviewer said, for a job that tells the creator.

    Raises:
        ProfileNotFound: there is no such profile.
    """
    row = await store.find(work, profile_id)
    if row is None:
        raise ProfileNotFound("There is no such tax profile.")
    return row.reason or ""


async def tax_standing(work: Work, tenant: UUID) -> TaxStanding:
    """How a creator stands with tax now."""
    return (await tax_standings(work, [tenant]))[tenant]


async def tax_standings(work: Work, tenants: Collection[UUID]) -> dict[UUID, TaxStanding]:
    """How creators stand with tax now; each of them is answered."""
    today = work.now.date()
    rows = await store.find_present(work, list(tenants)) if tenants else ()
    found = {row.tenant_id: standing_of(profile_of(row), today) for row in rows}
    return {tenant: found.get(tenant, NO_PROFILE) for tenant in tenants}


def profile_of(row: Row[Any]) -> Profile:
    """A row as a value, without what is sealed."""
    return Profile(
        id=row.id,
        tenant_id=row.tenant_id,
        form=Form(row.form),
        kind=Kind(row.kind),
        residence=row.residence,
        tax_id_end=row.tax_id_end,
        submitted_at=row.submitted_at,
        submitted_by=row.submitted_by,
        expires_on=row.expires_on,
        state=State(row.state),
        withholding_bps=row.withholding_bps,
        reason=row.reason,
        reviewed_at=row.reviewed_at,
        reviewed_by=row.reviewed_by,
        version=row.version,
    )


def profile_shape(profile: Profile) -> dict[str, Any]:
    """A profile for programs: masked, and without who did what on the other side."""
    shown = {name: value for name, value in asdict(profile).items() if not name.endswith("_by")}
    return {**shown, "tax_id": f"…{shown.pop('tax_id_end')}"}
