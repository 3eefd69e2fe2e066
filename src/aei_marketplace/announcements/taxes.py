"""Who is told of what concerns tax profiles."""

from aei_marketplace.accounts import service as accounts
from aei_marketplace.announcements.telling import JOB
from aei_marketplace.ground.deps import Deps
from aei_marketplace.notices import service as notices
from aei_marketplace.notices.service import Notice, Subject, to_holders, to_staff
from aei_marketplace.tax_profiles import service as tax_profiles
from aei_marketplace.tax_profiles.events import TaxProfileReviewed, TaxProfileSubmitted


async def tax_profile_submitted(deps: Deps, event: TaxProfileSubmitted, trace_id: str) -> None:
    """Tell the staff who review it."""
    about = Subject("tax_profile", str(event.profile_id))
    async with deps.works.system(JOB, trace_id) as work:
        names = await accounts.tenant_names(work, {event.tenant})
        data = {"creator": names[event.tenant].name, "profile": str(event.profile_id)}
        to = to_staff("revenue.administer")
        await notices.notify(work, Notice("tax_profile.waits", to, about, data))


async def tax_profile_reviewed(deps: Deps, event: TaxProfileReviewed, trace_id: str) -> None:
    """Tell those who spend and earn for the creator."""
    about, to = Subject("tax_profile", str(event.profile_id)), to_holders(event.tenant, "spend.administer")
    async with deps.works.system(JOB, trace_id) as work:
        if event.state == "reviewed":
            await notices.notify(work, Notice("tax_profile.reviewed", to, about, {}))
            return
        reason = await tax_profiles.refusal_reason(work, event.profile_id)
        await notices.notify(work, Notice("tax_profile.refused", to, about, {"reason": reason}))
