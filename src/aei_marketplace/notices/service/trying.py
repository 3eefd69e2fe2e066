"""Testing a webhook: one request now, and what came of it."""

import time
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.clock import new_id
from aei_marketplace.ground.data_keys import keep_data_key
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.errors import TooMany
from aei_marketplace.ground.ports import WebhookAnswer
from aei_marketplace.ground.sealing import OPERATOR
from aei_marketplace.ground.work import Work
from aei_marketplace.notices.rules import signing
from aei_marketplace.notices.rules.deliveries import TEST_KIND, WEBHOOK, trial_body
from aei_marketplace.notices.service.webhooks import find_webhook, valid_secrets
from aei_marketplace.notices.store import deliveries as store

BETWEEN_TESTS = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Trial:
    """How a test went."""

    delivery_id: UUID
    answer: WebhookAnswer
    duration_ms: int


async def try_webhook(deps: Deps, actor: Actor, trace_id: str, webhook_id: UUID) -> Trial:
    """Send a webhook a test, whether or not it is enabled.

    Raises:
        NotAllowed: the actor may not.
        NoSuchWebhook: there is none.
        TooMany: it was tested a moment ago.
        SealBroken: its secret does not open with this master key.
    """
    delivery_id = new_id()
    async with deps.works.begin(actor, trace_id) as work:
        await keep_data_key(work, actor.tenant or OPERATOR)
        webhook = await find_webhook(work, webhook_id)
        await _check_pace(work, webhook_id)
        body = trial_body(webhook_id, work.now)
        secrets = await valid_secrets(work, deps.master_key, webhook, work.now)
        headers = signing.headers(secrets, str(delivery_id), work.now, body)
    began = time.monotonic()
    answer = await deps.webhooks.post(webhook.url, headers, body)
    trial = Trial(delivery_id, answer, round((time.monotonic() - began) * 1000))
    async with deps.works.begin(actor, trace_id) as work:
        await _write_down(work, webhook_id, trial)
    return trial


async def _check_pace(work: Work, webhook_id: UUID) -> None:
    last = await store.last_test(work, webhook_id)
    if last is not None and work.now < last + BETWEEN_TESTS:
        raise TooMany(
            "This webhook was tested a moment ago.", retry_after=max(1, round(BETWEEN_TESTS.total_seconds()))
        )


async def _write_down(work: Work, webhook_id: UUID, trial: Trial) -> None:
    await find_webhook(work, webhook_id)
    taken = trial.answer.problem is None
    row = {
        "id": trial.delivery_id,
        "tenant_id": work.actor.tenant,
        "notice_id": None,
        "kind": TEST_KIND,
        "channel": WEBHOOK,
        "webhook_id": webhook_id,
        "state": "delivered" if taken else "failed",
        "attempts": 1,
        "due_at": work.now,
        "status": trial.answer.status,
        "problem": trial.answer.problem,
        "created_at": work.now,
        "ended_at": work.now,
    }
    await store.add(work, [row])
    outcome = "ok" if taken else "failed"
    context = {"status": trial.answer.status, "problem": trial.answer.problem}
    work.record(Fact("webhook.test", "webhook", str(webhook_id), outcome=outcome, context=context))
