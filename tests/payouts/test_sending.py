"""Payouts that a provider carries out: asked for once, whatever ends in between, and what comes back."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from aei_marketplace.accounts import service as accounts
from aei_marketplace.billing.events.providers import TransferReturned
from aei_marketplace.ground.errors import NotAllowed, Unavailable
from aei_marketplace.ground.ports.billing import ManualBilling, ProviderRefused, TransferOrder
from aei_marketplace.ground.work import Work
from aei_marketplace.ledger import service as ledger
from aei_marketplace.payouts import errors, jobs, service
from aei_marketplace.payouts.events import PayoutReleased
from aei_marketplace.payouts.service import State, closing
from aei_marketplace.payouts.store import destinations
from aei_marketplace.payouts.store import payouts as store
from tests.payouts.conftest import NOVEMBER, Books


@dataclass
class Provider(ManualBilling):
    """A provider that keeps to keys, and whose next answers the test decides."""

    name: str = "stripe"
    online: bool = True
    answers: list[str | Exception] = field(default_factory=list)
    done: dict[str, TransferOrder] = field(default_factory=dict)
    asked: int = 0

    async def transfer(self, order: TransferOrder, key: str) -> str:
        self.asked += 1
        assert self.done.setdefault(key, order) == order
        answer = self.answers.pop(0) if self.answers else f"tr_{len(self.done)}"
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
async def provider(books: Books) -> Provider:
    """Pays studio at `acct_1`; November is approved and may be released."""
    provider = Provider()
    books.deps = replace(books.deps, billing=provider)
    await books.sell(books.studio, 10_000)
    books.go_to(12, 16)
    await books.close()
    await books.review_tax(books.studio, 1_500)
    await books.confirm_tax_model()
    async with books.works.begin(books.staff["fay"]) as work:
        await service.set_destination(work, provider, books.studio.id, "acct_1")
    await books.decide(service.approve, "fay", (await books.payout()).id)
    return provider


async def release(books: Books) -> UUID:
    payout = (await books.payout()).id
    await books.decide(service.release, "finn", payout)
    return payout


async def test_a_released_payout_is_transferred_once_and_stands_in_no_bank_run(
    books: Books, provider: Provider
):
    payout = await release(books)
    paid = await books.payout()
    assert (paid.state, paid.reference, paid.provider) == (State.PAID, "tr_1", "stripe")
    assert provider.done == {f"payout:{payout}": TransferOrder(payout, "acct_1", 7_225, "USD")}
    await jobs.send(books.deps, PayoutReleased(payout), "t")
    assert provider.asked == 1
    finn = books.staff["finn"]
    run = b"".join([piece async for piece in service.bank_run(books.works, finn, "t", NOVEMBER)])
    assert run.count(b"\r\n") == 1
    for amount, state in ((7_000, State.PAID), (7_225, State.FAILED)):
        told = TransferReturned("stripe", "tr_1", payout, amount, "USD", paid.state_changed_at)
        await jobs.take_back(books.deps, told, "t")
        await jobs.take_back(books.deps, told, "t")
        assert (await books.payout()).state is state
    assert "payout.return" in await books.audited("payout.%")


async def test_a_provider_without_an_answer_is_asked_again_with_the_same_key_but_not_after_a_day(
    books: Books, provider: Provider
):
    provider.answers = [Unavailable("no answer"), "tr_9"]
    with pytest.raises(Unavailable):
        await release(books)
    payout = await books.payout()
    assert (payout.state, payout.sent_at is not None) == (State.RELEASED, True)
    books.time.ahead += timedelta(hours=21)
    await service.send(books.works, provider, payout.id, "t")
    assert (provider.asked, (await books.payout()).state) == (1, State.RELEASED)
    books.time.ahead -= timedelta(hours=20)
    await service.send(books.works, provider, payout.id, "t")
    assert (provider.asked, len(provider.done), (await books.payout()).reference) == (2, 1, "tr_9")


async def test_nobody_says_what_became_of_a_payout_while_its_provider_may_still_pay_it(
    books: Books, provider: Provider
):
    provider.answers = [Unavailable("no answer")]
    with pytest.raises(Unavailable):
        await release(books)
    payout, finn = (await books.payout()).id, books.staff["finn"]
    for step, *words in ((service.mark_paid,), (service.mark_failed, "no answer")):
        with pytest.raises(errors.PayoutMoveRefused, match="has not answered yet"):
            await books.decide(step, "fay", payout, *words)
    file = f"payout,result,reference,reason\r\n{payout},failed,,no answer\r\n".encode()
    assert (await service.take_results(books.works, finn, "t", file)).refused.total() == 1
    with pytest.raises(errors.DestinationInUse):
        async with books.works.begin(finn) as work:
            await service.set_destination(work, provider, books.studio.id, "acct_2")
    books.time.ahead += timedelta(hours=21)
    assert (await books.decide(service.mark_failed, "fay", payout, "not in its books")).state is State.FAILED


async def test_a_transfer_that_nobody_expects_any_more_stands_in_the_audit_log(
    books: Books, provider: Provider, monkeypatch: pytest.MonkeyPatch
):
    async def slow(_order: TransferOrder, _key: str) -> str:
        books.time.ahead += timedelta(hours=22)
        async with books.works.begin(books.staff["fay"]) as work:
            await service.mark_failed(work, (await books.payout()).id, "not in its books")
        return "tr_late"

    monkeypatch.setattr(provider, "transfer", slow)
    await release(books)
    assert (await books.payout()).state is State.FAILED
    async with books.works.system("tests") as work:
        noted = text("select content from audit_entries where action = 'payout.pay' and outcome = 'failed'")
        assert b"tr_late" in (await work.run(noted)).scalar_one()


async def test_what_the_provider_refuses_goes_back_to_the_balance(books: Books, provider: Provider):
    provider.answers = [ProviderRefused("The account is closed.")]
    await release(books)
    payout = await books.payout()
    assert (payout.state, payout.failure) == (State.FAILED, "The account is closed.")


async def test_of_a_payout_that_is_withheld_whole_nothing_is_transferred(books: Books):
    provider = Provider(answers=[ProviderRefused("A transfer of nothing is none.")])
    books.deps = replace(books.deps, billing=provider)
    await books.sell(books.studio, 10_000)
    books.go_to(12, 16)
    await books.close()
    await books.review_tax(books.studio, 10_000)
    await books.confirm_tax_model()
    async with books.works.begin(books.staff["fay"]) as work:
        await service.set_destination(work, provider, books.studio.id, "acct_1")
    payout = (await books.payout()).id
    await books.decide(service.approve, "fay", payout)
    await release(books)
    paid = await books.payout()
    assert (paid.state, paid.transfer, paid.withholding, provider.asked) == (State.PAID, 0, 8_500, 0)
    async with books.works.system("tests") as work:
        assert [each.amount for each in await ledger.balances(work, kind="withholding")] == [-8_500]


async def test_who_decides_about_many_holds_them_in_one_order(books: Books, monkeypatch: pytest.MonkeyPatch):
    """Otherwise two that release months of the same creators, or read two files, wait for one another."""
    backwards = (UUID(int=2**127 - number) for number in range(1_000))
    monkeypatch.setattr(closing, "new_id", lambda: next(backwards))  # the later creator's payout comes first
    for tenant in (books.studio, books.globex):
        await books.sell(tenant, 10_000)
        await books.review_tax(tenant)
    books.go_to(12, 16)
    await books.close()
    await books.confirm_tax_model()
    works, fay, finn = books.works, books.staff["fay"], books.staff["finn"]
    first, last = sorted((books.studio.id, books.globex.id))
    async with works.begin(fay) as work:
        for creator in (first, last):
            await service.set_destination(work, Provider(), creator, "acct_1")
    assert (await service.approve_all(works, fay, "t", NOVEMBER)).done == 2
    async with works.system("tests") as work:
        assert [p.creator for p in await store.some(work, State.APPROVED, None, 2)] == [last, first]
    async with works.system("tests") as work:
        await destinations.find(work, first, hold=True)
        releasing = asyncio.create_task(service.release_all(works, finn, "t", NOVEMBER))
        await wait_for(work, releasing)
        # While the first is not free, the last is not taken: the two would wait for one another.
        await destinations.find(work, last, hold=True)
    assert (await releasing).done == 2

    lower, higher = sorted(payout.id for payout in await books.payouts())
    file = f"payout,result,reference,reason\r\n{higher},paid,R2,\r\n{lower},paid,R1,\r\n".encode()
    async with works.system("tests") as work:
        await store.find(work, lower, hold=True)
        marking = asyncio.create_task(service.take_results(works, finn, "t", file))
        await wait_for(work, marking)
        await store.find(work, higher, hold=True)
    assert (await marking).done == 2


async def wait_for(work: Work, task: asyncio.Task[Any]) -> None:
    """Until a task waits for what this work holds."""
    waits = text(
        "select count(*) from pg_locks where not granted and pg_backend_pid() = any(pg_blocking_pids(pid))"
    )
    while not (await work.run(waits)).scalar_one():
        assert not task.done()


async def test_only_finance_of_other_tenants_say_where_a_creator_is_paid(books: Books, provider: Provider):
    with pytest.raises(NotAllowed):
        async with books.works.begin(books.studio.admin) as work:
            await service.set_destination(work, provider, books.studio.id, "acct_evil")
    async with books.works.system("tests") as work:
        await accounts.add_member(work, books.staff["fay"].id, "Viewer", books.studio.id)
    with pytest.raises(errors.OwnPayout):
        async with books.works.begin(books.staff["fay"]) as work:
            await service.set_destination(work, provider, books.studio.id, "acct_own")
    async with books.works.begin(books.staff["finn"]) as work:
        await service.set_destination(work, provider, books.studio.id, None)
        assert await service.find_destination(work, books.studio.id) is None
    async with books.works.begin(books.staff["finn"]) as work:
        await service.set_destination(work, provider, books.studio.id, "acct_2")
    with pytest.raises(errors.SecondPersonNeeded, match="You named the account"):
        await release(books)
    with pytest.raises(errors.NobodyPays):
        async with books.works.begin(books.staff["finn"]) as work:
            await service.set_destination(work, ManualBilling(), books.studio.id, "acct_3")
