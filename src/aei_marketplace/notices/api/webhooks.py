"""Routes: list, read, change, delete and test webhooks, and what was sent to them."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Response
from pydantic import BaseModel, ConfigDict, Field, StrictBool

from aei_marketplace.notices import service
from aei_marketplace.notices.service import Webhook
from aei_marketplace.web.idempotency import OnceRoute
from aei_marketplace.web.requests import TheActor, TheDeps, ThePage, TheTrace
from aei_marketplace.web.responses import json_answer, page_answer

router = APIRouter(prefix="/api/webhooks", tags=["webhooks"], route_class=OnceRoute)

IfMatch = Annotated[str | None, Header(description="the ETag that the change is based on")]


class ChangeBody(BaseModel):
    """What shall be different."""

    model_config = ConfigDict(extra="forbid")
    name: str | None = None
    url: Annotated[str | None, Field(max_length=2000)] = None
    kinds: Annotated[list[str] | None, Field(max_length=200, description="empty for all kinds")] = None
    enabled: StrictBool | None = None


@router.get("")
async def list_webhooks(deps: TheDeps, actor: TheActor, trace: TheTrace, page: ThePage) -> Response:
    """The tenant's webhooks; the operator's for staff."""
    async with deps.works.begin(actor, trace) as work:
        return page_answer(await service.list_webhooks(work, page), lambda webhook: webhook.shape())


@router.get("/{webhook_id}")
async def read_webhook(webhook_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """One webhook, without its secret."""
    async with deps.works.begin(actor, trace) as work:
        return _shown(await service.find_webhook(work, webhook_id))


@router.patch("/{webhook_id}")
async def change_webhook(
    webhook_id: UUID,
    body: ChangeBody,
    deps: TheDeps,
    actor: TheActor,
    trace: TheTrace,
    if_match: IfMatch = None,
) -> Response:
    """Change a webhook, or enable one that was disabled."""
    change = service.Change(body.name, body.url, body.kinds, body.enabled)
    async with deps.works.begin(actor, trace) as work:
        changed = await service.change_webhook(work, deps.webhooks.is_internal, webhook_id, change, if_match)
    return _shown(changed)


@router.delete("/{webhook_id}", status_code=204)
async def delete_webhook(
    webhook_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace, if_match: IfMatch = None
) -> Response:
    """Delete a webhook, its secret and its deliveries."""
    async with deps.works.begin(actor, trace) as work:
        await service.delete_webhook(work, webhook_id, if_match)
    return Response(status_code=204)


@router.post("/{webhook_id}/test")
async def test_webhook(webhook_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Send a signed test now; the answer says how the other side took it."""
    trial = await service.try_webhook(deps, actor, trace, webhook_id)
    return json_answer(
        {
            "delivery_id": trial.delivery_id,
            "ok": trial.answer.problem is None,
            "status": trial.answer.status,
            "problem": trial.answer.problem,
            "duration_ms": trial.duration_ms,
        }
    )


@router.get("/{webhook_id}/deliveries")
async def list_deliveries(
    webhook_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace, page: ThePage
) -> Response:
    """What was sent to a webhook and what became of it, the latest first."""
    async with deps.works.begin(actor, trace) as work:
        return page_answer(await service.list_deliveries(work, webhook_id, page), lambda d: d.shape())


def _shown(webhook: Webhook) -> Response:
    return json_answer(webhook.shape(), headers={"ETag": webhook.etag})
