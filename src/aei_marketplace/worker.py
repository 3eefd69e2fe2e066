"""The job process: reactions to events, recurring jobs, the sequencers of the two logs."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from typing import Any

import structlog

from aei_marketplace import announcements
from aei_marketplace.accounts import jobs as accounts_jobs
from aei_marketplace.accounts.events import RecoveryAsked, TenantClosed, TenantReopened
from aei_marketplace.adapters.jobs import Handler, run_jobs
from aei_marketplace.audit.jobs import deliver_for_ever, sequence_for_ever
from aei_marketplace.billing.events.disputes import DisputeTold
from aei_marketplace.billing.events.invoices import (
    CreditNoteIssued,
    InvoiceIssued,
    InvoiceOverdue,
    InvoicePaid,
)
from aei_marketplace.billing.events.mandates import (
    ConsentWanted,
    MandateWithdrawn,
    RenewalCharged,
    RenewalDeclined,
    RenewalNear,
    RenewalsStopped,
)
from aei_marketplace.billing.events.prices import PriceAnnounced
from aei_marketplace.billing.events.providers import EventRejected, ProviderTold, TransferReturned
from aei_marketplace.billing.events.purchases import (
    BuyerAccountChanged,
    PurchaseEnded,
    PurchaseSuspended,
    SpendNearCap,
)
from aei_marketplace.billing.jobs import invoices as billing_invoices
from aei_marketplace.billing.jobs import mandates as billing_mandates
from aei_marketplace.billing.jobs import providers as billing_providers
from aei_marketplace.billing.jobs import purchases as billing_purchases
from aei_marketplace.catalog import jobs as catalog_jobs
from aei_marketplace.catalog.events import (
    AdvisoryFiled,
    AdvisoryRetracted,
    DomainProofMoved,
    NamespaceOffered,
    NamespaceTransferred,
    QuotaNear,
    ReleaseCompiled,
    ReleaseListed,
    ReleasePublished,
    ReleaseStateChanged,
)
from aei_marketplace.certification.events.advisories import (
    AdvisoriesChanged,
    InventoryKept,
    ReleaseVulnerabilitiesChanged,
)
from aei_marketplace.certification.events.badges import BadgeEnded, PublishScanEnded, ReleaseCertified
from aei_marketplace.certification.jobs import advisories as certification_advisories
from aei_marketplace.certification.jobs import badges as certification_badges
from aei_marketplace.certification.jobs import scans as certification_scans
from aei_marketplace.certification.jobs import transfers as certification_transfers
from aei_marketplace.collections import jobs as collections_jobs
from aei_marketplace.decisions.events import CaseAppealed, CaseDecided, CaseOpened
from aei_marketplace.disputes import jobs as disputes_jobs
from aei_marketplace.disputes.events import DisputeEnded, DisputeOpened, EvidenceDue
from aei_marketplace.executions import jobs as executions_jobs
from aei_marketplace.executions.events import SandboxViolated
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.outbox import read_message
from aei_marketplace.installations import jobs as installations_jobs
from aei_marketplace.installations.events import (
    InstallationCreated,
    InstallationRemoved,
    InstallRequested,
    ReleaseLeft,
    UninstallRequested,
    UpdateRequested,
)
from aei_marketplace.notices import jobs as notices_jobs
from aei_marketplace.notices.events import NoticeWritten
from aei_marketplace.operations import jobs as operations_jobs
from aei_marketplace.operations.events import OperationFailed
from aei_marketplace.payouts import jobs as payouts_jobs
from aei_marketplace.payouts.events import (
    CloseAsked,
    MonthFinished,
    PayoutEnded,
    PayoutPaid,
    PayoutReleased,
)
from aei_marketplace.reports import jobs as reports_jobs
from aei_marketplace.reports.events import PluginQuarantined, PluginReported
from aei_marketplace.reviews import jobs as reviews_jobs
from aei_marketplace.reviews.events import (
    ReplyJudged,
    ReplyReopened,
    ReportFiled,
    ReviewJudged,
    ReviewPublished,
    ReviewReopened,
    ReviewReplied,
    ReviewsChanged,
    ReviewWritten,
)
from aei_marketplace.sales.events import ShareAgreementSet
from aei_marketplace.settings import load_settings
from aei_marketplace.tax_profiles.events import TaxProfileReviewed, TaxProfileSubmitted
from aei_marketplace.web.idempotency import forget_old_keys
from aei_marketplace.wiring import (
    audit_collector,
    audit_signer,
    configure_log,
    database_urls,
    open_deps,
    read_certification_key,
    read_kill_list_key,
    read_release_log_key,
    release_log_shelf,
)

Reaction = Callable[[Deps, Any, str], Awaitable[None]]
Chore = Callable[[Deps], Awaitable[Any]]

#: Who reacts to what: the one place to look when something happens "by itself".
REACTIONS: dict[type[Any], tuple[Reaction, ...]] = {
    RecoveryAsked: (accounts_jobs.mail_recovery,),
    TenantClosed: (announcements.tenant_closed, billing_mandates.withdraw_closed),
    TenantReopened: (announcements.tenant_reopened,),
    ReleasePublished: (catalog_jobs.prepare_release,),
    ReleaseCompiled: (certification_scans.guard_release,),
    QuotaNear: (announcements.quota_near,),
    NamespaceOffered: (announcements.namespace_offered,),
    NamespaceTransferred: (
        catalog_jobs.leave_to_successor,
        certification_transfers.leave_to_successor,
        announcements.namespace_transferred,
    ),
    DomainProofMoved: (announcements.domain_proof_moved,),
    ReleaseListed: (
        billing_purchases.announce_price,
        announcements.release_listed,
        announcements.reviews_may_be_old,
    ),
    ReleaseStateChanged: (
        executions_jobs.let_go,
        announcements.release_state_changed,
        certification_badges.end_stopped,
    ),
    AdvisoryFiled: (announcements.advisory_filed, certification_badges.end_affected),
    AdvisoryRetracted: (announcements.advisory_retracted,),
    ReleaseCertified: (announcements.release_certified,),
    BadgeEnded: (announcements.badge_ended,),
    PublishScanEnded: (announcements.publish_scan_ended,),
    AdvisoriesChanged: (certification_advisories.recheck_releases,),
    InventoryKept: (certification_advisories.match_again,),
    ReleaseVulnerabilitiesChanged: (certification_badges.end_vulnerable,),
    InstallRequested: (installations_jobs.carry_out_install,),
    UpdateRequested: (installations_jobs.carry_out_update,),
    UninstallRequested: (installations_jobs.carry_out_uninstall,),
    InstallationCreated: (),
    InstallationRemoved: (),
    ReleaseLeft: (installations_jobs.let_go,),
    SandboxViolated: (announcements.sandbox_violated,),
    NoticeWritten: (notices_jobs.put_on_its_way,),
    CaseOpened: (),
    CaseDecided: (announcements.case_decided,),
    CaseAppealed: (announcements.case_appealed,),
    OperationFailed: (announcements.operation_failed,),
    PluginReported: (reports_jobs.quarantine,),
    PluginQuarantined: (),
    ReviewsChanged: (reviews_jobs.rate_plugin,),
    ReviewPublished: (announcements.review_published,),
    ReviewJudged: (announcements.review_judged,),
    ReviewWritten: (reviews_jobs.examine,),
    ReviewReopened: (announcements.review_reopened,),
    ReviewReplied: (announcements.review_replied,),
    ReplyJudged: (announcements.reply_judged,),
    ReplyReopened: (announcements.reply_reopened,),
    ReportFiled: (reviews_jobs.weigh_reports,),
    CloseAsked: (payouts_jobs.close_as_asked,),
    MonthFinished: (announcements.month_finished,),
    PayoutReleased: (payouts_jobs.send,),
    PayoutPaid: (payouts_jobs.book_payment, announcements.payout_paid),
    PayoutEnded: (payouts_jobs.book_return, announcements.payout_ended),
    TaxProfileSubmitted: (announcements.tax_profile_submitted,),
    TaxProfileReviewed: (announcements.tax_profile_reviewed,),
    ShareAgreementSet: (announcements.share_agreement_set,),
    InvoiceIssued: (announcements.invoice_issued, billing_invoices.mail_invoice),
    InvoicePaid: (billing_purchases.settle,),
    CreditNoteIssued: (billing_purchases.take_back, billing_providers.return_money),
    InvoiceOverdue: (announcements.invoice_overdue,),
    MandateWithdrawn: (billing_mandates.forget_method,),
    RenewalNear: (announcements.renewal_near,),
    RenewalCharged: (announcements.renewal_charged,),
    RenewalDeclined: (announcements.renewal_declined,),
    RenewalsStopped: (announcements.renewals_stopped,),
    ConsentWanted: (announcements.consent_wanted,),
    ProviderTold: (billing_providers.settle_told,),
    EventRejected: (announcements.event_rejected,),
    DisputeTold: (disputes_jobs.take_down,),
    DisputeOpened: (disputes_jobs.hold, announcements.dispute_opened),
    DisputeEnded: (disputes_jobs.carry_out, announcements.dispute_ended),
    EvidenceDue: (announcements.evidence_due,),
    TransferReturned: (payouts_jobs.take_back,),
    PriceAnnounced: (announcements.price_announced,),
    PurchaseSuspended: (announcements.purchase_suspended,),
    PurchaseEnded: (announcements.purchase_ended,),
    SpendNearCap: (announcements.spend_near_cap,),
    BuyerAccountChanged: (billing_purchases.follow_account,),
}

#: What recurs, with the seconds between two times.
CHORES: tuple[tuple[float, Chore], ...] = (
    (10, executions_jobs.recover),
    (60, catalog_jobs.prepare_forgotten),
    (3600, catalog_jobs.forget_used_identity_tokens),
    (60, catalog_jobs.verify_domains),
    (60, operations_jobs.end_forgotten),
    (3600, executions_jobs.forget_old_output),
    (60, certification_badges.end_expired),
    (60, billing_purchases.renew_purchases),
    (60, billing_mandates.charge_renewals),
    (600, billing_invoices.remind_overdue),
    (300, billing_providers.return_forgotten),
    (600, billing_providers.look_up_silent),
    (3600, billing_providers.ignore_forgotten),
    (60, billing_purchases.tell_near_caps),
    (600, billing_purchases.announce_first_prices),
    (3600, billing_purchases.charge_usage),
    (600, disputes_jobs.remind),
    (600, certification_scans.try_held_again),
    (3600, installations_jobs.purge_removed),
    (30, installations_jobs.forget_files),
    (30, installations_jobs.prepare_artefacts),
    (300, installations_jobs.update_automatically),
    (600, reports_jobs.remove_for_good),
    (600, payouts_jobs.close_due_months),
    (3600, notices_jobs.forget_old),
    (60, reviews_jobs.forget_undos),
    (3600, collections_jobs.forget_old_counts),
    (3600, lambda deps: forget_old_keys(deps.works)),
    (3600, accounts_jobs.forget_what_is_over),
)

log = structlog.get_logger()


async def work() -> None:
    """Work until a signal ends the process."""
    settings = load_settings()
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    system_url = database_urls(settings).system
    log_key, log_shelf = read_release_log_key(settings), release_log_shelf(settings)
    async with open_deps(settings, connections=4) as deps:
        beside = [
            asyncio.create_task(
                sequence_for_ever(system_url, deps.works.clock, audit_signer(settings, deps.works.clock))
            ),
            asyncio.create_task(catalog_jobs.keep_release_log(deps.works, log_key, log_shelf)),
            asyncio.create_task(catalog_jobs.keep_kill_list(deps.works, read_kill_list_key(settings))),
            asyncio.create_task(certification_scans.scan_for_ever(deps)),
            asyncio.create_task(
                certification_badges.sign_for_ever(deps.works, read_certification_key(settings))
            ),
            asyncio.create_task(notices_jobs.deliver_for_ever(deps)),
            *(asyncio.create_task(_again_and_again(seconds, chore, deps)) for seconds, chore in CHORES),
        ]
        if collector := audit_collector(settings):
            delivery = deliver_for_ever(system_url, deps.works.clock, collector)
            beside.append(asyncio.create_task(delivery))
        try:
            await run_jobs(system_url, handlers(deps), stop)
        finally:
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)


def handlers(deps: Deps) -> dict[str, Handler]:
    """What the queue calls for each kind of event."""
    return {event.kind: _handler(deps, event, reactions) for event, reactions in REACTIONS.items()}


def _handler(deps: Deps, event_class: type[Any], reactions: tuple[Reaction, ...]) -> Handler:
    async def handle(body: bytes) -> None:
        event, trace_id = read_message(body, event_class)
        for reaction in reactions:
            await reaction(deps, event, trace_id)

    return handle


async def _again_and_again(seconds: float, chore: Chore, deps: Deps) -> None:
    while True:
        try:
            await chore(deps)
        except Exception:
            # The next time may succeed; one chore never stops the others.
            log.exception("chore.failed", chore=getattr(chore, "__qualname__", str(chore)))
        await asyncio.sleep(seconds)


def main() -> None:
    """The entry of `python -m aei_marketplace.worker`."""
    configure_log()
    asyncio.run(work())


if __name__ == "__main__":
    main()
