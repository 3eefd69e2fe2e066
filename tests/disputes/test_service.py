"""Disputes from the complaint to the books: what is held, released, given back, and who may see what."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest

from aei_marketplace.accounts import service as accounts
from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.billing.events.disputes import DisputeTold
from aei_marketplace.billing.service import crediting, invoices
from aei_marketplace.billing.store import charges
from aei_marketplace.disputes import service
from aei_marketplace.disputes.errors import (
    BankDecides,
    DisputeChanged,
    DisputedAlready,
    DisputeDecided,
    DisputeNotFound,
    DisputeUnfit,
    OwnDispute,
)
from aei_marketplace.disputes.rules.cases import Dispute, Side, State
from aei_marketplace.disputes.service import Upload
from aei_marketplace.ground.actor import Actor, MissingAction
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.money import AmountUnfit
from aei_marketplace.ground.paging import PageWanted
from aei_marketplace.ledger.rules.periods import Period
from aei_marketplace.ledger.service import verify_ledger
from aei_marketplace.sales import service as sales
from tests.billing.invoicing import ready_to_sell
from tests.billing.selling import ONCE, buy, finance, look, pay_all, publish_priced
from tests.builders import Tenant, make_tenant
from tests.clocks import Time
from tests.plugins import work_off

PDF = Upload("offer.pdf", b"%PDF-1.7 it was promised")


@dataclass
class Shop:
    """A plugin that was bought and paid."""

    acme: Tenant
    globex: Tenant
    staff: Actor
    purchase: UUID
    invoice: UUID
    line: str


@pytest.fixture
async def shop(deps: Deps) -> Shop:
    acme, globex = await make_tenant(deps.works, "acme"), await make_tenant(deps.works, "globex")
    staff = await finance(deps)
    await ready_to_sell(deps.works, globex)
    await publish_priced(deps, acme, ONCE)
    bought = await buy(deps, globex, ONCE)
    (invoice,) = await pay_all(deps, staff, bought)
    async with deps.works.begin(globex.admin) as work:
        (charge,) = await charges.of_purchases(work, [bought.id])
    return Shop(acme, globex, staff, bought.id, invoice, charge.key)


async def complain(deps: Deps, shop: Shop, amount: int | None = None, actor: Actor | None = None) -> Dispute:
    async with deps.works.begin(actor or shop.globex.admin) as work:
        dispute = await service.complain(work, shop.line, amount, "It does nothing.")
    await work_off(deps)
    return dispute


async def decide(
    deps: Deps, actor: Actor, dispute: Dispute, *, for_creator: bool, verdict: str = "As shown."
) -> Dispute:
    async with deps.works.begin(actor) as work:
        decided = await service.decide(
            work, dispute.id, for_creator=for_creator, verdict=verdict, seen=dispute.version
        )
    await work_off(deps)
    return decided


async def nets(deps: Deps) -> dict[str, int]:
    """What the creator has of each kind of line, in minor units."""
    async with deps.works.system("tests") as work:
        return {each.kind: each.net for each in await sales.sum_month(work, Period.of(work.now))}


async def told(deps: Deps, shop: Shop, state: str, fee: int = 0) -> None:
    async with deps.works.system("tests") as work:
        event = DisputeTold("stripe", "dp_1", shop.line, 1999, state, fee, work.now, None)
        work.emit(event)
    await work_off(deps)


async def balanced(deps: Deps) -> bool:
    return not (await verify_ledger(deps.works)).findings


async def test_a_complaint_holds_the_creators_part_until_it_is_decided_for_the_creator(
    deps: Deps, shop: Shop
) -> None:
    dispute = await complain(deps, shop)
    held = await nets(deps)
    assert held["hold"] == -held["sale"]
    await decide(deps, shop.staff, dispute, for_creator=True)
    ended = await nets(deps)
    assert ended["release"] == -ended["hold"]
    assert await balanced(deps)


async def test_what_is_decided_for_the_buyer_goes_back_once_with_a_credit_note(
    deps: Deps, shop: Shop
) -> None:
    dispute = await complain(deps, shop)
    # A verdict may be longer than a credit note's reason.
    await decide(deps, shop.staff, dispute, for_creator=False, verdict="x" * 2_000)
    found = await nets(deps)
    assert sum(found.values()) == 0
    async with deps.works.begin(shop.globex.admin) as work:
        (note,) = await crediting.notes_of(work, shop.invoice)
        assert len(note.reason) == crediting.LONGEST_REASON
        assert (await service.find_dispute(work, dispute.id)).credit_note_id == note.id
    assert await balanced(deps)
    # A job that runs twice does it once.
    async with deps.works.system("tests") as work:
        await service.carry_out(work, dispute.id)
    await work_off(deps)
    async with deps.works.begin(shop.globex.admin) as work:
        assert len(await crediting.notes_of(work, shop.invoice)) == 1
    assert await nets(deps) == found


async def test_what_is_withdrawn_is_released_and_can_be_complained_of_again(deps: Deps, shop: Shop) -> None:
    dispute = await complain(deps, shop, 500)
    async with deps.works.begin(shop.globex.admin) as work:
        await service.withdraw(work, dispute.id)
    await work_off(deps)
    found = await nets(deps)
    assert found["release"] == -found["hold"]
    assert (await complain(deps, shop, 500)).state is State.OPENED


async def test_a_bank_takes_its_part_and_decides_alone(deps: Deps, shop: Shop) -> None:
    await told(deps, shop, "opened")
    await told(deps, shop, "opened")
    async with deps.works.begin(shop.staff) as work:
        (dispute,) = (await service.list_disputes(work, PageWanted())).items
        with pytest.raises(BankDecides):
            await service.decide(work, dispute.id, for_creator=True, verdict="No.")
    await told(deps, shop, "lost", fee=1500)
    await told(deps, shop, "won")
    async with deps.works.begin(shop.staff) as work:
        lost = await service.find_dispute(work, dispute.id)
        (note,) = await crediting.notes_of(work, shop.invoice)
    assert (lost.state, lost.fee, note.taken) == (State.LOST, 1500, True)
    found = await nets(deps)
    assert (found["hold"] + found["sale"], found["charge"], "refund" in found) == (0, -1500, False)
    assert await balanced(deps)


async def test_of_what_was_refunded_already_a_bank_takes_nothing_from_the_creator(
    deps: Deps, shop: Shop
) -> None:
    async with deps.works.begin(shop.staff) as work:
        await crediting.credit(work, shop.invoice, shop.line, 1_000, "As agreed.")
    await work_off(deps)
    await told(deps, shop, "opened")
    await told(deps, shop, "lost", fee=1500)
    async with deps.works.begin(shop.staff) as work:
        first, second = await crediting.notes_of(work, shop.invoice)
    assert [(note.total, note.taken) for note in (first, second)] == [(1_000, False), (999, True)]
    found = await nets(deps)
    assert (found["sale"] + found["refund"], "hold" in found, "charge" in found) == (0, False, False)
    assert await balanced(deps)


async def test_while_a_bank_decides_nobody_gives_the_same_money_back(deps: Deps, shop: Shop) -> None:
    dispute = await complain(deps, shop)
    await told(deps, shop, "opened")
    with pytest.raises(BankDecides):
        await decide(deps, shop.staff, dispute, for_creator=False)
    await decide(deps, shop.staff, dispute, for_creator=True)
    with pytest.raises(DisputedAlready):
        await complain(deps, shop)
    await told(deps, shop, "won")
    found = await nets(deps)
    assert found["hold"] + found["release"] == 0
    assert await balanced(deps)


async def test_evidence_at_the_moment_of_the_verdict_is_kept_before_it_or_refused(
    deps: Deps, shop: Shop
) -> None:
    dispute = await complain(deps, shop)
    shown = [
        service.show_evidence(deps, actor, "trace", dispute.id, "See.", None)
        for actor in (shop.globex.admin, shop.acme.admin, shop.staff)
    ]
    verdict = decide(deps, shop.staff, dispute, for_creator=True)
    done = await asyncio.gather(*shown, verdict, return_exceptions=True)
    refused = [each for each in done if isinstance(each, BaseException)]
    assert all(isinstance(each, DisputeDecided) for each in refused)
    async with deps.works.begin(shop.staff) as work:
        steps = (await service.history_of(work, dispute.id)).steps
    # Opened, won, and what was kept.
    assert len(steps) == 2 + (3 - len(refused))
    assert steps[-1].step == "won"


async def test_an_end_that_is_told_first_comes_to_the_same(deps: Deps, shop: Shop) -> None:
    await told(deps, shop, "won")
    await told(deps, shop, "opened")
    found = await nets(deps)
    assert found["hold"] + found["release"] == 0
    async with deps.works.begin(shop.staff) as work:
        (dispute,) = (await service.list_disputes(work, PageWanted())).items
    assert dispute.state is State.WON


async def test_a_sale_is_complained_of_once_and_within_what_was_paid(deps: Deps, shop: Shop) -> None:
    for amount in (2000, 0, -5):
        with pytest.raises((DisputeUnfit, AmountUnfit)):
            await complain(deps, shop, amount)
    done = await asyncio.gather(*(complain(deps, shop) for _ in range(3)), return_exceptions=True)
    assert sum(isinstance(each, Dispute) for each in done) == 1
    assert sum(isinstance(each, DisputedAlready) for each in done) == 2


async def test_of_two_who_decide_at_once_one_is_told_that_it_came_late(deps: Deps, shop: Shop) -> None:
    dispute = await complain(deps, shop)
    done = await asyncio.gather(
        *(decide(deps, shop.staff, dispute, for_creator=side) for side in (True, False)),
        return_exceptions=True,
    )
    assert sum(isinstance(each, Dispute) for each in done) == 1
    assert sum(isinstance(each, DisputeChanged | DisputeDecided) for each in done) == 1


async def test_nobody_decides_for_a_tenant_that_they_belong_to(deps: Deps, shop: Shop) -> None:
    dispute = await complain(deps, shop)
    async with deps.works.system("tests") as work:
        assert shop.staff.id is not None
        await accounts.add_member(work, shop.staff.id, "Viewer", shop.acme.id)
    with pytest.raises(OwnDispute):
        await decide(deps, shop.staff, dispute, for_creator=True)


async def test_each_side_shows_evidence_that_the_other_never_sees(
    deps: Deps, shop: Shop, urls: DatabaseUrls
) -> None:
    dispute = await complain(deps, shop)
    for actor, file in ((shop.globex.admin, PDF), (shop.acme.admin, None)):
        await service.show_evidence(deps, actor, "trace", dispute.id, f"Seen by {actor.tenant}", file)
    async with deps.works.begin(shop.acme.admin) as work:
        seen = await service.history_of(work, dispute.id)
        shape = service.dispute_shape(seen.dispute, seen.side)
    assert ([e.side for e in seen.evidence], seen.side) == ([Side.CREATOR], Side.CREATOR)
    assert str(shop.globex.id) not in str(shape)
    async with deps.works.begin(shop.staff) as work:
        every = (await service.history_of(work, dispute.id)).evidence
    (of_buyer,) = (e for e in every if e.side is Side.BUYER)
    assert len(every) == 2
    _, content = await service.read_file(deps, shop.staff, "trace", dispute.id, of_buyer.id)
    assert content == PDF.content
    with pytest.raises(DisputeNotFound):
        await service.read_file(deps, shop.acme.admin, "trace", dispute.id, of_buyer.id)
    connection = await asyncpg.connect(urls.app)
    try:
        async with connection.transaction():
            await connection.execute("select set_config('aei.tenant', $1, true)", str(shop.acme.id))
            assert await connection.fetchval("select count(*) from dispute_evidence") == 1
            assert await connection.execute("update disputes set state = 'won'") == "UPDATE 0"
    finally:
        await connection.close()


async def test_strangers_and_other_roles_neither_see_nor_touch_a_dispute(deps: Deps, shop: Shop) -> None:
    dispute, initech = await complain(deps, shop), await make_tenant(deps.works, "initech")
    async with deps.works.begin(initech.admin) as work:
        assert (await service.list_disputes(work, PageWanted())).total == 0
        with pytest.raises(DisputeNotFound):
            await service.find_dispute(work, dispute.id)
    for actor in (shop.globex.manager, shop.acme.viewer):
        with pytest.raises(MissingAction):
            await complain(deps, shop, actor=actor)
    for actor in (shop.globex.admin, shop.acme.admin):
        with pytest.raises(MissingAction):
            await decide(deps, actor, dispute, for_creator=True)
    async with deps.works.begin(shop.acme.admin) as work:
        with pytest.raises(DisputeNotFound):
            await service.withdraw(work, dispute.id)


async def test_a_creator_who_has_shown_nothing_is_reminded_once(deps: Deps, shop: Shop, time: Time) -> None:
    dispute = await complain(deps, shop)
    time.ahead = timedelta(days=6, hours=1)
    for reminded in (1, 0):
        async with deps.works.system("tests") as work:
            assert await service.remind(work) == reminded
    await work_off(deps)
    time.ahead = timedelta(days=8)
    with pytest.raises(DisputeDecided):
        await service.show_evidence(deps, shop.acme.admin, "trace", dispute.id, "Too late.", None)


async def test_what_was_not_paid_is_not_disputed(deps: Deps, shop: Shop) -> None:
    hooli = await make_tenant(deps.works, "hooli")
    await ready_to_sell(deps.works, hooli)
    bought = await buy(deps, hooli, ONCE)
    async with deps.works.begin(hooli.admin) as work:
        (charge,) = await charges.of_purchases(work, [bought.id])
        assert (await invoices.standing_of(work, charge.invoice_id)).state == "open"
        with pytest.raises(DisputeUnfit):
            await service.complain(work, charge.key, None, "I changed my mind.")
    assert (await look(deps, hooli, bought)).state == "pending_payment"
