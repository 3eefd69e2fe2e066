"""Terms as finance staff types them."""

from datetime import UTC, datetime

import pytest

from aei_marketplace.ground.errors import Invalid
from aei_marketplace.sales.pages.terms import filled_with, read_terms
from aei_marketplace.sales.service import Terms, Tier
from aei_marketplace.web.shell.forms import Form, filled

TYPED = {
    "creator_share_bps": "87.5 %",
    "tiers": "usd 10,000.00 90\n\n JPY 1000000   92.25 %",
    "processing_fee_bearer": "creator",
    "dispute_fee_bearer": "platform",
    "effective_from": "2027-02-01",
    "reason": " As agreed ",
}


def test_terms_are_read_as_they_are_typed_and_shown_so_that_they_read_the_same():
    terms = read_terms(filled(**TYPED))
    tiers = (Tier("USD", 1_000_000, 9000), Tier("JPY", 1_000_000, 9225))
    begins = datetime(2027, 2, 1, tzinfo=UTC)
    assert terms == Terms(8750, begins, "As agreed", tiers, "creator", "platform")
    shown = {name: values[-1] for name, values in filled_with(terms).values.items()}
    assert read_terms(filled(**{**TYPED, **shown})) == terms


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("creator_share_bps", ""),
        ("creator_share_bps", "-5"),
        ("creator_share_bps", "85.555"),
        ("creator_share_bps", "8_5"),
        ("tiers", "USD 100"),
        ("tiers", "USD -100 90"),
        ("tiers", "USD 1.005 90"),
        ("tiers", "ZZZ 100 90"),
        ("tiers", "USD 100 ninety"),
        ("tiers", "\n".join(f"USD {n} 90" for n in range(1, 22))),
        ("processing_fee_bearer", "buyer"),
        ("dispute_fee_bearer", ""),
        ("effective_from", "01/02/2027"),
        ("effective_from", "2027-02-30"),
    ],
)
def test_what_cannot_be_read_is_refused_beside_its_field(field: str, typed: str):
    with pytest.raises(Invalid) as refusal:
        read_terms(filled(**{**TYPED, field: typed}))
    assert list(Form().refused(refusal.value).errors) == [field]
