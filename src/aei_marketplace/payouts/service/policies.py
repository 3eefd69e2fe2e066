"""Thresholds, the December sweep, and the operator's word that the tax model was looked at."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.errors import Fault
from aei_marketplace.ground.texts import one_line
from aei_marketplace.ground.work import Work
from aei_marketplace.payouts.errors import ConfirmationUnfit
from aei_marketplace.payouts.rules.statements import Whose
from aei_marketplace.payouts.rules.thresholds import USUAL, check_threshold, least_of, threshold_of
from aei_marketplace.payouts.service.reading import scope_of
from aei_marketplace.payouts.store import policies as store

#: What whoever confirms the tax model types, so that nobody does it by a slip.
CONFIRMATION = "confirmed"
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What applies when a month is closed.

    Attributes:
        decided: the operator's, by currency.
        asked: what creators asked for.
        december_sweep: whether December pays what stays below.
    """

    decided: dict[str, int]
    asked: dict[Whose, int]
    december_sweep: bool

    def of(self, whose: Whose) -> int:
        """The least that is paid to a creator."""
        return threshold_of(least_of(whose.currency, self.decided), self.asked.get(whose))


@dataclass(frozen=True, slots=True)
class Policy:
    """What is paid from when on.

    Attributes:
        least: the operator's, by currency.
        asked: what the actor's tenant asked for.
    """

    least: dict[str, int]
    asked: dict[str, int]
    december_sweep: bool


@dataclass(frozen=True, slots=True)
class TaxModel:
    """The operator's newest word about the tax model."""

    confirmed: bool
    name: str
    day: date
    recorded_at: datetime


async def find_thresholds(work: Work, creators: Collection[UUID]) -> Thresholds:
    """What applies to these creators, as far as the actor may see it."""
    decided = await store.operators_thresholds(work)
    asked = await store.creators_thresholds(work, creators)
    return Thresholds(decided, asked, await store.december_sweep(work))


async def read_policy(work: Work) -> Policy:
    """What is paid from when on, as the actor may see it.

    Raises:
        NotAllowed: the actor neither administers revenue nor looks after a tenant's money.
    """
    creator = scope_of(work.actor)
    found = await find_thresholds(work, [] if creator is None else [creator])
    currencies = {*USUAL, *found.decided, *(whose.currency for whose in found.asked)}
    least = {currency: least_of(currency, found.decided) for currency in currencies}
    asked = {whose.currency: amount for whose, amount in found.asked.items()}
    return Policy(least, asked, found.december_sweep)


async def set_threshold(work: Work, currency: str, amount: int) -> None:
    """Set the least that is paid in a currency, from the next close on.

    Raises:
        NotAllowed: the actor does not administer revenue.
        ProofNeeded: their last proof is too old.
        AmountUnfit, ThresholdUnfit: it cannot be used.
    """
    work.actor.require("revenue.administer")
    work.actor.require_recent_proof(work.now)
    check_threshold(currency, amount)
    await store.put_operators_threshold(work, currency, amount)
    context = {"amount_minor": amount}
    work.record(Fact("payout_policy.set", "threshold", currency, context=context))


async def ask_threshold(work: Work, currency: str, amount: int | None) -> None:
    """Ask to be paid from a higher balance on; None takes it back.

    Raises:
        NotAllowed: the actor does not look after the tenant's money.
        AmountUnfit, ThresholdUnfit: it cannot be used, or is below the operator's.
    """
    work.actor.require("spend.administer")
    creator = work.actor.in_tenant()
    if amount is not None:
        least = least_of(currency, await store.operators_thresholds(work))
        check_threshold(currency, amount, least=least)
    await store.put_creators_threshold(work, creator, currency, amount)
    context = {"amount_minor": amount}
    work.record(Fact("payout_policy.ask", "threshold", currency, context=context))


async def set_december_sweep(work: Work, on: bool) -> None:
    """Switch whether December pays what stays below the threshold.

    Raises:
        NotAllowed: the actor does not administer revenue.
        ProofNeeded: their last proof is too old.
    """
    work.actor.require("revenue.administer")
    work.actor.require_recent_proof(work.now)
    await store.put_december_sweep(work, on)
    work.record(Fact("payout_policy.set", "december_sweep", "on" if on else "off"))


async def find_tax_model(work: Work) -> TaxModel | None:
    """The operator's newest word, for staff; None while nobody has said anything."""
    row = await store.tax_model(work)
    return None if row is None else TaxModel(row.confirmed, row.name, row.day, row.recorded_at)


async def confirm_tax_model(work: Work, name: str, day: date, typed: str) -> None:
    """Record who examined the tax model and when; payouts can be released from then on.

    Args:
        name: of who examined it: a person or a firm.
        typed: the word `confirmed`.

    Raises:
        NotAllowed: the actor does not administer revenue.
        ProofNeeded: their last proof is too old.
        ConfirmationUnfit: no name, a day to come, or another word.
    """
    work.actor.require("revenue.administer")
    work.actor.require_recent_proof(work.now)
    short = one_line(name, _LONGEST_NAME)
    faults = [
        *([] if short else [Fault("/name", "who examined it")]),
        *([] if day <= work.now.date() else [Fault("/day", "a day that has come")]),
        *([] if typed == CONFIRMATION else [Fault("/confirmation", f"type {CONFIRMATION}")]),
    ]
    if faults:
        raise ConfirmationUnfit("The tax model is not confirmed by this.", faults=faults)
    await _record(work, True, short, day)


async def revoke_tax_model(work: Work) -> None:
    """Take the word back: nothing is released any more. Stopping money asks for no fresh proof.

    Raises:
        NotAllowed: the actor does not administer revenue.
    """
    work.actor.require("revenue.administer")
    last = await find_tax_model(work)
    if last is not None and last.confirmed:
        await _record(work, False, last.name, work.now.date())


async def _record(work: Work, confirmed: bool, name: str, day: date) -> None:
    await store.add_tax_model(work, confirmed, name, day)
    context = {"confirmed": confirmed, "day": day.isoformat()}
    work.record(Fact("tax_model.confirm", "tax_model", "operator", context=context, personal={"name": name}))
