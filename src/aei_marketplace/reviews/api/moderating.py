"""Routes of the staff: what waits, decisions about one or many, taking them back, the policy."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Query, Response

from aei_marketplace.reviews import service
from aei_marketplace.reviews.api.bodies import PRINTED, DecisionsWanted, DecisionWanted, PolicyWanted
from aei_marketplace.reviews.api.shapes import (
    batch_shape,
    happened_shape,
    reply_shape,
    review_shape,
    waiting_reply_shape,
    waiting_shape,
)
from aei_marketplace.reviews.service import FlagKind, Policy, QueueOrder, QueueSelection
from aei_marketplace.web.idempotency import OnceRoute
from aei_marketplace.web.requests import TheActor, TheDeps, ThePage, TheTrace
from aei_marketplace.web.responses import json_answer, page_answer

router = APIRouter(route_class=OnceRoute)


@router.get("/reviews/moderation")
async def list_waiting(
    deps: TheDeps,
    actor: TheActor,
    trace: TheTrace,
    page: ThePage,
    replies: Annotated[bool, Query(description="publishers' replies instead of reviews")] = False,
    flag: Annotated[FlagKind | None, Query(description="only with this flag")] = None,
    reported: Annotated[bool | None, Query(description="only what is reported, or is not")] = None,
    plugin: Annotated[
        str | None, Query(max_length=103, pattern=PRINTED, description="only about this plugin")
    ] = None,
    sort: Annotated[QueueOrder, Query(description="what comes first")] = QueueOrder.DUE,
) -> Response:
    """Staff: what waits to be moderated, what is due first."""
    async with deps.works.begin(actor, trace) as work:
        if replies:
            return page_answer(await service.list_waiting_replies(work, page), waiting_reply_shape)
        wanted = QueueSelection(flag, reported, plugin, sort)
        return page_answer(await service.list_waiting(work, page, wanted), waiting_shape)


@router.get("/reviews/moderation/count")
async def count_queue(deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Staff: how much waits, is overdue, reported, and has each flag."""
    async with deps.works.begin(actor, trace) as work:
        return json_answer(await service.count_queue(work))


@router.get("/reviews/moderation/{review_id}")
async def get_waiting(review_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Staff: one review with all that is known about it, whether it waits or not."""
    async with deps.works.begin(actor, trace) as work:
        found = await service.find_waiting(work, review_id)
    return json_answer(waiting_shape(found), headers={"ETag": found.review.etag})


@router.post("/reviews/decisions", status_code=201)
async def decide_reviews(body: DecisionsWanted, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Staff: decide about several alike; `items` says of each what happened, `id` takes it back."""
    decide = service.decide_replies if body.replies else service.decide_reviews
    async with deps.works.begin(actor, trace) as work:
        batch = await decide(work, body.reviews, body.state, body.reason)
    return json_answer(batch_shape(batch), 201)


@router.post("/reviews/decisions/{batch_id}/undo")
async def undo_decisions(batch_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Staff: take your own decision about several reviews or replies back, within ten minutes."""
    async with deps.works.begin(actor, trace) as work:
        happened = await service.undo_decisions(work, batch_id)
    return json_answer({"items": [happened_shape(one) for one in happened]})


@router.get("/reviews/policy")
async def get_policy(deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Staff: how much is shown before staff have read it."""
    async with deps.works.begin(actor, trace) as work:
        return json_answer(await service.find_policy(work))


@router.put("/reviews/policy")
async def put_policy(body: PolicyWanted, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Operators: change that."""
    async with deps.works.begin(actor, trace) as work:
        wanted = Policy(body.trusted_after, body.most_links, tuple(body.allowed_hosts))
        return json_answer(await service.change_policy(work, wanted))


@router.patch("/reviews/{review_id}")
async def decide_review(
    review_id: UUID,
    body: DecisionWanted,
    deps: TheDeps,
    actor: TheActor,
    trace: TheTrace,
    if_match: Annotated[str | None, Header(description="the ETag that the decision is based on")] = None,
) -> Response:
    """Staff: approve, reject or hide a review; 409 with its `state` when that does not follow from it."""
    async with deps.works.begin(actor, trace) as work:
        review = await service.decide_review(work, review_id, body.state, body.reason, seen=if_match)
    return json_answer(review_shape(review), headers={"ETag": review.etag})


@router.patch("/reviews/{review_id}/reply")
async def decide_reply(
    review_id: UUID, body: DecisionWanted, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """Staff: approve or reject a publisher's reply."""
    async with deps.works.begin(actor, trace) as work:
        return json_answer(reply_shape(await service.decide_reply(work, review_id, body.state, body.reason)))
