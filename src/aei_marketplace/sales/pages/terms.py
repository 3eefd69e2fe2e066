"""Terms as people type them: shares in per cent, tiers in lines, a day in UTC."""

import re
from datetime import UTC, datetime

from aei_marketplace.ground.money import AmountUnfit, read_amount, write_amount
from aei_marketplace.sales.rules.shares import (
    DISPUTE_FEE_BEARERS,
    MOST_TIERS,
    PROCESSING_FEE_BEARERS,
    Terms,
    Tier,
)
from aei_marketplace.web.shell.forms import Form, amiss, filled

#: What each choice is called on the page.
PROCESSING = (("platform", "The marketplace"), ("creator", "The creator"))
DISPUTES = (("creator_if_lost", "The creator, if it is lost"), ("platform", "The marketplace"))
_SHARE = re.compile(r"([0-9]{1,3})(?:[.]([0-9]{1,2}))? ?%?")
_TIER = re.compile(r"([A-Za-z]{3}) +([0-9.,]+) +([0-9.]+ ?%?)")


def read_terms(form: Form) -> Terms:
    """The terms that a form says; the rules say whether they can be agreed.

    Raises:
        Invalid: a field cannot be read.
    """
    processing = next((c for c in PROCESSING_FEE_BEARERS if c == form.text("processing_fee_bearer")), None)
    disputes = next((c for c in DISPUTE_FEE_BEARERS if c == form.text("dispute_fee_bearer")), None)
    if processing is None:
        raise amiss("processing_fee_bearer", "choose one")
    if disputes is None:
        raise amiss("dispute_fee_bearer", "choose one")
    return Terms(
        creator_share_bps=_share("creator_share_bps", form.text("creator_share_bps")),
        effective_from=_day(form.text("effective_from")),
        reason=form.text("reason"),
        tiers=_tiers(form.text("tiers")),
        processing_fee_bearer=processing,
        dispute_fee_bearer=disputes,
    )


def filled_with(terms: Terms) -> Form:
    """A form that shows terms, without their day and reason: those are for the next ones to say."""
    return filled(
        creator_share_bps=_per_cent(terms.creator_share_bps),
        tiers="\n".join(
            f"{t.currency} {write_amount(t.from_gross, t.currency)} {_per_cent(t.creator_share_bps)}"
            for t in terms.tiers
        ),
        processing_fee_bearer=terms.processing_fee_bearer,
        dispute_fee_bearer=terms.dispute_fee_bearer,
    )


def _per_cent(share_bps: int) -> str:
    return f"{share_bps // 100}.{share_bps % 100:02}".rstrip("0").rstrip(".")


def _share(field: str, typed: str) -> int:
    found = _SHARE.fullmatch(typed.strip())
    if found is None:
        raise amiss(field, "per cent with at most two decimals, as 85 or 87.5")
    return int(found[1]) * 100 + int((found[2] or "").ljust(2, "0"))


def _day(typed: str) -> datetime:
    try:
        return datetime.strptime(typed, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError as error:
        raise amiss("effective_from", "a day as 2027-01-31") from error


def _tiers(typed: str) -> tuple[Tier, ...]:
    lines = [line for line in map(str.strip, typed.splitlines()) if line]
    if len(lines) > MOST_TIERS:
        raise amiss("tiers", f"at most {MOST_TIERS}")
    return tuple(map(_tier, lines))


def _tier(line: str) -> Tier:
    found = _TIER.fullmatch(line)
    if found is None:
        raise amiss("tiers", f"{line[:60]!r}: a currency, an amount and a share, as USD 10000.00 90")
    currency = found[1].upper()
    try:
        return Tier(currency, read_amount(found[2], currency), _share("tiers", found[3]))
    except AmountUnfit as error:
        raise amiss("tiers", f"{line[:60]!r}: {error.faults[0].message}") from error
