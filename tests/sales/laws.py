"""What must hold of books, whatever was told in whatever order; reckoned without the rules' own arithmetic.

Each law raises AssertionError where it does not hold.
"""

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from random import Random

from aei_marketplace.ledger.rules.entries import OPERATOR
from aei_marketplace.ledger.rules.periods import Period
from aei_marketplace.sales.rules.facts import (
    DisputeLost,
    DisputeOpened,
    DisputeWon,
    Refund,
    Sale,
    SalesFact,
)
from aei_marketplace.sales.rules.shares import DEFAULT_SHARE, Terms
from tests.sales.books import Books, Refused
from tests.sales.histories import History


def check(history: History, chance: Random) -> None:
    """Every law, on the books of a history told at once and on those of the same told late and shuffled."""
    at_once = history.at_once()
    late = history.books(history.late(chance))
    for books in (at_once, late):
        for law in LAWS:
            law(history, books)
    _order_has_no_effect(at_once, late)
    _a_won_dispute_is_neutral(history, at_once)
    _no_more_goes_back_than_was_paid(history, late)


def everything_is_booked_once(history: History, books: Books) -> None:
    """Nothing is lost, doubled or left waiting; a sale of nothing makes no line."""
    assert not books.waiting
    keys = [line.key for line, _ in books.lines]
    assert len(keys) == len(set(keys))
    assert sorted(key for key in keys if not key.startswith("fee:")) == sorted(
        name for fact in history.facts if (name := _line_name(fact, history)) is not None
    )
    entries = [entry.key for entry, _ in books.entries]
    assert len(entries) == len(set(entries))


def every_sale_is_divided_exactly(history: History, books: Books) -> None:
    """By the share in force when it was earned, to the nearest unit, half a one to the creator; no tax."""
    for line, _ in books.lines:
        if line.kind == "sale":
            sale = line.sold.sale
            share = _share(history, books, sale)
            assert line.parts.net == (2 * sale.gross * share + 10_000) // 20_000
            assert (line.parts.gross, line.parts.tax) == (sale.gross, sale.tax)


def every_line_adds_up(history: History, books: Books) -> None:
    """gross = fees + net; with the tax it is what the buyer paid or got back."""
    told = {_line_name(fact, history): fact for fact in history.facts}
    held = {fact.key: fact.amount for fact in history.facts if isinstance(fact, DisputeOpened)}
    for line, _ in books.lines:
        assert line.parts.gross == line.parts.fees + line.parts.net
        fact = told.get(line.key)
        if isinstance(fact, Refund | DisputeOpened):
            assert line.parts.gross + line.parts.tax == -fact.amount
        elif isinstance(fact, DisputeWon):
            assert line.parts.gross + line.parts.tax == held[fact.dispute_key]


def every_entry_balances_in_one_currency(_: History, books: Books) -> None:
    """And moves for the creator what its line says."""
    lines = {line.key: (line, at) for line, at in books.lines}
    for entry, place in books.entries:
        assert sum(posting.amount for posting in entry.postings) == 0
        if entry.key not in lines:
            assert entry.kind == "loss"
            continue
        line, at = lines.pop(entry.key)
        sale = line.sold.sale
        assert at == place
        assert {posting.account.currency for posting in entry.postings} == {sale.currency}
        owed = [p for p in entry.postings if p.account.owner != OPERATOR]
        assert all(p.account.owner == sale.creator for p in owed)
        assert sum(p.amount for p in owed) == -line.parts.net
    assert not lines


def reversals_are_proportional_and_within_the_sale(_: History, books: Books) -> None:
    """After each of them, every part that went back is off by less than one unit and within what it was."""
    back: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for line, _at in books.lines:
        if line.kind in ("refund", "hold", "release"):
            parts, was = line.parts, line.sold.parts
            gone = back[line.sold.sale.key]
            for number, part in enumerate((parts.net, parts.fees, parts.tax)):
                gone[number] -= part
            for part, whole in zip(gone, (was.net, was.fees, was.tax), strict=True):
                assert 0 <= part <= whole or _was_neutral(books, line.key)
                assert abs(part * was.paid - whole * sum(gone)) < was.paid or _was_neutral(books, line.key)


