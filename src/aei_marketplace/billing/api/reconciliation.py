"""The route of the reconciliation. For staff."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from aei_marketplace.billing.service.reconciling import read_period, reconcile
from aei_marketplace.web.requests import TheActor, TheDeps, TheTrace
from aei_marketplace.web.responses import json_answer

router = APIRouter(prefix="/api/billing/reconciliation", tags=["billing"])


@router.get("")
async def read_reconciliation(
    deps: TheDeps,
    actor: TheActor,
    trace: TheTrace,
    period: Annotated[str, Query(description="a month in UTC", examples=["2026-11"])],
) -> Response:
    """The provider's books against invoices and ledger, with what differs."""
    report = await reconcile(deps.works, deps.billing, actor, read_period(period), trace)
    return json_answer(report.shape())
