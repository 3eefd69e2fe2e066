"""Buying: from the price that was seen to a run, and everything that stands in between."""

import pytest

from aei_marketplace.billing.errors.purchases import PaymentRequired
from aei_marketplace.executions.service import Runs
from aei_marketplace.ground.deps import Deps
from tests.billing.invoicing import ready_to_sell
from tests.billing.selling import ONCE, buy, finance, look, pay_all, publish_priced
from tests.builders import make_tenant
from tests.executions.conftest import run, runs  # noqa: F401 a fixture
from tests.plugins import install


async def test_what_is_bought_once_runs_when_its_invoice_is_paid(deps: Deps, runs: Runs) -> None:  # noqa: F811 the fixture
    acme, globex = await make_tenant(deps.works, "acme"), await make_tenant(deps.works, "globex")
    staff = await finance(deps)
    await ready_to_sell(deps.works, globex)
    await publish_priced(deps, acme, ONCE)

    with pytest.raises(PaymentRequired) as refused:
        await install(deps, globex.admin)
    assert "POST /api/billing/purchases" in refused.value.next_step

    bought = await buy(deps, globex, ONCE)
    assert bought.state == "pending_payment"
    assert (await install(deps, globex.admin)).state == "succeeded"
    with pytest.raises(PaymentRequired, match="not paid yet"):
        await run(runs, globex.agent)

    await pay_all(deps, staff, bought)
    assert (await look(deps, globex, bought)).state == "active"
    assert (await run(runs, globex.agent)).outcome == "ok"
    # Who publishes it never pays for it.
    assert (await install(deps, acme.admin)).state == "succeeded"
    assert (await run(runs, acme.agent)).outcome == "ok"
