"""Routes: closes, thresholds, the tax model, and steps for many payouts at once."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt

from aei_marketplace.ground.money import check_currency
from aei_marketplace.ground.work import Work
from aei_marketplace.ledger.rules.periods import Period
from aei_marketplace.payouts import service
from aei_marketplace.payouts.api.shapes import csv_answer, money
from aei_marketplace.payouts.service import Outcome
from aei_marketplace.web.idempotency import OnceRoute
from aei_marketplace.web.requests import TheActor, TheDeps, TheTrace
from aei_marketplace.web.responses import json_answer

router = APIRouter(prefix="/api/payouts", tags=["revenue"], route_class=OnceRoute)

Month = Annotated[str, Field(max_length=7, examples=["2026-11"])]


class MonthBody(BaseModel):
    """A month."""

    model_config = ConfigDict(extra="forbid")
    period: Month


class ThresholdBody(BaseModel):
    """The least that is paid; for a creator, null takes back what they asked for."""

    model_config = ConfigDict(extra="forbid")
    amount_minor: StrictInt | None


class SweepBody(BaseModel):
    """Whether December pays what stays below the threshold."""

    model_config = ConfigDict(extra="forbid")
    on: StrictBool


class DestinationBody(BaseModel):
    """The provider's name of a creator's account."""

    model_config = ConfigDict(extra="forbid")
    destination: Annotated[str | None, Field(max_length=200)]


class TaxModelBody(BaseModel):
    """Who examined the tax model, and when."""

    model_config = ConfigDict(extra="forbid")
    confirmed: StrictBool
    name: Annotated[str, Field(max_length=200)] = ""
    day: date | None = None
    confirmation: Annotated[str, Field(max_length=20, description="the word: confirmed")] = ""


@router.get("/closes")
async def list_closes(deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """How far the closes of the last months have come, and which month is next; for staff."""
    actor.require("revenue.administer")
    async with deps.works.begin(actor, trace) as work:
        found, upcoming = await service.list_closes(work), await service.next_close(work)
    items = [
        {
            "period": str(each.period),
            "begun_at": each.begun_at,
            "begun_by": each.begun_by,
            "statements_at": each.statements_at,
            "finished_at": each.finished_at,
        }
        for each in found
    ]
    after = upcoming and {"period": str(upcoming), "closes_at": upcoming.closes_at}
    return json_answer({"items": items, "next_cursor": None, "total": len(items), "next": after})


@router.post("/close", status_code=202)
async def close(body: MonthBody, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Have a month closed now, in the background. Months close by themselves on day 3 of the next."""
    async with deps.works.begin(actor, trace) as work:
        await service.ask_close(work, Period.read(body.period))
    return json_answer({"period": body.period}, 202)


@router.post("/approve")
async def approve_all(body: MonthBody, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Approve every payout of a month that waits and passes."""
    period = Period.read(body.period)
    return _outcome(await service.approve_all(deps.works, actor, trace, period))


@router.post("/release")
async def release_all(body: MonthBody, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Release every payout of a month that is approved and passes."""
    period = Period.read(body.period)
    return _outcome(await service.release_all(deps.works, actor, trace, period))


@router.get("/bank-run")
async def bank_run(
    deps: TheDeps,
    actor: TheActor,
    trace: TheTrace,
    period: Annotated[str, Query(max_length=7, description="a month, as 2026-11")],
) -> Response:
    """The released payouts of a month as CSV, for the bank."""
    month = Period.read(period)
    async with deps.works.begin(actor, trace) as work:
        await service.begin_bank_run(work, month)
    return csv_answer(service.bank_run(deps.works, actor, trace, month), f"bank-run-{month}")


@router.post("/results")
async def take_results(request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """What the bank made of a run: CSV with the columns payout, result, reference, reason as the body."""
    actor.require("revenue.administer")
    return _outcome(await service.take_results(deps.works, actor, trace, await request.body()))


@router.get("/policy")
async def read_policy(deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """From which balance on is paid, and whether December sweeps; for creators with what they asked for."""
    async with deps.works.begin(actor, trace) as work:
        return await _policy(work)


@router.put("/thresholds/{currency}")
async def set_threshold(
    currency: str, body: ThresholdBody, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """Staff set a currency's threshold; a creator asks for more than that."""
    check_currency(currency)
    async with deps.works.begin(actor, trace) as work:
        if actor.may("revenue.administer"):
            await service.set_threshold(work, currency, body.amount_minor or 0)
        else:
            await service.ask_threshold(work, currency, body.amount_minor)
        return await _policy(work)


@router.put("/december-sweep")
async def set_december_sweep(body: SweepBody, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Switch whether December pays what stays below the threshold."""
    async with deps.works.begin(actor, trace) as work:
        await service.set_december_sweep(work, body.on)
        return await _policy(work)


@router.put("/destinations/{creator}")
async def set_destination(
    creator: UUID, body: DestinationBody, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """Staff say where the provider pays a creator; null for the bank. It applies from the next release on."""
    async with deps.works.begin(actor, trace) as work:
        await service.set_destination(work, deps.billing, creator, body.destination)
        found = await service.find_destination(work, creator)
    return json_answer(
        {"provider": found.provider, "destination": found.name} if found else {"provider": None}
    )


@router.get("/tax-model")
async def read_tax_model(deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """The operator's newest word about the tax model; for staff."""
    actor.require("revenue.administer")
    async with deps.works.begin(actor, trace) as work:
        return await _tax_model(work)


@router.put("/tax-model")
async def put_tax_model(body: TaxModelBody, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Confirm the tax model, by whom and on which day; or take that back, and nothing is released."""
    async with deps.works.begin(actor, trace) as work:
        if body.confirmed:
            day = body.day or work.now.date()
            await service.confirm_tax_model(work, body.name, day, body.confirmation)
        else:
            await service.revoke_tax_model(work)
        return await _tax_model(work)


async def _policy(work: Work) -> Response:
    policy = await service.read_policy(work)
    return json_answer(
        {
            "thresholds": [money(amount, currency) for currency, amount in sorted(policy.least.items())],
            "asked": [money(amount, currency) for currency, amount in sorted(policy.asked.items())],
            "december_sweep": policy.december_sweep,
        }
    )


async def _tax_model(work: Work) -> Response:
    model = await service.find_tax_model(work)
    shape: dict[str, Any] = {"confirmed": False, "name": None, "day": None, "recorded_at": None}
    if model is not None:
        shape = {
            "confirmed": model.confirmed,
            "name": model.name,
            "day": model.day,
            "recorded_at": model.recorded_at,
        }
    return json_answer(shape)


def _outcome(outcome: Outcome) -> Response:
    refused = [{"reason": reason, "count": count} for reason, count in sorted(outcome.refused.items())]
    return json_answer({"done": outcome.done, "before": outcome.before, "refused": refused})
