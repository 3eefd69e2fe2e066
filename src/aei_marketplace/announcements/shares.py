"""Who is told of what creators get: whoever publishes for the tenant of the plugin."""

from aei_marketplace.announcements.telling import JOB
from aei_marketplace.ground.deps import Deps
from aei_marketplace.notices import service as notices
from aei_marketplace.notices.service import Notice, Subject, to_holders
from aei_marketplace.sales import service as sales
from aei_marketplace.sales.events import ShareAgreementSet


async def share_agreement_set(deps: Deps, event: ShareAgreementSet, trace_id: str) -> None:
    """Tell the creator of terms that will apply, and why."""
    async with deps.works.system(JOB, trace_id) as work:
        agreements = await sales.agreements_of(work, event.plugin_id)
        new = next(each for each in agreements if each.id == event.agreement_id)
        before = sales.terms_at((a for a in agreements if a.number < new.number), event.effective_from)
        data = {
            "plugin": event.plugin_id,
            "share": sales.in_percent(new.terms.creator_share_bps),
            "before": sales.in_percent(before.creator_share_bps),
            "since": f"{event.effective_from:%Y-%m-%d %H:%M} UTC",
            "reason": new.terms.reason,
        }
        to, about = to_holders(event.creator, "plugin.publish"), Subject("plugin", event.plugin_id)
        await notices.notify(work, Notice("share.announced", to, about, data))
