"""Plays worked scenarios of money on real books: sets agreements, tells facts when received, closes months.

A scenario is written as in `scenarios.json` beside this file. `Player.close` closes a month of the ledger
alone and `Player.statement` says what its lines come to; who closes months with statements and payouts
overrides both, and reads `policy` and `creators`.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import text

from aei_marketplace.accounts import service as accounts
from aei_marketplace.ground.actor import Actor, ActorKind
from aei_marketplace.ground.clock import new_id
from aei_marketplace.ground.work import Works
from aei_marketplace.ledger import service as ledger
from aei_marketplace.ledger.service import Period
from aei_marketplace.sales import service as sales
from aei_marketplace.sales.rules.shares import NOTICE
from aei_marketplace.sales.service import (
    DisputeLost,
    DisputeOpened,
    DisputeWon,
    Refund,
    Sale,
    SalesFact,
    Terms,
    Tier,
)

OWN = Path(__file__).with_name("scenarios.json")
#: More of them, worked out by hand elsewhere; the project stands without.
FURTHER = Path(__file__).resolve().parents[4] / "shared" / "data" / "payout-truth.json"
_BUYER = UUID(int=0xB)
_FINANCE = Actor(ActorKind.USER, new_id(), "Finance", actions=frozenset({"revenue.administer"}), staff=True)
#: How a statement calls the sums of each kind of line.
SUMS = {
    "sales": "sale",
    "refunds": "refund",
    "dispute_holds": "hold",
    "dispute_releases": "release",
    "charges": "charge",
}


_LIST = (
    "insert into publishers (id, tenant_id, name, created_at)"
    " values (gen_random_uuid(), :owner, :namespace, now()) on conflict do nothing",
    "insert into namespaces (name, publisher_id, created_at)"
    " select :namespace, id, now() from publishers where tenant_id = :owner on conflict do nothing",
    "insert into plugins (id, namespace, publisher_id, owner_tenant, visibility, name, description, kind,"
    " categories, keywords, permissions, pricing_model, listed_at, created_at, updated_at)"
    " select :plugin_id, :namespace, id, :owner, 'public', :plugin_id, 'Is sold', 'tool', '{}', '{}', '{}',"
    " 'free', now(), now(), now() from publishers where tenant_id = :owner",
    "insert into releases (id, plugin_id, publisher_id, version, channel, precedence, state,"
    " state_changed_at, package_sha256, size_bytes, component_sha256, component_size, manifest, aei_range,"
    " published_at, listed_at)"
    " select gen_random_uuid(), :plugin_id, id, '1.0.0', 'stable', '1', 'listed', now(), repeat('a', 64), 1,"
    " repeat('b', 64), 1, '{}', '*', now(), now() from publishers where tenant_id = :owner",
    "update plugins set latest_shown = r.id, latest_stable = r.id from releases r"
    " where r.plugin_id = plugins.id and plugins.id = :plugin_id",
)


class Watch(Protocol):
    """A clock that is set by how far it is ahead of the real one."""

    ahead: timedelta


def scenarios() -> Iterator[dict[str, Any]]:
    """Our own, and the further ones where they are."""
    for path in (OWN, FURTHER):
        if path.exists():
            yield from json.loads(path.read_text("utf-8"))["scenarios"]


def moment(written: str) -> datetime:
    """A time as scenarios write it."""
    return datetime.fromisoformat(written).astimezone(UTC)


async def list_plugin(works: Works, owner: UUID, plugin_id: str) -> None:
    """Have a tenant publish a plugin of this id, in a namespace that becomes its own.

    It is written straight into the catalogue: what it does is nothing to its sales.
    """
    given = {"owner": owner, "plugin_id": plugin_id, "namespace": plugin_id.partition(".")[0]}
    async with works.system("scenarios") as work:
        for statement in _LIST:
            bound = [name for name in given if f":{name}" in statement]
            await work.run(text(statement), {name: given[name] for name in bound})


@dataclass
class Player:
    """Plays one scenario.

    Attributes:
        scenario: as it is written.
        creators: by the scenario's names, the tenants that publish.
        staff: who sets agreements.
    """

    works: Works
    time: Watch
    scenario: Mapping[str, Any]
    creators: dict[str, UUID] = field(default_factory=dict)
    staff: Actor = _FINANCE
    _closed: Period | None = None
    _fees: dict[str, int] = field(default_factory=dict)

    @property
    def policy(self) -> Mapping[str, Any]:
        """What the scenario has otherwise than the defaults: thresholds, tax profiles, sweeps."""
        policy: Mapping[str, Any] = self.scenario.get("policy", {})
        return policy

    def goes_to(self, when: datetime) -> None:
        """Set the clock."""
        self.time.ahead = when - datetime.now(UTC)

    async def play(self) -> None:
        """Prepare, tell everything in the order in which it was received, and close every expected month."""
        await self.prepare()
        for told in sorted(self.scenario["events"], key=lambda event: (event["received_at"], event["id"])):
            await self.close_until(moment(told["received_at"]))
            await self.tell(self.fact_of(told))
        last = max(Period.read(each["period"]) for each in self.scenario["expected"]["statements"])
        await self.close_until(last.closes_at)

    async def prepare(self) -> None:
        """Creators, their plugins, and the agreements, each set long enough before it applies."""
        self.goes_to(min(moment(each["received_at"]) for each in self.scenario["events"]))
        plugins = self.scenario["plugins"]
        for name in dict.fromkeys(plugin["creator"] for plugin in plugins.values()):
            async with self.works.system("scenarios") as work:
                self.creators[name] = await accounts.create_tenant(work, name, name)
        for name, plugin in plugins.items():
            await list_plugin(self.works, self.creators[plugin["creator"]], self.plugin_id(name))
        steps = [(terms, name) for name, plugin in plugins.items() for terms in terms_of(plugin)]
        for terms, name in sorted(steps, key=lambda step: step[0].effective_from):
            self.goes_to(terms.effective_from - NOTICE - timedelta(hours=1))
            async with self.works.begin(self.staff) as work:
                await sales.set_agreement(work, self.plugin_id(name), terms)

    def plugin_id(self, name: str) -> str:
        """What a plugin of the scenario is called in the catalogue."""
        return f"{self.scenario['plugins'][name]['creator']}.{name.lower()}"

    async def tell(self, *facts: SalesFact) -> sales.Recorded:
        """Have facts booked, as a named job does."""
        async with self.works.system("scenarios") as work:
            return await sales.record(work, facts)

    async def close_until(self, now: datetime) -> None:
        """Go to a moment, and on the way close every month that can be closed by then."""
        first = min(moment(each["occurred_at"]) for each in self.scenario["events"])
        month = Period.of(first) if self._closed is None else self._closed.next
        while month.closes_at <= now:
            self.goes_to(month.closes_at + timedelta(seconds=1))
            await self.close(month)
            self._closed, month = month, month.next
        self.goes_to(now)

    async def close(self, period: Period) -> None:
        """Close a month of the books."""
        async with self.works.system("scenarios") as work:
            await ledger.close_period(work, period)

    def fact_of(self, told: Mapping[str, Any]) -> SalesFact:
        """What an event of the scenario tells. A provider names a dispute's fee when it opens."""
        when = moment(told["occurred_at"])
        match told["type"]:
            case "sale":
                return self._sale(told, when)
            case "refund":
                return Refund(told["refund"], told["sale"], told["amount"], when)
            case "dispute_opened":
                self._fees[told["dispute"]] = told.get("fee", 0)
                return DisputeOpened(told["dispute"], told["sale"], told["amount"], when)
            case "dispute_won":
                return DisputeWon(told["dispute"], when, self._fee(told))
            case "dispute_lost":
                return DisputeLost(told["dispute"], when, self._fee(told))
        raise AssertionError(f"no such event: {told['type']}")

    def _fee(self, told: Mapping[str, Any]) -> int:
        fee: int = told.get("fee", self._fees.get(told["dispute"], 0))
        return fee

    def _sale(self, told: Mapping[str, Any], when: datetime) -> Sale:
        return Sale(
            key=told["sale"],
            plugin_id=self.plugin_id(told["plugin"]),
            version="1.0.0",
            creator=self.creators[self.scenario["plugins"][told["plugin"]]["creator"]],
            buyer=_BUYER,
            source="usage" if "usage" in told else "one_time",
            currency=told["currency"],
            gross=told["gross"],
            tax=told["tax"],
            processor_fee=told.get("processor_fee", 0),
            occurred_at=when,
            earned_at=moment(told["earned_at"]) if "earned_at" in told else when,
            tax_country=told.get("tax_country"),
        )

    async def comes_out(self) -> bool:
        """Whether every expected statement is what was found, as far as `statement` says it."""
        for expected in self.scenario["expected"]["statements"]:
            found = await self.statement(expected)
            if found != {name: expected[name] for name in found}:
                return False
        books = await self.books()
        return all(books[name] == self.scenario["expected"].get(name, books[name]) for name in books)

    async def books(self) -> dict[str, Any]:
        """What is owed to states, by currency and country, and what disputes have cost the marketplace."""
        async with self.works.system("scenarios") as work:
            owed = await sales.tax_owed(work)
            spent = await ledger.balances(work, kind="dispute_fees")
        return {
            "tax_liability": {
                currency: {each.country: each.amount for each in owed if each.currency == currency}
                for currency in dict.fromkeys(each.currency for each in owed)
            },
            "platform_dispute_fee_expense": {each.account.currency: each.amount for each in spent},
        }

    async def statement(self, expected: Mapping[str, Any]) -> dict[str, Any]:
        """What lines say of an expected statement: sums by kind, their total, and late lines."""
        creator, period = self.creators[expected["creator"]], Period.read(expected["period"])
        async with self.works.system("scenarios") as work:
            sums: dict[str, dict[str, int]] = {
                each.kind: {"count": each.count, "gross": each.gross, "fees": each.fees, "net": each.net}
                for each in await sales.sum_month(work, period)
                if (each.creator, each.currency) == (creator, expected["currency"])
            }
            late, _ = await sales.late_lines(work, creator, expected["currency"], period, sales.MOST_AT_ONCE)
        nothing = {"count": 0, "gross": 0, "fees": 0, "net": 0}
        total = {key: sum(each[key] for each in sums.values()) for key in ("gross", "fees", "net")}
        told = {name: sums.get(kind, nothing) for name, kind in SUMS.items()}
        return {**told, "total": total, "late_lines": [late_line(line) for line in late]}


def terms_of(plugin: Mapping[str, Any]) -> list[Terms]:
    """The agreements of a scenario's plugin."""
    return [
        Terms(
            creator_share_bps=share["creator_share_bps"],
            effective_from=moment(share["effective_from"]),
            reason="As the scenario has it",
            tiers=tuple(Tier(**tier) for tier in share.get("tiers", ())),
            processing_fee_bearer=plugin.get("processing_fee_bearer", "platform"),
            dispute_fee_bearer=plugin.get("dispute_fee_bearer", "creator_if_lost"),
        )
        for share in plugin["shares"]
    ]


def late_line(line: sales.CreatorLine) -> dict[str, Any]:
    """A late line as statements list it."""
    said = {"key": line.key, "ref_period": str(line.ref_period)}
    return {**said, "gross": line.gross, "fees": line.fees, "net": line.net}
