"""Stripe's own sandbox, for whoever has a key of it: `AEI_TEST_STRIPE_KEY=sk_test_…`. Never run by itself."""

import os
from datetime import timedelta
from uuid import uuid4

import pytest

from aei_marketplace.adapters.billing.stripe import StripeBilling
from aei_marketplace.ground.clock import utc_now
from aei_marketplace.ground.ports.billing import Bill, KeptBill, MandateWanted, ProviderRefused

SANDBOX_KEY = os.environ.get("AEI_TEST_STRIPE_KEY", "")


@pytest.mark.skipif("_test_" not in SANDBOX_KEY, reason="AEI_TEST_STRIPE_KEY names no key of a sandbox")
async def test_the_sandbox_opens_one_page_for_one_key_and_refuses_what_is_not_there() -> None:
    provider = StripeBilling(SANDBOX_KEY, ["whsec_unused"])
    payment_id = uuid4()
    bill = Bill(payment_id, "INV-TEST", 1999, "USD", "Test Ltd", None, None, "https://market.example/back")
    try:
        first = await provider.charge(bill, f"payment/{payment_id}")
        again = await provider.charge(bill, f"payment/{payment_id}")
        assert first == again
        assert first.until > utc_now()
        wanted = MandateWanted(uuid4(), "Test Ltd", None, first.customer, "https://market.example/back")
        page = await provider.open_mandate(wanted, f"mandate/{wanted.mandate_id}")
        assert page == await provider.open_mandate(wanted, f"mandate/{wanted.mandate_id}")
        kept = KeptBill(uuid4(), "INV-TEST", 1999, "USD", first.customer, "pm_not_there")
        with pytest.raises(ProviderRefused):
            await provider.charge_kept(kept, f"payment/{kept.payment_id}")
        with pytest.raises(ProviderRefused):
            await provider.refund("pi_not_there", 5, "USD", uuid4(), f"refund/{uuid4()}")
        now = utc_now()
        await provider.list_transactions(now - timedelta(days=1), now)
    finally:
        await provider.close()
