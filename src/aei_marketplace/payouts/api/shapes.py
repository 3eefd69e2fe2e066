"""How statements and payouts read in JSON and in file names."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from starlette.responses import StreamingResponse

from aei_marketplace.accounts.service import TenantName
from aei_marketplace.ground.money import check_currency
from aei_marketplace.ledger.rules.periods import Period
from aei_marketplace.payouts.rules.statements import KINDS
from aei_marketplace.payouts.service import Account, Figures, Part, Payout, State, Statement, Step, Wanted

#: The API's names of the kinds of lines.
_NAMES = dict(zip(KINDS, ("sales", "refunds", "dispute_holds", "dispute_releases", "charges"), strict=True))


def wanted_of(
    period: Annotated[str | None, Query(description="a month, as 2026-11", max_length=7)] = None,
    currency: Annotated[str | None, Query(description="ISO 4217", max_length=3)] = None,
    creator: Annotated[UUID | None, Query(description="a tenant's id, for staff")] = None,
    state: Annotated[State | None, Query(description="of payouts")] = None,
) -> Wanted:
    """Which ones the caller asks for."""
    return Wanted(
        None if period is None else Period.read(period),
        None if currency is None else check_currency(currency, "currency"),
        creator,
        state,
    )


def money(amount: int | None, currency: str) -> dict[str, Any] | None:
    """An amount of money."""
    return None if amount is None else {"amount_minor": amount, "currency": currency}


def figures(sums: Figures) -> dict[str, int]:
    """Lines added up, in minor units."""
    return {"count": sums.count, "gross": sums.gross, "fees": sums.fees, "net": sums.net}


def statement_shape(statement: Statement, names: dict[UUID, TenantName]) -> dict[str, Any]:
    """A statement, its amounts in minor units of its currency."""
    account: Account = statement.account
    return {
        "id": statement.id,
        "period": str(statement.period),
        "creator": names[statement.whose.creator].slug,
        "creator_id": statement.whose.creator,
        "currency": statement.whose.currency,
        "opening_balance": account.opening,
        **{name: figures(account.of(kind)) for kind, name in _NAMES.items()},
        "total": {"gross": account.total.gross, "fees": account.total.fees, "net": account.total.net},
        "payout_reversals": account.payout_reversals,
        "payable": account.payable,
        "threshold": account.threshold,
        "payout": account.payout,
        "closing_balance": account.closing,
    }


def part_shape(part: Part) -> dict[str, Any]:
    """What a statement says of one release."""
    return {
        "plugin_id": part.plugin_id,
        "version": part.version or None,
        **{name: figures(part.of(kind)) for kind, name in _NAMES.items()},
        "net": part.total.net,
    }


def payout_shape(payout: Payout, names: dict[UUID, TenantName], *, for_staff: bool) -> dict[str, Any]:
    """A payout; why it is held, and who decided, is for staff."""
    shape: dict[str, Any] = {
        "id": payout.id,
        "statement_id": payout.statement_id,
        "period": str(payout.period),
        "creator": names[payout.creator].slug,
        "creator_id": payout.creator,
        "state": payout.state,
        "amount": money(payout.amount, payout.currency),
        "withholding": money(payout.withholding, payout.currency),
        "transfer": money(payout.transfer, payout.currency),
        "held": payout.held_reason is not None,
        "provider": payout.provider,
        "reference": payout.reference,
        "failure": payout.failure,
        "created_at": payout.created_at,
        "state_changed_at": payout.state_changed_at,
        "released_at": payout.released_at,
        "paid_at": payout.paid_at,
        "version": payout.version,
    }
    if for_staff:
        shape |= {
            "held_reason": payout.held_reason,
            "drafted_by": payout.drafted_by,
            "approved_by": payout.approved_by,
            "released_by": payout.released_by,
        }
    return shape


def step_shape(step: Step) -> dict[str, Any]:
    """A state that a payout came into."""
    return {"state": step.state, "at": step.at, "by": step.by, "reason": step.reason}


def csv_answer(pieces: Any, name: str) -> StreamingResponse:
    """A file of CSV, as it is made."""
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"', "Cache-Control": "no-store"}
    return StreamingResponse(pieces, headers=headers, media_type="text/csv; charset=utf-8")
