"""Routes whose answers hold a fresh secret. They know no `Idempotency-Key`: that would keep the answer."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from aei_marketplace.notices import service
from aei_marketplace.notices.service import Shown
from aei_marketplace.web.requests import TheActor, TheDeps, TheTrace
from aei_marketplace.web.responses import json_answer

router = APIRouter(prefix="/api/webhooks", tags=["webhooks"])


class WebhookBody(BaseModel):
    """A new webhook."""

    model_config = ConfigDict(extra="forbid")
    name: str
    url: Annotated[str, Field(max_length=2000, examples=["https://hooks.acme.example/aei"])]
    kinds: Annotated[list[str], Field(max_length=200, description="empty for all kinds")] = []


class RotateBody(BaseModel):
    """How a secret is changed."""

    model_config = ConfigDict(extra="forbid")
    overlap_hours: Annotated[int, Field(description="for so long the old secret signs as well")] = 24


@router.post("", status_code=201)
async def create_webhook(body: WebhookBody, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Keep a webhook; its secret is in this answer and nowhere afterwards."""
    async with deps.works.begin(actor, trace) as work:
        shown = await service.create_webhook(
            work, deps.master_key, deps.webhooks.is_internal, body.name, body.url, body.kinds
        )
    return _shown(shown, 201)


@router.post("/{webhook_id}/secret")
async def rotate_secret(
    webhook_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace, body: RotateBody | None = None
) -> Response:
    """Give a webhook another secret; it is in this answer and nowhere afterwards."""
    hours = (body or RotateBody()).overlap_hours
    async with deps.works.begin(actor, trace) as work:
        shown = await service.rotate_secret(work, deps.master_key, webhook_id, hours)
    return _shown(shown, 200)


def _shown(shown: Shown, status: int) -> Response:
    body = {**shown.webhook.shape(), "secret": shown.secret}
    return json_answer(body, status, {"ETag": shown.webhook.etag, "Cache-Control": "no-store"})
