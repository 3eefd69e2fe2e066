"""Staff review what was declared."""

from uuid import UUID

from aei_marketplace.accounts import service as accounts
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.work import Work
from aei_marketplace.tax_profiles import store
from aei_marketplace.tax_profiles.errors import OwnProfile, ProfileChanged
from aei_marketplace.tax_profiles.events import TaxProfileReviewed
from aei_marketplace.tax_profiles.rules.profiles import Profile, check_review
from aei_marketplace.tax_profiles.service.reading import find_profile


async def review_profile(
    work: Work,
    profile_id: UUID,
    *,
    approve: bool,
    withholding_bps: int | None = None,
    reason: str | None = None,
    seen: int | None = None,
) -> Profile:
    """Decide about a profile; one that was reviewed may be refused later.

    Args:
        withholding_bps: basis points that are withheld of each payout.
        seen: the version that the actor saw; None when they do not say.

    Raises:
        NotAllowed, ProofNeeded: the actor may not, or their last proof is too old.
        OwnProfile: they belong to the creator's tenant.
        ProfileNotFound: there is none.
        ProfileChanged: it is not what the actor saw.
        ReviewRefused: in its state this cannot be decided any more.
        ReviewUnfit: the withholding is no share, or a refusal says no reason.
    """
    work.actor.require("revenue.administer")
    work.actor.require_recent_proof(work.now)
    profile = await find_profile(work, profile_id)
    person = work.actor.id
    if person is not None and await accounts.belongs_to(work, person, profile.tenant_id):
        raise OwnProfile("You belong to the tenant whose tax profile this is.")
    if seen is not None and seen != profile.version:
        raise ProfileChanged("The tax profile is not what you saw.")
    review = check_review(profile, approve, withholding_bps, reason, work.now.date())
    values = {
        "state": review.state,
        "withholding_bps": review.withholding_bps,
        "reason": review.reason,
        "reviewed_at": work.now,
        "reviewed_by": person,
    }
    if not await store.change(work, profile_id, profile.version, values):
        raise ProfileChanged("Somebody else decided meanwhile.")
    context = {"state": review.state, "withholding_bps": review.withholding_bps or 0}
    personal = {"reason": review.reason} if review.reason else {}
    work.record(
        Fact("tax_profile.review", "tax_profile", str(profile_id), context=context, personal=personal)
    )
    work.emit(TaxProfileReviewed(profile_id, profile.tenant_id, review.state))
    return await find_profile(work, profile_id)
