"""Queries: sales and what else was told of them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Any

from sqlalchemy import Row, bindparam, func, or_, select, tuple_, update

from aei_marketplace.ground.bulk import as_columns, insert_rows
from aei_marketplace.ground.work import Work
from aei_marketplace.sales.models import facts, sales
from aei_marketplace.sales.rules.bookings import Parts, Sold
from aei_marketplace.sales.rules.facts import (
    Afterwards,
    DisputeLost,
    DisputeOpened,
    DisputeWon,
    Refund,
    Sale,
    name_of,
)
from aei_marketplace.sales.rules.shares import Share


class Hold(IntEnum):
    """What is held by its key until the work ends; disputes always before sales."""

    DISPUTES = 1935764580
    SALES = 1935764581


@dataclass(frozen=True, slots=True)
class Booked:
    """A sale that is booked, and how much of it was reversed since."""

    sold: Sold
    reversed: int


@dataclass(frozen=True, slots=True)
class Told:
    """A fact that was told before.

    Attributes:
        sale_key: None while it is not known.
        state: `parked`, `booked` or `refused`.
    """

    fact: Afterwards
    sale_key: str | None
    state: str
    reason: str | None
    told_at: datetime


async def hold(work: Work, what: Hold, keys: Collection[str]) -> None:
    """Wait for whoever books facts of one of these, and have the next one wait for this work."""
    if keys:
        await work.run(select(func.sales_hold(int(what), sorted(keys))))


async def find(work: Work, keys: Collection[str]) -> Mapping[str, Booked]:
    """Sales by key."""
    rows = await work.run(select(sales).where(sales.c.key.in_(keys)))
    return {row.key: _as_booked(row) for row in rows}


async def add(work: Work, sold: Sequence[Sold]) -> None:
    """Write new sales down."""
    rows = [_sale_row(work, each) for each in sold]
    await work.run(insert_rows(sales, tuple(rows[0])), as_columns(rows))


async def set_reversed(work: Work, reversed_by_key: Mapping[str, int]) -> None:
    """How much of each sale is reversed now."""
    statement = update(sales).where(sales.c.key == bindparam("of_key")).values(reversed=bindparam("now"))
    rows = [{"of_key": key, "now": amount} for key, amount in reversed_by_key.items()]
    await work.run(statement, rows)


async def told_of(work: Work, sale_keys: Collection[str], dispute_keys: Collection[str]) -> list[Told]:
    """What was told of these sales and disputes, booked or not."""
    of_any = or_(facts.c.sale_key.in_(sale_keys), facts.c.dispute_key.in_(dispute_keys))
    return [_as_told(row) for row in await work.run(select(facts).where(of_any))]


async def find_told(work: Work, names: Collection[str]) -> list[Told]:
    """Facts by name."""
    return [_as_told(row) for row in await work.run(select(facts).where(facts.c.name.in_(names)))]


async def add_facts(work: Work, told: Sequence[Told]) -> None:
    """Write facts down that were told for the first time."""
    rows = [_fact_row(work, each) for each in told]
    await work.run(insert_rows(facts, tuple(rows[0])), as_columns(rows))


async def settle_facts(work: Work, told: Sequence[Told]) -> None:
    """What became of facts that were parked."""
    names = ("sale_key", "state", "reason", "settled_at")
    changed: dict[str, Any] = {name: bindparam(f"new_{name}") for name in names}
    statement = update(facts).where(facts.c.name == bindparam("of_name")).values(**changed)
    rows = [_fact_row(work, each) for each in told]
    given = [{"of_name": row["name"], **{f"new_{name}": row[name] for name in names}} for row in rows]
    await work.run(statement, given)


async def unbooked_page(work: Work, state: str, after: tuple[datetime, str] | None, limit: int) -> list[Told]:
    """Facts in a state that is not booked, what was told last first, from behind one on."""
    key = (facts.c.told_at, facts.c.name)
    query = select(facts).where(facts.c.state == state)
    if after is not None:
        query = query.where(tuple_(*key) < after)
    rows = await work.run(query.order_by(*(each.desc() for each in key)).limit(limit))
    return [_as_told(row) for row in rows]


async def count_unbooked(work: Work, state: str) -> int:
    """How many facts are in a state."""
    query = select(func.count()).select_from(facts).where(facts.c.state == state)
    return int((await work.run(query)).scalar_one())


def _as_booked(row: Row[Any]) -> Booked:
    sale = Sale(
        key=row.key,
        plugin_id=row.plugin_id,
        version=row.version,
        creator=row.creator,
        buyer=row.buyer,
        source=row.source,
        currency=row.currency,
        gross=row.gross,
        tax=row.tax,
        processor_fee=row.processor_fee,
        occurred_at=row.occurred_at,
        earned_at=row.earned_at,
        tax_country=row.tax_country,
    )
    share = Share(row.creator_share_bps, row.processing_fee_bearer, row.dispute_fee_bearer)
    return Booked(Sold(sale, share, Parts(row.net, row.gross - row.net, row.tax)), row.reversed)


def _sale_row(work: Work, sold: Sold) -> dict[str, Any]:
    sale = sold.sale
    return {
        "key": sale.key,
        "plugin_id": sale.plugin_id,
        "version": sale.version,
        "creator": sale.creator,
        "buyer": sale.buyer,
        "source": sale.source,
        "currency": sale.currency,
        "gross": sale.gross,
        "tax": sale.tax,
        "tax_country": sale.tax_country,
        "processor_fee": sale.processor_fee,
        "net": sold.parts.net,
        "creator_share_bps": sold.share.creator_share_bps,
        "processing_fee_bearer": sold.share.processing_fee_bearer,
        "dispute_fee_bearer": sold.share.dispute_fee_bearer,
        "occurred_at": sale.occurred_at,
        "earned_at": sale.earned_at,
        "recorded_at": work.now,
        "reversed": 0,
    }


def _as_told(row: Row[Any]) -> Told:
    fact: Afterwards
    match row.kind:
        case "refund":
            key = row.name.removeprefix("refund:")
            fact = Refund(key, row.sale_key, row.amount, row.occurred_at, row.currency)
        case "dispute":
            fact = DisputeOpened(row.dispute_key, row.sale_key, row.amount, row.occurred_at, row.currency)
        case "won":
            fact = DisputeWon(row.dispute_key, row.occurred_at, row.fee)
        case _:
            fact = DisputeLost(row.dispute_key, row.occurred_at, row.fee)
    return Told(fact, row.sale_key, row.state, row.reason, row.told_at)


def _fact_row(work: Work, told: Told) -> dict[str, Any]:
    fact = told.fact
    name = name_of(fact)
    return {
        "name": name,
        "kind": name.partition(":")[0],
        "sale_key": told.sale_key,
        "dispute_key": _dispute_of(fact),
        "amount": fact.amount if isinstance(fact, Refund | DisputeOpened) else 0,
        "currency": fact.currency if isinstance(fact, Refund | DisputeOpened) else None,
        "fee": fact.fee if isinstance(fact, DisputeWon | DisputeLost) else 0,
        "occurred_at": fact.occurred_at,
        "told_at": told.told_at,
        "state": told.state,
        "reason": told.reason,
        "settled_at": None if told.state == "parked" else work.now,
    }


def _dispute_of(fact: Afterwards) -> str | None:
    if isinstance(fact, Refund):
        return None
    return fact.key if isinstance(fact, DisputeOpened) else fact.dispute_key
