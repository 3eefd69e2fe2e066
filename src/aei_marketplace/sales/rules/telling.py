"""Whether a fact is one that can be booked at all, before anything is known of what it concerns."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from aei_marketplace.ground.money import AmountUnfit, check_amount, check_currency
from aei_marketplace.sales.errors import SalesFactContradicts, SalesFactUnfit
from aei_marketplace.sales.rules.facts import DisputeOpened, Refund, Sale, SalesFact, name_of

#: So many facts are booked at once; a commit of more holds the month for too long.
MOST_AT_ONCE = 100
#: So far may clocks of providers be ahead; what lies later would count in a month that is still to come.
AHEAD = timedelta(days=1)
SOURCES = ("one_time", "subscription", "usage")
_COUNTRY = re.compile(r"[A-Z]{2}")
_MOST_KEY = 150


def each_once(facts: Sequence[SalesFact], now: datetime) -> dict[str, SalesFact]:
    """Facts by name, each checked.

    Raises:
        SalesFactUnfit: too many of them, or one is none that can be booked.
        SalesFactContradicts: two of one name say different things.
    """
    if len(facts) > MOST_AT_ONCE:
        raise SalesFactUnfit(f"At most {MOST_AT_ONCE} facts are booked at once, not {len(facts)}.")
    by_name: dict[str, SalesFact] = {}
    for fact in facts:
        check_fact(fact, now)
        name = name_of(fact)
        if by_name.setdefault(name, fact) != fact:
            raise SalesFactContradicts(f"Two facts of the name {name} say different things.")
    return by_name


def check_fact(fact: SalesFact, now: datetime) -> None:
    """Refuse what is no fact.

    Raises:
        SalesFactUnfit: a key, an amount, a currency or a time is none.
    """
    try:
        _check(fact)
    except AmountUnfit as error:
        where = "; ".join(f"{fault.pointer}: {fault.message}" for fault in error.faults)
        raise SalesFactUnfit(f"{name_of(fact)[:200]} cannot be booked: {where}.") from error
    for moment in (fact.occurred_at, fact.earned_at if isinstance(fact, Sale) else fact.occurred_at):
        if moment.tzinfo is None:
            raise SalesFactUnfit(f"{name_of(fact)} has a time without a zone.")
    if fact.occurred_at > now + AHEAD:
        raise SalesFactUnfit(f"{name_of(fact)} lies in the future: {fact.occurred_at.isoformat()}.")


def _check(fact: SalesFact) -> None:
    if isinstance(fact, Sale):
        _check_key(fact.key)
        _check_sale(fact)
    elif isinstance(fact, Refund | DisputeOpened):
        _check_key(fact.key)
        _check_key(fact.sale_key)
        check_amount(fact.amount, "amount")
        if fact.currency is not None:
            check_currency(fact.currency, "currency")
    else:
        _check_key(fact.dispute_key)
        check_amount(fact.fee, "fee", least=0)


def _check_sale(sale: Sale) -> None:
    check_currency(sale.currency, "currency")
    check_amount(sale.gross, "gross", least=0)
    check_amount(sale.tax, "tax", least=0)
    check_amount(sale.processor_fee, "processor_fee", least=0)
    check_amount(sale.gross + sale.tax, "gross and tax", least=0)
    if sale.gross == 0 and (sale.tax or sale.processor_fee):
        raise SalesFactUnfit(f"{sale.key} has no price, so that it has neither tax nor fee.")
    if sale.source not in SOURCES:
        raise SalesFactUnfit(f"{sale.source[:40]!r} is no source of sales: {', '.join(SOURCES)}.")
    if sale.tax_country is not None and not _COUNTRY.fullmatch(sale.tax_country):
        raise SalesFactUnfit(f"{sale.tax_country[:10]!r} is no country code of two capital letters.")
    if not sale.plugin_id or not sale.creator.int or not sale.buyer.int:
        raise SalesFactUnfit(f"{sale.key} names no plugin, creator or buyer.")


def _check_key(key: str) -> None:
    if not 1 <= len(key) <= _MOST_KEY:
        raise SalesFactUnfit(f"A key has 1 to {_MOST_KEY} characters.")
