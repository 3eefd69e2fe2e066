"""Asking a provider what became of attempts to collect of which no webhook has told.

A bank answers after days to some methods, and a webhook may never come. Until the provider says that an
attempt is over, its invoice is neither charged nor paid on another page.
"""

from datetime import timedelta
from typing import Any

import structlog

from aei_marketplace.billing.service import collecting, provider_events, renewal_charges
from aei_marketplace.billing.store import payments as store
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.errors import Unavailable
from aei_marketplace.ground.ports.billing import PaymentFailed, PaymentSeen, ProviderRefused, Told
from aei_marketplace.ground.work import Work

JOB = "billing.look_up"
#: Webhooks of charges to kept methods come within seconds; a day is time to mend an endpoint.
_SILENT_AFTER = timedelta(days=1)
_BATCH = 200
_UNKNOWN = "the provider does not know of it"

log = structlog.get_logger()


async def look_up_silent(deps: Deps) -> int:
    """Ask for charges that began a day ago, and pages that have ended; how many were asked for."""
    if not deps.billing.online:
        return 0
    asked, after = 0, None
    while True:
        async with deps.works.system(JOB) as work:
            before = work.now - _SILENT_AFTER
            silent = await store.find_silent(work, deps.billing.name, before, after, _BATCH)
        if not silent:
            return asked
        for payment in silent:
            await _look_up(deps, payment)
        asked, after = asked + len(silent), silent[-1].id


async def _look_up(deps: Deps, payment: Any) -> None:
    ask = deps.billing.end_page if payment.mandate_id is None else deps.billing.outcome_of
    try:
        outcome = await ask(payment.collection, payment.id)
    except ProviderRefused:
        async with deps.works.system(JOB) as work:
            await _give_up(work, payment)
    except Unavailable as unavailable:
        log.warning("billing.not_looked_up", payment=str(payment.id), problem=unavailable.detail)
    else:
        if outcome is not None:
            async with deps.works.system(JOB) as work:
                await _settle(work, payment, outcome)


async def _settle(work: Work, payment: Any, outcome: PaymentSeen | PaymentFailed) -> None:
    """What was looked up takes the way of what a webhook tells: compared, with its fee, once."""
    if payment.mandate_id is None and isinstance(outcome, PaymentFailed):
        await collecting.end_page(work, payment.id, outcome.reason)
        return
    # One name for each outcome: looked up again, it is known already.
    name = f"lookup:{payment.id}:{type(outcome).__name__}"
    await provider_events.receive(work, payment.provider, Told(name, "lookup", work.now, outcome))


async def _give_up(work: Work, payment: Any) -> None:
    if payment.mandate_id is None:
        await collecting.end_page(work, payment.id, _UNKNOWN)
    else:
        await renewal_charges.give_up(work, payment.id)
