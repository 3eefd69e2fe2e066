"""Routes of requests: submit, read, withdraw, scan again, decide."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from aei_marketplace.certification import service
from aei_marketplace.certification.api.shapes import described_shape, request_shape
from aei_marketplace.ground.actor import Actor
from aei_marketplace.web.idempotency import OnceRoute
from aei_marketplace.web.requests import TheActor, TheDeps, ThePage, TheTrace
from aei_marketplace.web.responses import json_answer, page_answer

router = APIRouter(prefix="/plugins", route_class=OnceRoute)

Reason = Annotated[str, Field(min_length=1, max_length=2000)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SubmissionWanted(_Body):
    """Which release is to be certified."""

    version: Annotated[str, Field(min_length=1, max_length=64, examples=["1.0.0"])]


class DecisionWanted(_Body):
    """How a request is decided, and why: a denial says what to fix."""

    decision: Annotated[str, Field(max_length=20, examples=["approve"], description="approve or deny")]
    reason: Reason


@router.get("/certification/queue")
async def list_requests(
    deps: TheDeps,
    actor: TheActor,
    trace: TheTrace,
    page: ThePage,
    state: Annotated[str | None, Query(max_length=20, description="without it: what is not decided")] = None,
) -> Response:
    """Requests for certification, the oldest first: all of them for Certifiers, your own for publishers."""
    async with deps.works.begin(actor, trace) as work:
        found = await service.list_requests(work, page, state)
    return page_answer(found, lambda request: request_shape(request, staff=_certifies(actor)))


@router.get("/certification/{request_id}")
async def get_request(request_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """One request with its report: the verdict first, then every check with its findings."""
    async with deps.works.begin(actor, trace) as work:
        found = await service.find_request(work, request_id)
        waivers = await service.list_waivers(work, found.request.plugin_id)
    return json_answer(described_shape(found, waivers, staff=_certifies(actor)))


@router.patch("/certification/{request_id}")
async def decide(
    request_id: UUID, body: DecisionWanted, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """Certifiers: approve or deny. Of two at once the second is told where the request stands (409)."""
    async with deps.works.begin(actor, trace) as work:
        await service.decide(work, request_id, body.decision, body.reason)
        found = await service.find_request(work, request_id)
    return json_answer(described_shape(found, staff=True))


@router.post("/certification/{request_id}/scan", status_code=202)
async def scan_again(request_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Certifiers: have it scanned again, as after another policy or newer advisories."""
    async with deps.works.begin(actor, trace) as work:
        request = await service.scan_again(work, request_id)
    return json_answer(request_shape(request, staff=True), 202)


@router.post("/certification/{request_id}/withdraw")
async def withdraw(request_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Publishers: take back a request that is not decided."""
    async with deps.works.begin(actor, trace) as work:
        request = await service.withdraw(work, request_id)
    return json_answer(request_shape(request))


@router.post("/{plugin_id}/certification", status_code=202)
async def submit(
    plugin_id: str, body: SubmissionWanted, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """Ask for the certification of your release: 202 with a scan to follow, 200 when it is on record."""
    async with deps.works.begin(actor, trace) as work:
        submitted = await service.submit(work, plugin_id, body.version)
        found = await service.find_request(work, submitted.request.id)
    shape: dict[str, Any] = described_shape(found)
    headers = {"Location": f"/api/plugins/certification/{submitted.request.id}"}
    return json_answer(shape, 202 if submitted.new else 200, headers)


def _certifies(actor: Actor) -> bool:
    return actor.may("certification.decide")
