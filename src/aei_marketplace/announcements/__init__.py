"""Who is told of what: from what happened in any domain to the notices about it.

Reactions, listed in `worker`. A job may run twice: what repeats within one trace is counted once.
"""

from aei_marketplace.announcements.advisories import advisory_filed, advisory_retracted
from aei_marketplace.announcements.badges import badge_ended, publish_scan_ended, release_certified
from aei_marketplace.announcements.cases import case_appealed, case_decided
from aei_marketplace.announcements.disputes import dispute_ended, dispute_opened, evidence_due
from aei_marketplace.announcements.failures import operation_failed, sandbox_violated
from aei_marketplace.announcements.invoices import event_rejected, invoice_issued, invoice_overdue
from aei_marketplace.announcements.payouts import month_finished, payout_ended, payout_paid
from aei_marketplace.announcements.publishers import (
    domain_proof_moved,
    namespace_offered,
    namespace_transferred,
    quota_near,
)
from aei_marketplace.announcements.purchases import (
    price_announced,
    purchase_ended,
    purchase_suspended,
    spend_near_cap,
)
from aei_marketplace.announcements.releases import release_listed, release_state_changed
from aei_marketplace.announcements.renewals import (
    consent_wanted,
    renewal_charged,
    renewal_declined,
    renewal_near,
    renewals_stopped,
)
from aei_marketplace.announcements.reviews import (
    reply_judged,
    reply_reopened,
    review_judged,
    review_published,
    review_reopened,
    review_replied,
    reviews_may_be_old,
)
from aei_marketplace.announcements.shares import share_agreement_set
from aei_marketplace.announcements.taxes import tax_profile_reviewed, tax_profile_submitted
from aei_marketplace.announcements.tenants import tenant_closed, tenant_reopened

__all__ = [
    "advisory_filed",
    "advisory_retracted",
    "badge_ended",
    "case_appealed",
    "case_decided",
    "consent_wanted",
    "dispute_ended",
    "dispute_opened",
    "domain_proof_moved",
    "event_rejected",
    "evidence_due",
    "invoice_issued",
    "invoice_overdue",
    "month_finished",
    "namespace_offered",
    "namespace_transferred",
    "operation_failed",
    "payout_ended",
    "payout_paid",
    "price_announced",
    "publish_scan_ended",
    "purchase_ended",
    "purchase_suspended",
    "quota_near",
    "release_certified",
    "release_listed",
    "release_state_changed",
    "renewal_charged",
    "renewal_declined",
    "renewal_near",
    "renewals_stopped",
    "reply_judged",
    "reply_reopened",
    "review_judged",
    "review_published",
    "review_reopened",
    "review_replied",
    "reviews_may_be_old",
    "sandbox_violated",
    "share_agreement_set",
    "spend_near_cap",
    "tax_profile_reviewed",
    "tax_profile_submitted",
    "tenant_closed",
    "tenant_reopened",
]
