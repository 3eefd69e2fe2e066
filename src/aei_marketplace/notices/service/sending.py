"""Sending what was claimed: everything is read in one work, sent in none, and written down in another."""

import random
from dataclasses import replace
from datetime import datetime
from uuid import UUID

import structlog

from aei_marketplace.accounts.service import contacts
from aei_marketplace.ground.actor import Actor, system_actor
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.data_keys import keep_data_key
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.errors import Unavailable
from aei_marketplace.ground.ports import MailRefused, WebhookAnswer
from aei_marketplace.ground.sealing import OPERATOR, SealBroken
from aei_marketplace.ground.work import Work
from aei_marketplace.notices.rules import signing
from aei_marketplace.notices.rules.deliveries import MAIL, Claim, Letter, letter, webhook_body
from aei_marketplace.notices.rules.notices import Audience, Notice, Subject, to_holders, to_staff
from aei_marketplace.notices.rules.retries import next_attempt
from aei_marketplace.notices.rules.webhooks import GONE, Webhook
from aei_marketplace.notices.service.webhooks import valid_secrets
from aei_marketplace.notices.service.writing import notify
from aei_marketplace.notices.store import deliveries as store
from aei_marketplace.notices.store import notices as notices_store
from aei_marketplace.notices.store import webhooks as webhooks_store

log = structlog.get_logger()


async def send(deps: Deps, claim: Claim) -> None:
    """Send what this process claimed, once, and write down what became of it."""
    try:
        await (_send_mail if claim.channel == MAIL else _send_webhook)(deps, claim)
    except Exception:
        # The claim runs out, and it is tried again: one delivery never stops the others.
        log.exception("notices.delivery_broke_off", channel=claim.channel, lane=str(claim.lane))


async def _send_mail(deps: Deps, claim: Claim) -> None:
    async with deps.works.begin(_courier(claim)) as work:
        reader = await contacts.person(work, claim.lane, claim.tenant)
        found = await notices_store.find_many(work, claim.notices)
    notices = [found[notice_id] for notice_id in claim.notices if notice_id in found]
    if reader is None or reader.email is None or not notices:
        async with deps.works.begin(_courier(claim)) as work:
            await store.end(work, claim, "failed", problem="nobody to write to any more")
        return
    problem = await _hand_over(deps, reader.email, letter(notices, deps.sign_in.public_url), claim)
    async with deps.works.begin(_courier(claim)) as work:
        await _settle_mail(work, claim, problem)


async def _hand_over(deps: Deps, to: str, mail: Letter, claim: Claim) -> Unavailable | None:
    """What stood against it; None when it was taken."""
    try:
        # The first delivery's id: a mail that is sent twice can be told from two mails.
        await deps.mail.send(to, mail.subject, mail.text, message_id=str(claim.deliveries[0]))
    except Unavailable as problem:
        return problem
    return None


async def _settle_mail(work: Work, claim: Claim, problem: Unavailable | None) -> None:
    if problem is None:
        await store.end(work, claim, "delivered")
        return
    again = None if isinstance(problem, MailRefused) else _next(work, claim)
    if again is not None:
        await store.put_off(work, claim, again, None, problem.detail)
    elif await store.end(work, claim, "failed", problem=problem.detail):
        data = {"attempts": str(claim.attempts), "problem": problem.detail}
        await notify(
            work, Notice("mail.undelivered", to_staff("policy.operate"), Subject("mail", "mail"), data)
        )


async def _send_webhook(deps: Deps, claim: Claim) -> None:
    async with deps.works.begin(_courier(claim)) as work:
        await keep_data_key(work, claim.tenant or OPERATOR)
        webhook = await webhooks_store.find(work, claim.lane)
        notice = (await notices_store.find_many(work, claim.notices)).get(claim.notices[0])
        if webhook is None or notice is None or not webhook.enabled:
            await store.end(work, claim, "failed", problem="the webhook was disabled meanwhile")
            return
        body = webhook_body(notice)
        headers = await _signed(work, deps.master_key, webhook, claim.deliveries[0], body)
    answer = await deps.webhooks.post(webhook.url, headers, body) if headers else _SEALED
    async with deps.works.begin(_courier(claim)) as work:
        await _settle_webhook(work, claim, answer)


_SEALED = WebhookAnswer(None, "nothing was sent: its secret does not open; rotate it")


async def _signed(
    work: Work, master_key: bytes, webhook: Webhook, message_id: UUID, body: bytes
) -> dict[str, str] | None:
    try:
        secrets = await valid_secrets(work, master_key, webhook, work.now)
    except SealBroken:
        log.error("notices.secret_does_not_open", webhook=str(webhook.id))
        return None
    return signing.headers(secrets, str(message_id), work.now, body)


async def _settle_webhook(work: Work, claim: Claim, answer: WebhookAnswer) -> None:
    if answer.problem is None:
        if await store.end(work, claim, "delivered", answer.status):
            await webhooks_store.mark_health(work, claim.lane, None)
        return
    again = None if answer.status == GONE else _next(work, claim)
    if again is not None:
        if await store.put_off(work, claim, again, answer.status, answer.problem):
            await webhooks_store.mark_health(work, claim.lane, work.now)
    elif await store.end(work, claim, "failed", answer.status, answer.problem):
        await _disable(work, claim.lane, answer.problem)


async def _disable(work: Work, webhook_id: UUID, problem: str) -> None:
    await keep_data_key(work, work.actor.tenant or OPERATOR)
    webhook = await webhooks_store.find(work, webhook_id, lock=True)
    if webhook is None or not webhook.enabled:
        return
    disabled = replace(
        webhook, enabled=False, disabled_reason=problem, version=webhook.version + 1, updated_at=work.now
    )
    await webhooks_store.save(work, disabled)
    await store.drop_waiting(work, webhook_id, "the webhook was disabled")
    work.record(Fact("webhook.disable", "webhook", str(webhook_id), reason=problem))
    data = {"name": webhook.name, "problem": problem}
    await notify(
        work, Notice("webhook.disabled", _administrators(webhook), Subject("webhook", str(webhook.id)), data)
    )


def _administrators(webhook: Webhook) -> Audience:
    if webhook.tenant is None:
        return to_staff("policy.operate")
    return to_holders(webhook.tenant, "policy.administer")


def _next(work: Work, claim: Claim) -> datetime | None:
    return next_attempt(claim.attempts, work.now, random.random())  # noqa: S311 spreads load, guards nothing


def _courier(claim: Claim) -> Actor:
    """The marketplace, in the tenant whose delivery it is: what it does to a webhook stands in that log."""
    return replace(system_actor("notices.deliver"), tenant=claim.tenant)
