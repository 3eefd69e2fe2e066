"""Who is told of disputes."""

from aei_marketplace.announcements.telling import JOB
from aei_marketplace.disputes import service as disputes
from aei_marketplace.disputes.events import DisputeEnded, DisputeOpened, EvidenceDue
from aei_marketplace.disputes.rules.cases import Dispute, State
from aei_marketplace.ground.deps import Deps
from aei_marketplace.notices import service as notices
from aei_marketplace.notices.service import Notice, Subject, to_holders, to_staff
from aei_marketplace.web.shell.formats import money

#: Whoever holds this action minds a tenant's money.
MONEY = "spend.administer"
_ENDED = {
    State.WON: "the creator keeps it",
    State.LOST: "the buyer gets it back",
    State.WITHDRAWN: "it was withdrawn",
}


async def dispute_opened(deps: Deps, event: DisputeOpened, trace_id: str) -> None:
    """Tell the creator whose money is held, and the staff who decide or help."""
    async with deps.works.system(JOB, trace_id) as work:
        dispute = await disputes.read_dispute(work, event.dispute_id)
        data = {**_about(dispute), "until": f"{dispute.evidence_due_at:%d %B %Y}"}
        for to in (to_holders(dispute.creator, MONEY), to_staff("revenue.administer")):
            await notices.notify(work, Notice("dispute.opened", to, _subject(dispute), data))


async def dispute_ended(deps: Deps, event: DisputeEnded, trace_id: str) -> None:
    """Tell both sides how it ended."""
    async with deps.works.system(JOB, trace_id) as work:
        dispute = await disputes.read_dispute(work, event.dispute_id)
        data = {**_about(dispute), "how": _ENDED[dispute.state]}
        for tenant in (dispute.creator, dispute.buyer):
            to = to_holders(tenant, MONEY)
            await notices.notify(work, Notice("dispute.ended", to, _subject(dispute), data))


async def evidence_due(deps: Deps, event: EvidenceDue, trace_id: str) -> None:
    """Tell the creator that nothing was shown, and that the time is nearly over."""
    async with deps.works.system(JOB, trace_id) as work:
        dispute = await disputes.read_dispute(work, event.dispute_id)
        to, data = to_holders(dispute.creator, MONEY), _about(dispute)
        await notices.notify(work, Notice("dispute.evidence_due", to, _subject(dispute), data))


def _about(dispute: Dispute) -> dict[str, str]:
    amount = money(dispute.amount, dispute.currency)
    return {"plugin": dispute.plugin_id, "amount": amount, "dispute": str(dispute.id)}


def _subject(dispute: Dispute) -> Subject:
    return Subject("dispute", str(dispute.id))
