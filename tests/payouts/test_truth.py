"""Worked scenarios to their end, equal to the minor unit: statements, payouts, and the books behind them."""

from typing import Any

import pytest

from aei_marketplace.bench.paying import PayingPlayer
from aei_marketplace.bench.scenarios import scenarios
from aei_marketplace.ground.work import Works
from aei_marketplace.ledger import service as ledger
from aei_marketplace.payouts import service as payouts
from tests.clocks import Time


@pytest.mark.parametrize("scenario", [pytest.param(each, id=each["id"]) for each in scenarios()])
async def test_a_worked_scenario_closes_and_pays_to_the_minor_unit(
    works: Works, time: Time, scenario: dict[str, Any]
):
    player = PayingPlayer(works, time, scenario)
    await player.play()
    expected = scenario["expected"]
    for each in expected["statements"]:
        found = await player.statement(each)
        assert found == {name: each[name] for name in found}, (each["creator"], each["period"])
    if "payouts" in expected:
        await player.pay()
        assert await player.paid() == expected["payouts"]
    assert (await payouts.verify_statements(works)).findings == []
    assert (await ledger.verify_ledger(works)).findings == []
    async with works.system("tests") as work:
        sums: dict[str, int] = {}
        for balance in await ledger.balances(work):
            sums[balance.account.currency] = sums.get(balance.account.currency, 0) + balance.amount
    assert not any(sums.values())
