"""Refusals of statements and payouts."""

from aei_marketplace.ground.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal


class StatementNotFound(NotFound):
    """There is no such statement, or it is another creator's."""

    type = "statement-not-found"
    title = "No such statement"
    advice = "GET /api/statements lists yours."


class PayoutNotFound(NotFound):
    """There is no such payout, or it is another creator's."""

    type = "payout-not-found"
    title = "No such payout"
    advice = "GET /api/payouts lists those that you may see."


class PayoutChanged(Refusal):
    """Somebody changed the payout since the caller read it."""

    status = 412
    type = "payout-changed"
    title = "It has changed meanwhile"
    advice = "Look at it as it stands now, and decide anew."


class PayoutMoveRefused(Conflict):
    """A payout does not go from its state to the wanted one."""

    type = "payout-move-refused"
    title = "The payout is in another state"
    advice = "Look at it as it stands now: its state says what can be done."


class PayoutHeld(Conflict):
    """The payout is held."""

    type = "payout-held"
    title = "The payout is held"
    advice = "Look into the reason, and end the hold first."


class SecondPersonNeeded(NotAllowed):
    """Whoever took the step before cannot take this one too."""

    type = "second-person-needed"
    title = "A second person decides this"
    advice = "Ask another member of staff who administers revenue."


class OwnPayout(NotAllowed):
    """Nobody decides about a payout to a tenant that they belong to."""

    type = "own-payout"
    title = "It is a payout to your own tenant"
    advice = "Ask another member of staff who administers revenue."


class DestinationInUse(Conflict):
    """Payouts are on their way to the account; an order that is repeated has to name the same one."""

    type = "payout-destination-in-use"
    title = "Payouts are on their way there"
    advice = "Wait until they are paid or failed, or mark them, and set it then."


class NobodyPays(Conflict):
    """No provider of payments pays creators here: staff pay by the bank."""

    type = "payout-provider-missing"
    title = "No provider pays creators here"
    advice = "Creators are paid by the bank run. The operator sets a provider up with AEI_BILLING_PROVIDER."


class TaxNotReviewed(Conflict):
    """The creator's tax profile is missing or not reviewed, or was changed since the approval."""

    type = "tax-not-reviewed"
    title = "The tax profile does not let it pass"
    advice = "The amount stays reserved. The creator sends a tax profile, and staff review it."


class TaxModelUnconfirmed(Conflict):
    """The operator has not confirmed the tax model, so no money leaves."""

    type = "tax-model-unconfirmed"
    title = "The tax model is not confirmed"
    advice = "Have it examined, then confirm it under Payouts: by whom and on which day."


class ReleaseTooEarly(Conflict):
    """Payouts of a month are released from day 15 of the next."""

    type = "release-too-early"
    title = "It is too early to release it"


class MonthUnfinished(Conflict):
    """An older month is not closed to its end, or was left out."""

    type = "month-unfinished"
    title = "An older month comes first"
    advice = "Months are closed in order: `aei-marketplace payouts close` closes all that are due."


class MonthNotOver(Conflict):
    """The month can still receive what belongs to it."""

    type = "month-not-over"
    title = "The month cannot be closed yet"


class ThresholdUnfit(Invalid):
    """The threshold cannot be used."""

    type = "threshold-unfit"
    title = "The threshold cannot be used"


class ConfirmationUnfit(Invalid):
    """The confirmation of the tax model lacks a name, a day or the typed word."""

    type = "tax-model-confirmation-unfit"
    title = "The confirmation is not whole"


class ResultsUnfit(Invalid):
    """The file with a bank's results cannot be read."""

    type = "bank-results-unfit"
    title = "The file cannot be read"
    advice = "Nothing was changed. Correct the lines that `errors` names and send the whole file again."


class PositionUnfit(Invalid):
    """An export cannot go on after the named line."""

    type = "export-position-unfit"
    title = "There is no such line to go on after"
    advice = "Give the first three cells of the last whole line: 2026-11,acme,USD."
