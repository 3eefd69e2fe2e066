"""What sales say that creators earned, in the words of statements."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from uuid import UUID

from aei_marketplace.ground.work import Work
from aei_marketplace.ledger.service import Period
from aei_marketplace.payouts.rules.statements import Figures, Part, Whose
from aei_marketplace.sales import service as sales


async def sum_month(work: Work, period: Period) -> Mapping[Whose, Mapping[str, Figures]]:
    """The lines of a month, added up by creator, currency and kind."""
    found: defaultdict[Whose, dict[str, Figures]] = defaultdict(dict)
    for row in await sales.sum_month(work, period):
        figures = Figures(row.count, row.gross, row.fees, row.net)
        found[Whose(row.creator, row.currency)][row.kind] = figures
    return found


async def sum_by_release(work: Work, period: Period, creators: Collection[UUID]) -> list[tuple[Whose, Part]]:
    """The lines of a month of some creators, added up by release and kind."""
    found: defaultdict[tuple[Whose, str, str], dict[str, Figures]] = defaultdict(dict)
    for row in await sales.sum_releases(work, period, creators):
        figures = Figures(row.count, row.gross, row.fees, row.net)
        whose = Whose(row.creator, row.currency)
        found[whose, row.plugin_id, row.version or ""][row.kind] = figures
    return [(whose, Part(plugin, version, sums)) for (whose, plugin, version), sums in found.items()]


async def open_months(work: Work, creator: UUID) -> dict[tuple[str, Period], dict[str, Figures]]:
    """The lines of a creator in months that are not closed, added up by currency, month and kind."""
    found: defaultdict[tuple[str, Period], dict[str, Figures]] = defaultdict(dict)
    for month in await sales.open_months_of(work, creator):
        row = month.sum
        figures = Figures(row.count, row.gross, row.fees, row.net)
        found[row.currency, month.period][row.kind] = figures
    return found


async def parts_of(work: Work, whose: Whose, period: Period) -> list[Part]:
    """The lines of a month of one creator, added up by release, what brought most first."""
    found: defaultdict[tuple[str, str], dict[str, Figures]] = defaultdict(dict)
    for row in await sales.sum_by_release(work, whose.creator, whose.currency, period):
        found[row.plugin_id, row.version or ""][row.kind] = Figures(row.count, row.gross, row.fees, row.net)
    parts = [Part(plugin_id, version, sums) for (plugin_id, version), sums in found.items()]
    return sorted(parts, key=lambda part: (-part.total.net, part.plugin_id, part.version))
