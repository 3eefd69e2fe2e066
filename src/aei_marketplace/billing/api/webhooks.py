"""The route on which providers tell what happened. Nobody signs in here: the signature says who speaks."""

from fastapi import APIRouter, Request, Response

from aei_marketplace.billing.errors.providers import NoSuchProvider, WebhookTooLarge
from aei_marketplace.billing.service import provider_events
from aei_marketplace.web.requests import TheDeps, TheTrace
from aei_marketplace.web.responses import json_answer

router = APIRouter(prefix="/api/billing/webhooks", tags=["billing"])

#: No event is as large; what is larger is not read to its end.
LARGEST_EVENT = 512 * 1024


@router.post("/{provider}")
async def take_event(provider: str, request: Request, deps: TheDeps, trace: TheTrace) -> Response:
    """An event of the provider that the operator chose; one that comes again is answered alike."""
    if not deps.billing.online or provider != deps.billing.name:
        raise NoSuchProvider("The marketplace does not listen to this provider.")
    body = await _body(request)
    headers = {name.lower(): value for name, value in request.headers.items()}
    told = deps.billing.read_webhook(body, headers, deps.works.clock())
    async with deps.works.system(provider_events.JOB, trace) as work:
        new = await provider_events.receive(work, provider, told)
    return json_answer({"received": told.event_id, "new": new})


async def _body(request: Request) -> bytes:
    """The body exactly as it came: what is signed is its bytes, not what they mean."""
    taken = bytearray()
    async for piece in request.stream():
        taken += piece
        if len(taken) > LARGEST_EVENT:
            raise WebhookTooLarge(f"An event has at most {LARGEST_EVENT} bytes.")
    return bytes(taken)
