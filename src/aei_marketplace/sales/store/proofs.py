"""Queries: what does not agree with the ledger, or with itself."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, func, select, text

from aei_marketplace.ground.work import Work
from aei_marketplace.sales.models import lines
from aei_marketplace.sales.rules.bookings import LINE_KINDS

#: Each line against the entry of its key. Charges move no commission: they spare the marketplace an expense.
_AGAINST_ENTRIES = text(
    "with booked as ("
    " select e.key, e.kind, e.period, e.ref_period, e.occurred_at, min(a.currency) as currency,"
    " (array_agg(a.owner) filter (where a.kind = 'creator'))[1] as creator,"
    " coalesce(sum(p.amount) filter (where a.kind = 'creator'), 0) as net,"
    " coalesce(sum(p.amount) filter (where a.kind = 'commission'), 0) as fees,"
    " coalesce(sum(p.amount) filter (where a.kind = 'tax'), 0) as tax"
    " from ledger_entries e join ledger_postings p on p.entry_id = e.id"
    " join ledger_accounts a on a.id = p.account_id"
    " where e.kind = any(:kinds) group by e.id)"
    " select coalesce(l.key, b.key) as subject, case when l.key is null then 'entry_without_line'"
    " when b.key is null then 'line_without_entry' else 'altered_line' end as kind"
    " from sales_lines l full join booked b on b.key = l.key"
    " where l.key is null or b.key is null"
    " or (l.kind, l.period, l.ref_period, l.occurred_at, l.currency, l.creator, l.net, l.tax)"
    " is distinct from (b.kind, b.period, b.ref_period, b.occurred_at, b.currency,"
    " coalesce(b.creator, l.creator), -b.net, -b.tax)"
    " or l.fees <> case l.kind when 'charge' then -l.net else -b.fees end"
    " order by 1 limit :most"
)
#: Each line against its sale.
_AGAINST_SALES = text(
    "select l.key as subject, 'altered_line' as kind from sales_lines l join sales s on s.key = l.sale_key"
    " where (l.plugin_id, l.version, l.creator, l.source, l.creator_share_bps, l.currency)"
    " is distinct from (s.plugin_id, s.version, s.creator, s.source, s.creator_share_bps, s.currency)"
    " or (l.kind = 'sale' and (l.key, l.gross, l.net, l.tax)"
    " is distinct from ('sale:' || s.key, s.gross, s.net, s.tax))"
    " order by 1 limit :most"
)
#: Each sale against its share, half a unit to the creator, and against the lines that took something back.
_OF_SALES = text(
    "with back as (select sale_key, -sum(gross + tax) as amount from sales_lines"
    " where kind in ('refund', 'hold', 'release') group by sale_key)"
    " select s.key as subject, case when s.reversed <> coalesce(b.amount, 0) then 'reversed'"
    " when l.key is null and s.gross > 0 then 'sale_without_line' else 'share' end as kind"
    " from sales s left join back b on b.sale_key = s.key left join sales_lines l on l.key = 'sale:' || s.key"
    " where s.reversed <> coalesce(b.amount, 0) or (l.key is null and s.gross > 0)"
    " or s.net <> (2 * s.gross * s.creator_share_bps + 10000) / 20000"
    " order by 1 limit :most"
)


async def count_lines(work: Work) -> int:
    """How many lines there are."""
    return int((await work.run(select(func.count()).select_from(lines))).scalar_one())


async def disagreements(work: Work, most: int) -> Sequence[Row[Any]]:
    """What does not agree, by what it is about; at most so many of each sort."""
    found: list[Row[Any]] = []
    for statement in (_AGAINST_ENTRIES, _AGAINST_SALES, _OF_SALES):
        given = {"kinds": list(LINE_KINDS)} if statement is _AGAINST_ENTRIES else {}
        found += (await work.run(statement, {**given, "most": most})).all()
    return found
