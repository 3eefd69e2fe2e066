"""From a notice to its deliveries: whom it concerns now, and what they want of it."""

from typing import Any
from uuid import UUID

from aei_marketplace.accounts.service import contacts
from aei_marketplace.accounts.service.contacts import Contact
from aei_marketplace.ground.clock import new_id
from aei_marketplace.ground.work import Work
from aei_marketplace.notices.rules.deliveries import MAIL, WEBHOOK
from aei_marketplace.notices.rules.kind import MailSetting
from aei_marketplace.notices.rules.kinds import kind_of
from aei_marketplace.notices.rules.notices import Audience, WrittenNotice
from aei_marketplace.notices.rules.preferences import choice
from aei_marketplace.notices.rules.retries import next_digest
from aei_marketplace.notices.store import deliveries as store
from aei_marketplace.notices.store import notices as notices_store
from aei_marketplace.notices.store import preferences as preferences_store
from aei_marketplace.notices.store import webhooks as webhooks_store


async def put_on_its_way(work: Work, notice_id: UUID) -> None:
    """Put a notice's mails and webhooks on their way; doing so again adds nothing. Closed tenants get none.

    For named jobs, which see everybody's preferences.
    """
    notice = (await notices_store.find_many(work, [notice_id])).get(notice_id)
    if notice is not None and await contacts.is_reached(work, notice.to.tenant):
        await store.add(work, [*await _mails(work, notice), *await _webhooks(work, notice)])


async def _mails(work: Work, notice: WrittenNotice) -> list[dict[str, Any]]:
    kind = kind_of(notice.kind)
    readers = [contact for contact in await _concerned(work, notice.to) if contact.email]
    chosen = await preferences_store.find_for(work, [r.id for r in readers], notice.kind, MAIL)
    rows = []
    for reader in readers:
        setting = choice(kind, MAIL, chosen.get(reader.id)).setting
        if setting != MailSetting.OFF:
            digest = setting == MailSetting.DAILY
            due = next_digest(work.now) if digest else work.now
            rows.append({**_row(work, notice, MAIL), "user_id": reader.id, "digest": digest, "due_at": due})
    return rows


async def _webhooks(work: Work, notice: WrittenNotice) -> list[dict[str, Any]]:
    if notice.to.user is not None:
        return []  # what concerns one person does not leave for a system of their tenant
    wanting = await webhooks_store.find_wanting(work, notice.to.tenant, notice.kind)
    return [{**_row(work, notice, WEBHOOK), "webhook_id": webhook_id} for webhook_id in wanting]


async def _concerned(work: Work, to: Audience) -> list[Contact]:
    if to.action is not None:
        return await contacts.holders(work, to.action, to.tenant)
    assert to.user is not None, "a notice goes to a person or to holders"
    person = await contacts.person(work, to.user, to.tenant)
    return [person] if person else []


def _row(work: Work, notice: WrittenNotice, channel: str) -> dict[str, Any]:
    return {
        "id": new_id(),
        "tenant_id": notice.to.tenant,
        "notice_id": notice.id,
        "kind": notice.kind,
        "channel": channel,
        "user_id": None,
        "webhook_id": None,
        "digest": False,
        "state": "waiting",
        "due_at": work.now,
        "created_at": work.now,
    }
