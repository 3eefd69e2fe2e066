"""Refusals of sales."""

from aei_marketplace.ground.errors import Conflict, Invalid, NotAllowed, NotFound


class SalesFactUnfit(Invalid):
    """A sale, refund or dispute cannot be booked: an amount is none, or more would go back than was paid."""

    type = "sales-fact-unfit"
    title = "It cannot be booked"
    advice = "Nothing of this call was booked. Correct the amount, or ask why it was told."


class SalesFactContradicts(Conflict):
    """A fact of this key was told before, with other words or amounts."""

    type = "sales-fact-contradicts"
    title = "It was told otherwise before"
    advice = "What was booked stays. Correct it by a refund and a further sale."


class NoSuchFact(NotFound):
    """Nothing of this name waits to be booked."""

    type = "no-such-sales-fact"
    title = "Nothing of this name waits"
    advice = "It may be booked by now: GET /api/sales-facts/unbooked lists what waits."


class AgreementUnfit(Invalid):
    """The terms of a share agreement break a rule."""

    type = "share-agreement-unfit"
    title = "The agreement cannot be set"


class OwnAgreement(NotAllowed):
    """Nobody sets the terms of a plugin of a tenant that they belong to."""

    type = "own-share-agreement"
    title = "It is a plugin of your own tenant"
    advice = "Ask another member of staff who administers revenue."
