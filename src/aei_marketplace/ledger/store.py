"""Every query of the ledger."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, insert, select, text
from sqlalchemy.dialects.postgresql import insert as upsert

from aei_marketplace.ground.bulk import as_columns, insert_rows
from aei_marketplace.ground.work import Work
from aei_marketplace.ledger.models import accounts, closings, entries, postings

_SUM_UP = text(
    "select count(*) as entries,"
    " sha256(coalesce(string_agg(digest, ''::bytea order by id), ''::bytea)) as digest"
    " from ledger_entries where period = :period"
)
_BALANCES = text(
    "select a.kind, a.owner, a.currency, sum(p.amount)::bigint as amount"
    " from ledger_postings p join ledger_accounts a on a.id = p.account_id"
    " where (cast(:kind as text) is null or a.kind = :kind)"
    " and (cast(:owner as uuid) is null or a.owner = :owner)"
    " and (cast(:until as date) is null or p.period <= :until)"
    " group by a.kind, a.owner, a.currency order by a.kind, a.owner, a.currency"
)
_ACCOUNTS = text(
    "select a.* from unnest(cast(:kinds as text[]), cast(:owners as uuid[]), cast(:currencies as text[]))"
    " as n (kind, owner, currency) join ledger_accounts a using (kind, owner, currency)"
)
_LINES = text(
    "select e.id, e.key, e.kind, e.period, e.ref_period, e.occurred_at, e.lines, e.digest,"
    " p.line, p.period as line_period, p.amount, a.kind as account, a.owner, a.currency"
    " from ledger_entries e"
    " left join ledger_postings p on p.entry_id = e.id left join ledger_accounts a on a.id = p.account_id"
    " order by e.id, p.line"
)

#: So many lines are held at once while all are read.
_AT_ONCE = 5_000
#: Kind, owner and currency of an account.
Name = tuple[str, UUID, str]


async def newest_closed(work: Work) -> date | None:
    """The first day of the newest closed month, whoever asks."""
    found: date | None = (await work.run(select(func.ledger_newest_closed()))).scalar_one()
    return found


async def oldest_open(work: Work) -> date | None:
    """The first day of the oldest month that has entries and is not closed."""
    after = select(func.coalesce(func.max(closings.c.period), date.min)).scalar_subquery()
    statement = select(func.min(entries.c.period)).where(entries.c.period > after)
    found: date | None = (await work.run(statement)).scalar_one()
    return found


async def hold_open(work: Work) -> None:
    """Keep months from being closed until this work ends."""
    await work.run(select(func.ledger_hold_open()))


async def hold_whole(work: Work) -> None:
    """Keep everybody else from writing until this work ends."""
    await work.run(select(func.ledger_hold_whole()))


async def account_ids(work: Work, names: Sequence[Name]) -> dict[Name, int]:
    """The ids of accounts, which are opened where they do not exist yet."""
    found = await _find_accounts(work, names)
    if missing := [name for name in names if name not in found]:
        rows = [{"kind": kind, "owner": owner, "currency": currency} for kind, owner, currency in missing]
        await work.run(upsert(accounts).on_conflict_do_nothing(), rows)
        found = await _find_accounts(work, names)
    return found


async def add_entries(work: Work, values: Sequence[Mapping[str, Any]]) -> set[str]:
    """Write entries whose keys are new; those keys."""
    statement = insert_rows(entries, tuple(values[0]), "on conflict (key) do nothing returning key")
    return set((await work.run(statement, as_columns(values))).scalars())


async def add_postings(work: Work, values: Sequence[Mapping[str, Any]]) -> None:
    """Write the postings of new entries."""
    await work.run(insert_rows(postings, tuple(values[0])), as_columns(values))


async def entries_of(work: Work, keys: Sequence[str]) -> Sequence[Row[Any]]:
    """Entries of these keys."""
    return (await work.run(select(entries).where(entries.c.key.in_(keys)))).all()


async def sum_up(work: Work, period: date) -> Row[Any]:
    """How many entries a month has, and the digest of all."""
    return (await work.run(_SUM_UP, {"period": period})).one()


async def add_closing(work: Work, values: Mapping[str, Any]) -> None:
    """Close a month."""
    await work.run(insert(closings).values(**values))


async def list_closings(work: Work) -> Sequence[Row[Any]]:
    """Closed months, the oldest first."""
    return (await work.run(select(closings).order_by(closings.c.period))).all()


async def find_closing(work: Work, period: date) -> Row[Any] | None:
    """A closed month."""
    return (await work.run(select(closings).where(closings.c.period == period))).first()


async def balances(
    work: Work, kind: str | None, owner: UUID | None, until: date | None
) -> Sequence[Row[Any]]:
    """What accounts hold, to the end of a month."""
    return (await work.run(_BALANCES, {"kind": kind, "owner": owner, "until": until})).all()


async def all_lines(work: Work) -> AsyncIterator[Row[Any]]:
    """The lines of all entries as they stand now, by ids; an entry without lines has one of nulls."""
    async with work.connection.stream(_LINES, execution_options={"yield_per": _AT_ONCE}) as lines:
        async for line in lines:
            yield line


async def _find_accounts(work: Work, names: Sequence[Name]) -> dict[Name, int]:
    kinds, owners, currencies = (list(each) for each in zip(*names, strict=True))
    given = {"kinds": kinds, "owners": owners, "currencies": currencies}
    return {(row.kind, row.owner, row.currency): row.id for row in await work.run(_ACCOUNTS, given)}
