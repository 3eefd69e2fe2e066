"""Who is told of what concerns payouts."""

from aei_marketplace.announcements.telling import JOB
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.work import Work
from aei_marketplace.notices import service as notices
from aei_marketplace.notices.service import Notice, Subject, to_holders, to_staff
from aei_marketplace.payouts import service as payouts
from aei_marketplace.payouts.events import MonthFinished, PayoutEnded, PayoutPaid
from aei_marketplace.payouts.service import Payout, State
from aei_marketplace.web.shell.formats import money


async def month_finished(deps: Deps, event: MonthFinished, trace_id: str) -> None:
    """Tell the staff who approve payouts, where there are any."""
    if not event.payouts:
        return
    data = {"period": event.period, "payouts": str(event.payouts)}
    async with deps.works.system(JOB, trace_id) as work:
        to, about = to_staff("revenue.administer"), Subject("period", event.period)
        await notices.notify(work, Notice("payout.waits", to, about, data))


async def payout_paid(deps: Deps, event: PayoutPaid, trace_id: str) -> None:
    """Tell those who look after the creator's money."""
    async with deps.works.system(JOB, trace_id) as work:
        payout = await payouts.find_payout(work, event.payout_id)
        await _tell(work, "payout.paid", payout, {"transfer": money(payout.transfer or 0, payout.currency)})


async def payout_ended(deps: Deps, event: PayoutEnded, trace_id: str) -> None:
    """Tell them that it did not arrive or was cancelled, and that the amount is theirs still."""
    async with deps.works.system(JOB, trace_id) as work:
        payout = await payouts.find_payout(work, event.payout_id)
        kind = "payout.cancelled" if payout.state is State.CANCELLED else "payout.failed"
        await _tell(work, kind, payout, {"reason": payout.failure or ""})


async def _tell(work: Work, kind: str, payout: Payout, said: dict[str, str]) -> None:
    data = {
        "amount": money(payout.amount, payout.currency),
        "period": str(payout.period),
        "statement": str(payout.statement_id),
        **said,
    }
    to, about = to_holders(payout.creator, "spend.administer"), Subject("payout", str(payout.id))
    await notices.notify(work, Notice(kind, to, about, data))
