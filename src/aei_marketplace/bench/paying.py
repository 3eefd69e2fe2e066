"""Plays worked scenarios to their end: months close with statements, and payouts pass every gate."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from aei_marketplace.bench.scenarios import Player, moment
from aei_marketplace.ground.actor import Actor, ActorKind
from aei_marketplace.ground.clock import new_id
from aei_marketplace.ground.paging import PageWanted
from aei_marketplace.ledger.service import Period
from aei_marketplace.payouts import service as payouts
from aei_marketplace.payouts.errors import TaxNotReviewed
from aei_marketplace.payouts.service import Payout, State, Statement, Wanted, Whose, release_from
from aei_marketplace.tax_profiles import service as tax_profiles
from aei_marketplace.tax_profiles.rules.declarations import Declaration, Form, Kind

_REVENUE = frozenset({"revenue.administer"})
_ANN, _BOB = (Actor(ActorKind.USER, new_id(), name, actions=_REVENUE, staff=True) for name in ("Ann", "Bob"))
_DECLARED = Declaration(
    Form.SELF_DECLARATION, Kind.COMPANY, "DE", "Scenario GmbH", "Scenario Street 1", "DE136695976"
)
_EVERYTHING = PageWanted(200)


@dataclass
class PayingPlayer(Player):
    """Plays one scenario with statements and payouts.

    Attributes:
        at_close: by payout, the state that an approval right after the close led to.
    """

    at_close: dict[UUID, State] = field(default_factory=dict)
    _reviewed: set[str] = field(default_factory=set)

    async def prepare(self) -> None:
        """The same, with the scenario's December sweep."""
        await super().prepare()
        if self.policy.get("december_sweep"):
            async with self.works.begin(_ANN) as work:
                await payouts.set_december_sweep(work, True)

    async def close(self, period: Period) -> None:
        """Close a month, and have every payout of it approved that passes."""
        await self._review_until(period.closes_at)
        await payouts.close_month(self.works, period)
        for payout in await self._payouts(period):
            await self._approve(payout)
            self.at_close[payout.id] = (await self._payout(payout.id)).state

    async def pay(self) -> None:
        """Have everything paid that passes, on a day on which all of it may leave."""
        found = await self._payouts(None)
        profiles = [moment(each["approved_at"]) for each in self._profiles().values()]
        self.goes_to(max([*profiles, *(release_from(each.period) for each in found)]) + timedelta(days=1))
        await self._review_until(None)
        async with self.works.begin(_ANN) as work:
            await payouts.confirm_tax_model(work, "Scenario", work.now.date(), payouts.CONFIRMATION)
        for payout in found:
            await self._approve(payout)
            if (await self._payout(payout.id)).state is State.APPROVED:
                await self._release(payout)

    async def statement(self, expected: Mapping[str, Any]) -> dict[str, Any]:
        """A statement as it was written, and what the lines of its month say."""
        whose = Whose(self.creators[expected["creator"]], expected["currency"])
        period = Period.read(expected["period"])
        async with self.works.system("scenarios") as work:
            wanted = Wanted(period, whose.currency, whose.creator)
            (stated,) = (await payouts.list_statements(work, wanted, _EVERYTHING)).items
        return {**await super().statement(expected), **_written(stated)}

    async def paid(self) -> list[dict[str, Any]]:
        """Payouts as scenarios list them."""
        names = {id: name for name, id in self.creators.items()}
        return [
            {
                "creator": names[each.creator],
                "currency": each.currency,
                "period": str(each.period),
                "amount": each.amount,
                "withholding": each.withholding,
                "transfer": each.transfer,
                "state_at_close": self.at_close[each.id],
                "final_state": each.state,
            }
            for each in sorted(await self._payouts(None), key=lambda payout: (payout.period, payout.currency))
        ]

    async def comes_out(self) -> bool:
        """Whether statements, payouts and totals are what was expected, as far as it names them."""
        expected = self.scenario["expected"]
        if not await super().comes_out():
            return False
        if "payouts" not in expected:
            return True
        await self.pay()
        paid: list[dict[str, Any]] = expected["payouts"]
        return await self.paid() == paid

    def _profiles(self) -> Mapping[str, Any]:
        profiles: Mapping[str, Any] = self.policy.get("tax_profiles", {})
        return profiles

    async def _review_until(self, when: Any) -> None:
        """Have the tax profiles reviewed whose time has come by then; all when no time is given."""
        for name, profile in self._profiles().items():
            if name in self._reviewed or (when is not None and moment(profile["approved_at"]) > when):
                continue
            self._reviewed.add(name)
            spends = frozenset({"spend.administer"})
            creator = Actor(ActorKind.USER, new_id(), name, tenant=self.creators[name], actions=spends)
            async with self.works.begin(creator) as work:
                sent = await tax_profiles.submit_profile(work, bytes(32), _DECLARED)
            async with self.works.begin(_BOB) as work:
                await tax_profiles.review_profile(
                    work, sent.id, approve=True, withholding_bps=profile["withholding_bps"]
                )

    async def _approve(self, payout: Payout) -> None:
        """Approve it if it waits and its creator's tax profile lets it pass."""
        try:
            async with self.works.begin(_ANN) as work:
                if (await payouts.find_payout(work, payout.id)).state is State.TAX_CHECK:
                    await payouts.approve(work, payout.id)
        except TaxNotReviewed:
            return

    async def _release(self, payout: Payout) -> None:
        async with self.works.begin(_BOB) as work:
            await payouts.release(work, payout.id)
            await payouts.mark_paid(work, payout.id)
        await payouts.book_payment(self.works, payout.id, "scenarios")

    async def _payouts(self, period: Period | None) -> list[Payout]:
        async with self.works.system("scenarios") as work:
            return list((await payouts.list_payouts(work, Wanted(period), _EVERYTHING)).items)

    async def _payout(self, payout_id: UUID) -> Payout:
        async with self.works.system("scenarios") as work:
            return await payouts.find_payout(work, payout_id)


def _written(stated: Statement) -> dict[str, Any]:
    """What a statement says beside its lines."""
    account = stated.account
    return {
        "opening_balance": account.opening,
        "payout_reversals": account.payout_reversals,
        "payable": account.payable,
        "payout": account.payout,
        "closing_balance": account.closing,
    }
