"""What can be done with webhooks. A secret is shown once, when it is made, and never again."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.clock import new_id
from aei_marketplace.ground.data_keys import keep_data_key, made_data_key, opened_data_key
from aei_marketplace.ground.paging import Page, PageWanted, as_id
from aei_marketplace.ground.sealing import OPERATOR, open_value, seal_value
from aei_marketplace.ground.urls import IsInternal
from aei_marketplace.ground.work import Work
from aei_marketplace.notices.errors import NoSuchWebhook, TooManyWebhooks, WebhookStale
from aei_marketplace.notices.rules.signing import new_secret
from aei_marketplace.notices.rules.webhooks import (
    MOST_WEBHOOKS,
    OldSecret,
    Webhook,
    check_kinds,
    check_name,
    check_overlap,
    check_url,
    secret_place,
)
from aei_marketplace.notices.store import deliveries as deliveries_store
from aei_marketplace.notices.store import webhooks as store


@dataclass(frozen=True, slots=True)
class Shown:
    """A webhook with the secret that was made for it just now."""

    webhook: Webhook
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Change:
    """What shall be different; None leaves it as it is."""

    name: str | None = None
    url: str | None = None
    kinds: Sequence[str] | None = None
    enabled: bool | None = None


async def create_webhook(
    work: Work, master_key: bytes, is_internal: IsInternal, name: str, url: str, kinds: Sequence[str] = ()
) -> Shown:
    """Keep a webhook of the actor's tenant, or of the operator when the actor is staff.

    Args:
        kinds: of the notices that it gets; none for all.

    Raises:
        NotAllowed: the actor may not.
        WebhookUnfit: something of it cannot be kept.
        TooManyWebhooks: as many are kept as may be kept.
    """
    owner, by = _require_owner(work), work.actor.id
    assert by is not None, "who holds such an action has an account"
    check_name(name)
    url, wanted = check_url(url, is_internal), check_kinds(kinds)
    await store.hold(work, owner)
    if await store.count(work, owner) >= MOST_WEBHOOKS:
        raise TooManyWebhooks(f"There are {MOST_WEBHOOKS} webhooks already.")
    webhook_id, secret = new_id(), new_secret()
    place = secret_place(owner, webhook_id, 1)
    webhook = Webhook(
        id=webhook_id,
        tenant=owner,
        name=name,
        url=url,
        kinds=wanted,
        enabled=True,
        disabled_reason=None,
        failing_since=None,
        secret_version=1,
        secret=seal_value(await made_data_key(work, master_key, place.tenant), place, secret),
        old_secret=None,
        version=1,
        created_at=work.now,
        created_by=by,
        updated_at=work.now,
    )
    await store.save(work, webhook)
    work.record(_fact("create", webhook))
    return Shown(webhook, secret)


async def change_webhook(
    work: Work, is_internal: IsInternal, webhook_id: UUID, change: Change, if_match: str | None = None
) -> Webhook:
    """Change a webhook. Enabling one that was disabled begins anew; what it missed is not sent again.

    Raises:
        NotAllowed: the actor may not.
        NoSuchWebhook: there is none.
        WebhookStale: it has changed since the caller read it.
        WebhookUnfit: something of it cannot be kept.
    """
    present = await _held(work, webhook_id, if_match)
    enabled = present.enabled if change.enabled is None else change.enabled
    changed = replace(
        present,
        name=present.name if change.name is None else check_name(change.name),
        url=present.url if change.url is None else check_url(change.url, is_internal),
        kinds=present.kinds if change.kinds is None else check_kinds(change.kinds),
        enabled=enabled,
        disabled_reason=None if enabled else present.disabled_reason,
        failing_since=None if enabled and not present.enabled else present.failing_since,
        version=present.version + 1,
        updated_at=work.now,
    )
    await store.save(work, changed)
    work.record(_fact("change", changed))
    return changed


async def delete_webhook(work: Work, webhook_id: UUID, if_match: str | None = None) -> None:
    """Delete a webhook, its secrets and its deliveries.

    Raises:
        NotAllowed: the actor may not.
        NoSuchWebhook: there is none.
        WebhookStale: it has changed since the caller read it.
    """
    webhook = await _held(work, webhook_id, if_match)
    await store.remove(work, webhook_id)
    work.record(_fact("delete", webhook))


async def rotate_secret(work: Work, master_key: bytes, webhook_id: UUID, overlap_hours: int) -> Shown:
    """Give a webhook another secret; the present one signs as well for so many hours.

    Raises:
        NotAllowed: the actor may not.
        NoSuchWebhook: there is none.
        WebhookUnfit: the overlap is not between none and a week.
    """
    overlap = check_overlap(overlap_hours)
    present = await _held(work, webhook_id)
    secret, version = new_secret(), present.secret_version + 1
    data_key = await made_data_key(work, master_key, present.key_owner)
    place = secret_place(present.tenant, webhook_id, version)
    changed = replace(
        present,
        secret_version=version,
        secret=seal_value(data_key, place, secret),
        old_secret=OldSecret(present.secret, work.now + overlap) if overlap else None,
        version=present.version + 1,
        updated_at=work.now,
    )
    await store.save(work, changed)
    work.record(_fact("rotate", changed))
    return Shown(changed, secret)


async def find_webhook(work: Work, webhook_id: UUID) -> Webhook:
    """One webhook.

    Raises:
        NotAllowed: the actor may not.
        NoSuchWebhook: there is none.
    """
    _require_owner(work)
    return _found(await store.find(work, webhook_id), webhook_id)


async def list_webhooks(work: Work, wanted: PageWanted) -> Page:
    """The webhooks of the actor's tenant, or the operator's, in the order of their making.

    Raises:
        NotAllowed: the actor may not.
        Invalid: the cursor is of another list.
    """
    owner = _require_owner(work)
    rows = await store.find_page(work, owner, wanted.position(as_id), wanted.limit)
    return wanted.page(rows, await store.count(work, owner), lambda webhook: str(webhook.id))


async def list_deliveries(work: Work, webhook_id: UUID, wanted: PageWanted) -> Page:
    """What was sent to a webhook and what became of it, the latest first.

    Raises:
        NotAllowed: the actor may not.
        NoSuchWebhook: there is none.
        Invalid: the cursor is of another list.
    """
    await find_webhook(work, webhook_id)
    rows = await deliveries_store.find_page(work, webhook_id, wanted.position(as_id), wanted.limit)
    total = await deliveries_store.count(work, webhook_id)
    return wanted.page(rows, total, lambda delivery: str(delivery.id))


async def valid_secrets(work: Work, master_key: bytes, webhook: Webhook, now: datetime) -> list[str]:
    """The secrets that sign now, the newest first; they leave this process as signatures alone.

    Whoever calls has kept the data key since before the webhook was read.

    Raises:
        SealBroken: one does not open with this master key.
    """
    data_key = await opened_data_key(work, master_key, webhook.key_owner)
    assert data_key is not None, "the secret was sealed with it, and it is never deleted"
    secrets = [open_value(data_key, webhook.place(), webhook.secret)]
    if webhook.old_secret is not None and now < webhook.old_secret.until:
        secrets.append(open_value(data_key, webhook.place(old=True), webhook.old_secret.sealed))
    return secrets


def _require_owner(work: Work) -> UUID | None:
    """Whose webhooks the actor administers: their tenant's, or as staff the operator's."""
    work.actor.require("policy.operate" if work.actor.staff else "policy.administer")
    return work.actor.tenant


async def _held(work: Work, webhook_id: UUID, if_match: str | None = None) -> Webhook:
    owner = _require_owner(work)
    await keep_data_key(work, owner or OPERATOR)
    webhook = _found(await store.find(work, webhook_id, lock=True), webhook_id)
    if if_match not in (None, "*", webhook.etag):
        raise WebhookStale("The webhook is not what `If-Match` says.")
    return webhook


def _found(webhook: Webhook | None, webhook_id: UUID) -> Webhook:
    if webhook is None:
        raise NoSuchWebhook(f"There is no webhook {webhook_id}.")
    return webhook


def _fact(verb: str, webhook: Webhook) -> Fact:
    # The URL's query may hold a token of the receiver's own.
    context = {
        "name": webhook.name,
        "url": webhook.url.partition("?")[0],
        "kinds": list(webhook.kinds),
        "enabled": webhook.enabled,
        "secret_version": webhook.secret_version,
    }
    return Fact(f"webhook.{verb}", "webhook", str(webhook.id), context=context)
