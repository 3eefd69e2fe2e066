"""What sales hear of disputes that a provider told of."""

from aei_marketplace.billing.events.disputes import DisputeTold
from aei_marketplace.ground.work import Work
from aei_marketplace.sales import service as sales
from aei_marketplace.sales.rules.facts import DisputeLost, DisputeOpened, DisputeWon, SalesFact


async def tell_sales(work: Work, told: DisputeTold) -> None:
    """Have sales hold what a bank took of a sale, release it or write it off. Told twice, it is done once.

    Args:
        work: of a named job.

    Raises:
        SalesFactUnfit: it can never be: more is disputed than was paid.
    """
    work.actor.require("revenue.administer")
    await sales.record(work, [fact_of(told)])


def fact_of(told: DisputeTold) -> SalesFact:
    """What a provider told of one sale, as sales take it."""
    key = dispute_key(told)
    if told.state == "opened":
        return DisputeOpened(key, told.sale_key, told.amount, told.occurred_at)
    if told.state == "won":
        return DisputeWon(key, told.occurred_at, told.fee)
    return DisputeLost(key, told.occurred_at, told.fee)


def dispute_key(told: DisputeTold) -> str:
    """The name under which sales know what a dispute did to one sale."""
    return f"{told.provider}/{told.dispute}/{told.sale_key}"
