"""Charging usage by month, and reading it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import structlog

from aei_marketplace.billing.rules.charges import Charge
from aei_marketplace.billing.rules.invoices import DraftLine, InvoiceDraft
from aei_marketplace.billing.rules.purchases import TERM, Purchase
from aei_marketplace.billing.rules.usage import Rated, Tally, UsageRecord, charge_key, earned_at, month_end
from aei_marketplace.billing.service import invoicing
from aei_marketplace.billing.service.charging import charge_of
from aei_marketplace.billing.service.purchases import ACTION, with_access
from aei_marketplace.billing.store import charges
from aei_marketplace.billing.store import purchases as purchase_store
from aei_marketplace.billing.store import usage as store
from aei_marketplace.catalog.rules.names import check_plugin_id
from aei_marketplace.ground.errors import Refusal
from aei_marketplace.ground.work import Work, Works

_JOB = "billing.charge_usage"
_BATCH = 200
#: So many runs of a month are in memory at once.
_AT_ONCE = 2_000
#: A run of the last moment of a month may be kept so much later; the month is charged once.
_BEGINNING = timedelta(minutes=10)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class UsagePage:
    """A part of a month's runs of a plugin, in the order of their ids.

    Attributes:
        charges: what counts them; none before the month is charged.
        more: the id after which the next part begins; None at the end.
    """

    records: Sequence[UsageRecord]
    charges: Sequence[Charge]
    more: UUID | None


@dataclass(frozen=True, slots=True)
class _Billable:
    """What one plugin's runs come to, with the purchase that stands for them."""

    purchase: Purchase
    version: str
    rated: Rated


async def charge_usage(works: Works) -> int:
    """Invoice the usage of months that are over, each tenant and currency for itself; how many invoices."""
    issued, after = 0, None
    while True:
        async with works.system(_JOB) as work:
            this = (work.now - _BEGINNING).astimezone(UTC).date().replace(day=1)
            due = await store.months_to_charge(work, this, after, _BATCH)
        if not due:
            return issued
        # Onwards from the last, so that those that cannot be invoiced never stand before the others.
        issued, after = issued + sum([await _charge(works, *each) for each in due]), due[-1]


async def read_usage(work: Work, period: date, plugin_id: str, after: UUID | None, limit: int) -> UsagePage:
    """The runs of a plugin that started in a month, for the actor's tenant to check.

    Raises:
        NotAllowed: the actor may not spend.
        PluginNotFound: that is no plugin's id.
    """
    work.actor.require(ACTION)
    tenant = work.actor.in_tenant()
    check_plugin_id(plugin_id)
    found = await store.find_records(work, tenant, period, plugin_id, after, limit + 1)
    counted = await charges.of_month(work, tenant, plugin_id, period)
    more = found[limit - 1].execution_id if len(found) > limit else None
    return UsagePage(found[:limit], counted, more)


async def _charge(works: Works, tenant: UUID, period: date, currency: str) -> bool:
    """In a work of its own: who cannot be invoiced today holds up nobody else, and is tried again."""
    try:
        async with works.system(_JOB) as work:
            return await _invoice(work, tenant, period, currency)
    except Refusal as refusal:
        log.warning(
            "billing.usage_not_charged", tenant=str(tenant), period=str(period), problem=refusal.detail
        )
        return False


async def _invoice(work: Work, tenant: UUID, period: date, currency: str) -> bool:
    billable: dict[str, _Billable] = {}
    for plugin in await store.uncharged_plugins(work, tenant, period, currency):
        key = charge_key(tenant, plugin, period, currency)
        if await store.set_charged(work, tenant, period, currency, plugin, key):
            billable[plugin] = await _rated(work, tenant, period, currency, plugin)
    lines = [_line(tenant, period, each) for each in billable.values() if each.rated.net_minor > 0]
    if not lines:
        return False
    draft = InvoiceDraft(tenant, currency, tuple(lines), work.now + TERM, "usage")
    invoice = await invoicing.issue(work, draft)
    start, end = datetime(period.year, period.month, 1, tzinfo=UTC), month_end(period)
    await charges.add(
        work,
        [
            charge_of(
                line,
                invoice.id,
                tenant,
                currency,
                work.now,
                start,
                end,
                billable[line.plugin_id].rated.root,
            )
            for line in lines
        ],
    )
    for line in lines:
        await _limit_access(work, line.purchase_id)
    return True


async def _rated(work: Work, tenant: UUID, period: date, currency: str, plugin: str) -> _Billable:
    """What the runs come to that the month's charge counts, read in parts."""
    key, tally, after = charge_key(tenant, plugin, period, currency), Tally(currency), None
    while part := await store.charged(work, tenant, period, plugin, key, after, _AT_ONCE):
        tally.add(part)
        after = part[-1].execution_id
    assert tally.last is not None, "a charge counts runs"
    purchase = await purchase_store.find(work, tally.last.purchase_id)
    assert purchase is not None, "a run is counted under a purchase"
    return _Billable(purchase, tally.last.version, tally.rated())


def _line(tenant: UUID, period: date, billable: _Billable) -> DraftLine:
    purchase, rated = billable.purchase, billable.rated
    runs = f"{rated.units:,} run{'' if rated.units == 1 else 's'}"
    return DraftLine(
        key=charge_key(tenant, purchase.plugin_id, period, rated.currency),
        kind="usage",
        plugin_id=purchase.plugin_id,
        version=billable.version,
        creator=purchase.creator,
        text=f"{purchase.plugin_id}, {period:%Y-%m}: {runs}, receipt {rated.root.hex()}",
        quantity=rated.units,
        unit_micros=rated.unit_micros,
        net_minor=rated.net_minor,
        earned_at=earned_at(period),
        purchase_id=purchase.id,
    )


async def _limit_access(work: Work, purchase_id: UUID) -> None:
    """Access ends when the invoice is not paid."""
    held = await purchase_store.hold(work, purchase_id)
    if held is not None and held.ended_at is None:
        await purchase_store.save(work, await with_access(work, held))
