"""Books in the middle of November 2026, and what is told to them."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from uuid import UUID

import pytest

from aei_marketplace.ground.work import Works
from aei_marketplace.sales import service as sales
from aei_marketplace.sales.service import Recorded, Sale, SalesFact
from tests.clocks import Time

CREATOR, OTHER, BUYER = UUID(int=0xC), UUID(int=0xD), UUID(int=0xB)
Tell = Callable[..., Awaitable[Recorded]]


def day(number: int, month: int = 11) -> datetime:
    """A day at ten o'clock."""
    return datetime(2026, month, number, 10, tzinfo=UTC)


def sale(key: str = "s1", gross: int = 1000, **changed: object) -> Sale:
    """A sale of the second of November."""
    said = {
        "key": key,
        "plugin_id": "acme.echo",
        "version": "1.0.0",
        "creator": CREATOR,
        "buyer": BUYER,
        "source": "one_time",
        "currency": "USD",
        "gross": gross,
        "tax": 0,
        "processor_fee": 0,
        "occurred_at": day(2),
        "earned_at": day(2),
    }
    return Sale(**{**said, **changed})  # type: ignore[arg-type] # what a test says otherwise


@pytest.fixture
def works(works: Works, time: Time) -> Works:
    """By a clock that stands in the middle of November 2026 until a test moves it."""
    time.ahead = datetime(2026, 11, 20, tzinfo=UTC) - datetime.now(UTC)
    return works


@pytest.fixture
def tell(works: Works) -> Tell:
    """Has facts booked, as a named job does."""

    async def tell(*facts: SalesFact) -> Recorded:
        async with works.system("tests") as work:
            return await sales.record(work, facts)

    return tell