def fees_are_borne_by_whom_the_agreement_names(history: History, books: Books) -> None:
    """A creator bears what the provider takes as a charge, and never what it takes for a won dispute."""
    expected = {}
    for fact in history.facts:
        if isinstance(fact, Sale) and _terms(history, fact).processing_fee_bearer == "creator":
            expected[f"fee:sale:{fact.key}"] = fact.processor_fee
        elif isinstance(fact, DisputeLost):
            sale = _sale_of(history, fact)
            if _terms(history, sale).dispute_fee_bearer == "creator_if_lost":
                expected[f"fee:lost:{fact.dispute_key}"] = fact.fee
    charged = {line.key: line.parts for line, _ in books.lines if line.kind == "charge"}
    assert {key: parts.fees for key, parts in charged.items()} == {
        k: fee for k, fee in expected.items() if fee
    }
    assert all((p.gross, p.net, p.tax) == (0, -p.fees, 0) for p in charged.values())


def accounts_hold_what_the_facts_come_to(history: History, books: Books) -> None:
    """Money at the provider, at the bank, owed to creators and states, kept, and spent on fees."""
    held: Counter[tuple[str, str]] = Counter()
    for entry, _ in books.entries:
        for posting in entry.postings:
            held[posting.account.kind, posting.account.currency] += posting.amount
    for currency in {currency for _, currency in held}:
        lines = [line for line, _ in books.lines if line.sold.sale.currency == currency]
        facts = [f for f in history.facts if _sale_of(history, f).currency == currency]
        spent = sum(f.processor_fee for f in facts if isinstance(f, Sale))
        for_disputes = sum(f.fee for f in facts if isinstance(f, DisputeWon | DisputeLost))
        charged = {
            part: sum(line.parts.fees for line in lines if line.key.startswith(f"fee:{part}:"))
            for part in ("sale", "lost")
        }
        booked = [line.parts for line in lines if line.kind != "charge"]
        assert held["creator", currency] == -sum(line.parts.net for line in lines)
        assert held["commission", currency] == -sum(parts.fees for parts in booked)
        assert held["tax", currency] == -sum(parts.tax for parts in booked)
        assert held["receivable", currency] == sum(p.paid for p in booked) - spent - for_disputes
        assert held["processing", currency] == spent - charged["sale"]
        assert held["dispute_fees", currency] == for_disputes - charged["lost"]
        assert held["disputed", currency] == -held["held", currency] == sum(_still_held(facts))


def closed_months_do_not_move(_: History, books: Books) -> None:
    """And what came too late for its month says which one that was."""
    sums = books.sums()
    for month, when_closed in books.when_closed.items():
        assert sums[month] == when_closed
    for line, at in books.lines:
        own = Period.of(line.occurred_at)
        assert at.period >= own
        assert at.ref_period == (own if at.period > own else None)


LAWS: tuple[Callable[[History, Books], None], ...] = (
    everything_is_booked_once,
    every_sale_is_divided_exactly,
    every_line_adds_up,
    every_entry_balances_in_one_currency,
    reversals_are_proportional_and_within_the_sale,
    fees_are_borne_by_whom_the_agreement_names,
    accounts_hold_what_the_facts_come_to,
    closed_months_do_not_move,
)


def _order_has_no_effect(at_once: Books, late: Books) -> None:
    """Every sale comes to the same, with the same lines; only a spare unit may stand on another of these."""
    assert _by_sale(at_once) == _by_sale(late)
    assert {line.key for line, _ in at_once.lines} == {line.key for line, _ in late.lines}
    assert {e.key for e, _ in at_once.entries} == {e.key for e, _ in late.entries}


def _a_won_dispute_is_neutral(history: History, books: Books) -> None:
    won = {fact.dispute_key for fact in history.facts if isinstance(fact, DisputeWon)}
    without = [
        fact
        for fact in history.facts
        if not (isinstance(fact, DisputeOpened) and fact.key in won) and not isinstance(fact, DisputeWon)
    ]
    assert _by_sale(replace(history, facts=without).at_once()) == _by_sale(books)


