"""A marketplace in November 2026 with two creators, and staff who look after money."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from aei_marketplace.accounts import service as accounts
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.paging import PageWanted
from aei_marketplace.ground.work import Works
from aei_marketplace.ledger.service import Period
from aei_marketplace.payouts import service as payouts
from aei_marketplace.payouts.service import Payout, Statement, Wanted
from aei_marketplace.sales import service as sales
from aei_marketplace.sales.service import Refund, Sale
from aei_marketplace.tax_profiles import service as tax_profiles
from aei_marketplace.tax_profiles.rules.declarations import Declaration, Form, Kind
from aei_marketplace.worker import handlers
from tests.builders import Tenant, make_tenant
from tests.clocks import Time

OCTOBER, NOVEMBER, DECEMBER = Period(2026, 10), Period(2026, 11), Period(2026, 12)
BUYER = UUID(int=99)


@dataclass
class Books:
    """What tests of payouts do again and again.

    Attributes:
        studio, globex: creators.
        staff: Finance people by name.
    """

    deps: Deps
    time: Time
    studio: Tenant
    globex: Tenant
    staff: dict[str, Actor] = field(default_factory=dict)
    _sold: int = 0

    @property
    def works(self) -> Works:
        return self.deps.works

    def go_to(self, month: int, day: int, year: int = 2026) -> None:
        """Set the clock to shortly after the beginning of a day."""
        self.time.ahead = datetime(year, month, day, 0, 5, tzinfo=UTC) - datetime.now(UTC)

    async def sell(self, tenant: Tenant | UUID, gross: int, currency: str = "USD", **rest: Any) -> str:
        """A sale that was paid just now; its key. The creator gets 85 %."""
        self._sold += 1
        key, creator = f"s{self._sold}", tenant if isinstance(tenant, UUID) else tenant.id
        values = {"plugin_id": "studio.langid", "version": "1.0.0", "source": "one_time", "tax": 0}
        async with self.works.system("tests") as work:
            at = rest.pop("at", work.now)
            fact = Sale(
                key=key, creator=creator, buyer=BUYER, currency=currency, gross=gross, processor_fee=0,
                occurred_at=at, earned_at=at, **{**values, **rest},
            )  # fmt: skip
            await sales.record(work, [fact])
        return key

    async def refund(self, sale: str, amount: int) -> None:
        async with self.works.system("tests") as work:
            await sales.record(work, [Refund(f"refund of {sale}", sale, amount, work.now)])

    async def close(self, period: Period = NOVEMBER) -> bool:
        return await payouts.close_month(self.works, period)

    async def statements(self, period: Period | None = None) -> list[Statement]:
        async with self.works.system("tests") as work:
            page = await payouts.list_statements(work, Wanted(period=period), PageWanted(200))
        return sorted(page.items, key=lambda s: (s.period, str(s.whose)))

    async def payouts(self) -> list[Payout]:
        async with self.works.system("tests") as work:
            return list((await payouts.list_payouts(work, Wanted(), PageWanted(200))).items)

    async def payout(self) -> Payout:
        (only,) = await self.payouts()
        return only

    async def review_tax(self, tenant: Tenant, withholding_bps: int = 0) -> None:
        """A tax profile of a creator, sent and reviewed."""
        declared = Declaration(
            Form.SELF_DECLARATION, Kind.COMPANY, "DE", "Canary Works GmbH", "Canary Quay 1", "DE136695976"
        )
        async with self.works.begin(tenant.admin) as work:
            profile = await tax_profiles.submit_profile(work, self.deps.master_key, declared)
        async with self.works.begin(self.staff["finn"]) as work:
            await tax_profiles.review_profile(work, profile.id, approve=True, withholding_bps=withholding_bps)

    async def confirm_tax_model(self, who: str = "fay") -> None:
        async with self.works.begin(self.staff[who]) as work:
            await payouts.confirm_tax_model(work, "Ledger & Partners", work.now.date(), payouts.CONFIRMATION)

    async def decide(self, step: Any, who: str, *arguments: Any) -> Payout:
        """One step of a payout as one of the staff, and what follows by itself."""
        async with self.works.begin(self.staff[who]) as work:
            after = await step(work, *arguments)
        await self.react()
        return after

    async def react(self) -> None:
        """Do what the job process would: hand every event to its reactions, twice, as may happen."""
        async with self.works.system("tests") as work:
            jobs = (await work.run(text("delete from pgqueuer returning entrypoint, payload"))).all()
        found = handlers(self.deps)
        for job in [*jobs, *jobs]:
            await found[job.entrypoint](bytes(job.payload))

    async def told(self) -> list[str]:
        """Which kinds of notices were written about payouts."""
        async with self.works.system("tests") as work:
            wanted = text("select distinct kind from notices where kind like 'payout.%' order by kind")
            return list((await work.run(wanted)).scalars())

    async def audited(self, like: str) -> list[str]:
        """The actions of audit entries, in order."""
        async with self.works.system("tests") as work:
            wanted = text("select action from audit_entries where action like :like order by id")
            return list((await work.run(wanted, {"like": like})).scalars())


@pytest.fixture
async def books(deps: Deps, time: Time) -> Books:
    """Creators and staff, in the middle of November 2026."""
    made = Books(deps, time, await make_tenant(deps.works, "studio"), await make_tenant(deps.works, "globex"))
    made.go_to(11, 20)
    for name in ("fay", "finn"):
        async with deps.works.system("tests") as work:
            user = await accounts.create_user(work, name=name.title(), email=f"{name}@operator.example")
            await accounts.add_staff(work, user, "Finance")
        made.staff[name] = await accounts.actor_for(deps.works, user, None)
    return made
