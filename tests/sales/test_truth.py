"""Worked scenarios, equal to the minor unit."""

from typing import Any

import pytest

from aei_marketplace.ground.work import Works
from aei_marketplace.ledger import service as ledger
from tests.clocks import Time
from tests.sales.scenarios import Player, scenarios


@pytest.mark.parametrize("scenario", [pytest.param(each, id=each["id"]) for each in scenarios()])
async def test_a_worked_scenario_comes_out_to_the_minor_unit(
    works: Works, time: Time, scenario: dict[str, Any]
):
    player = Player(works, time, scenario)
    await player.play()
    for expected in scenario["expected"]["statements"]:
        found = await player.statement(expected)
        assert found == {name: expected[name] for name in found}, (expected["creator"], expected["period"])
    books = await player.books()
    assert books == {name: scenario["expected"].get(name, found) for name, found in books.items()}
    assert (await ledger.verify_ledger(works)).findings == []