def _no_more_goes_back_than_was_paid(history: History, books: Books) -> None:
    """One unit more than what is left is refused, and leaves everything as it was."""
    for sale in [fact for fact in history.facts if isinstance(fact, Sale)]:
        back = sum(_gone(history, sale.key))
        before = _by_sale(books)
        try:
            books.tell(
                Refund(f"above-{sale.key}", sale.key, sale.gross + sale.tax - back + 1, sale.occurred_at)
            )
        except Refused:
            assert _by_sale(books) == before
        else:
            raise AssertionError("more went back than was paid")


def _by_sale(books: Books) -> dict[str, Counter[str]]:
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for line, _ in books.lines:
        of = found[line.sold.sale.key]
        of.update({f"{line.kind} lines": 1})
        for part in ("net", "fees", "tax"):
            of[part] += getattr(line.parts, part)
    for of in found.values():  # a hold and its release are two lines of nothing, all in all
        del of["hold lines"], of["release lines"]
    return found


def _gone(history: History, sale_key: str) -> list[int]:
    """What of a sale was taken back for good."""
    lost = {fact.dispute_key for fact in history.facts if isinstance(fact, DisputeLost)}
    return [
        fact.amount
        for fact in history.facts
        if (isinstance(fact, Refund) or (isinstance(fact, DisputeOpened) and fact.key in lost))
        and fact.sale_key == sale_key
    ]


def _still_held(facts: list[SalesFact]) -> list[int]:
    ended = {fact.dispute_key for fact in facts if isinstance(fact, DisputeWon | DisputeLost)}
    return [fact.amount for fact in facts if isinstance(fact, DisputeOpened) and fact.key not in ended]


def _was_neutral(books: Books, key: str) -> bool:
    """Whether a dispute was told when there was no room for it, and won: two lines that cancel out."""
    dispute = key.partition(":")[2]
    both = [line.parts for line, _ in books.lines if line.key in (f"dispute:{dispute}", f"won:{dispute}")]
    return len(both) == 2 and both[0] == -both[1]


def _line_name(fact: SalesFact, history: History) -> str | None:
    """The key of the line that a fact has; None where it has none."""
    match fact:
        case Sale():
            return f"sale:{fact.key}" if fact.gross else None
        case Refund():
            return f"refund:{fact.key}"
        case DisputeOpened():
            return f"dispute:{fact.key}"
        case DisputeWon():
            return f"won:{fact.dispute_key}"
    return None


def _sale_of(history: History, fact: SalesFact) -> Sale:
    if isinstance(fact, Sale):
        return fact
    if isinstance(fact, DisputeWon | DisputeLost):
        opened = {f.key: f for f in history.facts if isinstance(f, DisputeOpened)}
        fact = opened[fact.dispute_key]
    return next(f for f in history.facts if isinstance(f, Sale) and f.key == fact.sale_key)


def _terms(history: History, sale: Sale) -> Terms:
    begun = [
        each.terms
        for each in history.agreements[sale.plugin_id]
        if not each.terms.effective_from > sale.earned_at
    ]
    if begun:
        return sorted(begun, key=lambda terms: terms.effective_from)[-1]
    return Terms(DEFAULT_SHARE, sale.earned_at, "")


def _share(history: History, books: Books, sale: Sale) -> int:
    """In basis points, with the tier by what was grossed in months that ended a whole month before."""
    terms = _terms(history, sale)
    month = sale.earned_at.replace(day=1)
    ended = Period.of((month - timedelta(days=1)).replace(day=1) - timedelta(days=1))
    grossed = sum(
        line.parts.gross
        for line, at in books.lines
        if at.period <= ended
        and line.kind in ("sale", "refund")
        and (line.sold.sale.plugin_id, line.sold.sale.currency) == (sale.plugin_id, sale.currency)
    )
    share = terms.creator_share_bps
    for tier in sorted(terms.tiers, key=lambda tier: tier.from_gross):
        if tier.currency == sale.currency and grossed >= tier.from_gross:
            share = tier.creator_share_bps
    return share
