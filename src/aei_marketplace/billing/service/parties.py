"""Who sells and whom to bill."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from aei_marketplace.billing.errors.details import DetailsMissing, DetailsStale, SellerMissing
from aei_marketplace.billing.rules.parties import Party, checked_party
from aei_marketplace.billing.store import details as store
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.clock import new_id
from aei_marketplace.ground.work import Work


@dataclass(frozen=True, slots=True)
class Details:
    """Whom to bill for a tenant, with the number of the change that made it so."""

    party: Party
    version: int
    updated_at: datetime

    @property
    def etag(self) -> str:
        """Changes with each change."""
        return f'"{self.version}"'


async def put_details(work: Work, party: Party, if_match: str | None = None) -> Details:
    """Write whom to bill for the actor's tenant. Invoices that were issued stay as they are.

    Args:
        if_match: the ETag that the change is based on; None for a change of whatever stands.

    Raises:
        NotAllowed: the actor may not.
        DetailsStale: they are not what the caller last saw.
        DetailsUnfit: they cannot stand on an invoice.
    """
    work.actor.require("spend.administer")
    tenant, tidy = work.actor.in_tenant(), checked_party(party)
    if if_match is not None:
        await _require_same(work, tenant, if_match)
    values = {**asdict(tidy), "updated_at": work.now, "updated_by": work.actor.id}
    await store.put_details(work, tenant, values)
    context = {"country": tidy.country}
    work.record(Fact("billing.details", "tenant", str(tenant), context=context, personal=_personal(tidy)))
    return await details_of(work, tenant)


async def find_details(work: Work) -> Details:
    """Whom to bill for the actor's tenant.

    Raises:
        NotAllowed: the actor may not.
        DetailsMissing: nobody has said so.
    """
    work.actor.require("spend.administer")
    return await details_of(work, work.actor.in_tenant())


async def details_of(work: Work, tenant: UUID) -> Details:
    """Whom to bill for a tenant.

    Raises:
        DetailsMissing: nobody has said so.
    """
    row = await store.find_details(work, tenant)
    if row is None:
        raise DetailsMissing("Nobody has said whom to bill for this tenant.")
    return _details(row)


async def put_seller(work: Work, party: Party) -> Party:
    """State who sells, from the next invoice on.

    Raises:
        NotAllowed: the actor may not.
        DetailsUnfit: it cannot stand on an invoice.
    """
    work.actor.require("revenue.administer")
    tidy = checked_party(party)
    values = {"id": new_id(), **asdict(tidy), "recorded_at": work.now, "recorded_by": work.actor.id}
    await store.add_seller(work, values)
    work.record(Fact("billing.seller", "seller", "operator", context=_public(tidy)))
    return tidy


async def seller(work: Work) -> Party:
    """Who sells.

    Raises:
        SellerMissing: the operator has not said so.
    """
    row = await store.find_seller(work)
    if row is None:
        raise SellerMissing("The operator has not stated who sells here.")
    return _party(row)


async def _require_same(work: Work, tenant: UUID, if_match: str) -> None:
    row = await store.find_details(work, tenant, for_update=True)
    if row is None or if_match not in ("*", _details(row).etag):
        raise DetailsStale("The billing details have changed since you read them.")


def _details(row: Any) -> Details:
    return Details(_party(row), row.version, row.updated_at)


def _party(row: Any) -> Party:
    return Party(row.name, row.address, row.country, row.tax_id, row.email)


def _personal(party: Party) -> dict[str, str]:
    return {name: value for name, value in asdict(party).items() if value and name != "country"}


def _public(party: Party) -> dict[str, str]:
    return {name: value for name, value in asdict(party).items() if value}
