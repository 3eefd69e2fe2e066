"""Staff decide about payouts: two persons, the gate of taxes, the day of release, and what comes back."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from aei_marketplace.accounts import service as accounts
from aei_marketplace.ground.actor import ProofNeeded
from aei_marketplace.ground.clock import new_id
from aei_marketplace.ground.errors import Invalid, NotAllowed, Refusal
from aei_marketplace.ground.ports.billing import ManualBilling
from aei_marketplace.ledger import service as ledger
from aei_marketplace.payouts import errors, service
from aei_marketplace.payouts.service import State
from tests.payouts.conftest import DECEMBER, NOVEMBER, Books


async def closed(books: Books, gross: int = 10_000) -> Any:
    """November with one payout."""
    await books.sell(books.studio, gross)
    books.go_to(12, 3)
    await books.close()
    return (await books.payout()).id


async def balance(books: Books, kind: str) -> int:
    async with books.works.system("tests") as work:
        return sum(each.amount for each in await ledger.balances(work, kind=kind))


async def whole(books: Books) -> bool:
    proof = await service.verify_statements(books.works)
    assert proof.findings == []
    return not (await ledger.verify_ledger(books.works)).findings


async def test_a_payout_passes_two_persons_the_tax_gate_and_the_day_of_release_before_money_leaves(
    books: Books,
):
    payout = await closed(books)
    with pytest.raises(errors.TaxNotReviewed, match="no reviewed tax profile"):
        await books.decide(service.approve, "fay", payout)
    await books.review_tax(books.studio, 1_500)
    with pytest.raises(errors.PayoutChanged):
        await books.decide(service.approve, "fay", payout, '"1"')
    approved = await books.decide(service.approve, "fay", payout, '"2"')
    assert (approved.withholding, approved.transfer, approved.state) == (1_275, 7_225, State.APPROVED)
    with pytest.raises(errors.SecondPersonNeeded):
        await books.decide(service.release, "fay", payout)
    with pytest.raises(errors.TaxModelUnconfirmed):
        await books.decide(service.release, "finn", payout)
    await books.confirm_tax_model()
    with pytest.raises(errors.ReleaseTooEarly, match="2026-12-15"):
        await books.decide(service.release, "finn", payout)
    books.go_to(12, 15)
    with pytest.raises(errors.PayoutMoveRefused, match="leads to cancelled, released"):
        await books.decide(service.mark_paid, "finn", payout)
    await books.decide(service.release, "finn", payout)
    paid = await books.decide(service.mark_paid, "finn", payout, "run 7")
    assert (paid.state, paid.reference, paid.version) == (State.PAID, "run 7", 5)
    assert [await balance(books, kind) for kind in ("payout", "withholding", "cash")] == [0, -1_275, -7_225]
    async with books.works.begin(books.staff["fay"]) as work:
        history = await service.history_of(work, payout)
    assert [step.state for step in history] == ["draft", "tax_check", "approved", "released", "paid"]
    assert await books.told() == ["payout.paid", "payout.waits"]
    assert await books.audited("payout.%") == [
        "payout.draft", "payout.check", "payout.approve", "payout.release", "payout.pay",
    ]  # fmt: skip

    books.go_to(1, 2, 2027)  # the bank returns it before December is closed
    await books.decide(service.mark_failed, "fay", payout, "account closed")
    with pytest.raises(errors.PayoutMoveRefused):
        await books.decide(service.mark_failed, "fay", payout, "account closed")
    assert [await balance(books, kind) for kind in ("payout", "withholding", "cash", "creator")] == [
        0,
        0,
        0,
        -8_500,
    ]
    books.go_to(2, 3, 2027)
    assert len(await service.close_due(books.works)) == 2
    said = [
        (s.account.opening, s.account.payout_reversals, s.account.payout) for s in await books.statements()
    ]
    assert said == [(0, 0, 8_500), (0, 8_500, 8_500)]  # November; January, in which it came back
    assert await whole(books)


async def test_what_is_cancelled_or_fails_goes_back_once_and_is_paid_with_the_next_month(books: Books):
    payout = await closed(books)
    with pytest.raises(Invalid):
        await books.decide(service.cancel, "fay", payout, "  ")
    ends = await asyncio.gather(
        *(books.decide(service.cancel, who, payout, "wrong account") for who in ("fay", "finn")),
        return_exceptions=True,
    )
    assert sorted(type(each).__name__ for each in ends) == ["Payout", "PayoutMoveRefused"]
    await books.react()
    assert (await balance(books, "creator"), await balance(books, "payout")) == (-8_500, 0)
    assert "payout.cancelled" in await books.told()
    books.go_to(1, 3, 2027)
    await books.close(DECEMBER)
    (december,) = await books.statements(DECEMBER)
    assert (december.account.payout_reversals, december.account.payout) == (8_500, 8_500)
    assert await whole(books)


async def test_a_hold_stops_a_payout_until_somebody_ends_it(books: Books):
    payout = await closed(books)
    await books.review_tax(books.studio)
    await books.decide(service.hold, "fay", payout, "the bank asks for the owner's name")
    with pytest.raises(errors.PayoutHeld, match="owner's name"):
        await books.decide(service.approve, "fay", payout)
    await books.decide(service.unhold, "finn", payout)
    await books.decide(service.approve, "finn", payout)
    assert await books.audited("payout.%hold") == ["payout.hold", "payout.unhold"]


async def test_nobody_decides_alone_or_about_their_own_tenant_and_no_program_at_all(books: Books):
    payout = await closed(books)
    await books.review_tax(books.studio)
    async with books.works.system("tests") as work:
        await accounts.add_member(work, books.staff["fay"].id, "Viewer", books.studio.id)
    for step, *words in (
        (service.approve,), (service.release,), (service.mark_paid,),
        (service.mark_failed, "no"), (service.cancel, "no"), (service.hold, "no"),
    ):  # fmt: skip
        with pytest.raises((errors.OwnPayout, errors.PayoutMoveRefused)) as refused:
            await books.decide(step, "fay", payout, *words)
        assert refused.type is errors.OwnPayout or step is service.release
    with pytest.raises(NotAllowed, match="A member of staff"):
        async with books.works.system("tests") as work:
            await service.approve(work, payout)
    for actor in (books.studio.admin, books.globex.admin):
        with pytest.raises(NotAllowed):
            async with books.works.begin(actor) as work:
                await service.approve(work, payout)
    assert (await books.payout()).state == State.TAX_CHECK


async def test_a_session_without_a_recent_proof_moves_no_money_and_no_rule_of_it(books: Books):
    payout = await closed(books)
    works, alone = (
        books.works,
        replace(books.staff["fay"], session=new_id(), proven_until=books.works.clock()),
    )
    for step in (
        lambda work: service.approve(work, payout),
        lambda work: service.release(work, payout),
        lambda work: service.mark_failed(work, payout, "no"),
        lambda work: service.set_threshold(work, "USD", 100),
        lambda work: service.set_december_sweep(work, True),
        lambda work: service.ask_close(work, DECEMBER),
        lambda work: service.begin_bank_run(work, NOVEMBER),
        lambda work: service.set_destination(work, ManualBilling(), books.studio.id, None),
        lambda work: service.confirm_tax_model(work, "A", work.now.date(), service.CONFIRMATION),
    ):
        with pytest.raises(ProofNeeded):
            async with works.begin(alone) as work:
                await step(work)
    for many in (service.approve_all, service.release_all):
        with pytest.raises(ProofNeeded):
            await many(works, alone, "t", NOVEMBER)
    assert (await books.payout()).state == State.TAX_CHECK


async def test_who_asks_for_a_close_by_hand_approves_none_of_its_payouts(books: Books):
    await books.sell(books.studio, 10_000)
    books.go_to(12, 3)
    async with books.works.begin(books.staff["fay"]) as work:
        await service.ask_close(work, NOVEMBER)
    await books.react()
    payout = await books.payout()
    assert payout.drafted_by == books.staff["fay"].id
    await books.review_tax(books.studio)
    with pytest.raises(errors.SecondPersonNeeded):
        await books.decide(service.approve, "fay", payout.id)
    await books.decide(service.approve, "finn", payout.id)


async def test_many_are_decided_at_once_and_a_banks_file_says_what_became_of_them(books: Books):
    for tenant in (books.studio, books.globex):
        await books.sell(tenant, 10_000)
    await books.sell(books.studio, 9_000, currency="EUR")
    books.go_to(12, 16)
    await books.close()
    await books.review_tax(books.studio)
    await books.confirm_tax_model()
    works, fay, finn = books.works, books.staff["fay"], books.staff["finn"]
    first = await service.approve_all(works, fay, "t", NOVEMBER)
    assert (first.done, dict(first.refused)) == (2, {errors.TaxNotReviewed.title: 1})
    assert (await service.release_all(works, fay, "t", NOVEMBER)).refused.total() == 2
    assert (await service.release_all(works, finn, "t", NOVEMBER)).done == 2
    async with works.begin(finn) as work:
        await service.begin_bank_run(work, NOVEMBER)
    run = (
        b"".join([piece async for piece in service.bank_run(works, finn, "t", NOVEMBER)])
        .decode()
        .splitlines()
    )
    assert [line.split(",")[4:8] for line in run[1:]] == [
        ["EUR", "7650", "0", "7650"], ["USD", "8500", "0", "8500"],
    ]  # fmt: skip
    one, other = (line.split(",")[0] for line in run[1:])
    file = f"payout,result,reference,reason\r\n{one},paid,R1,\r\n{other},failed,,no such account\r\n".encode()
    with pytest.raises(errors.ResultsUnfit):
        await service.take_results(works, finn, "t", file + b"not an id,paid,,\r\n")
    assert (await service.take_results(works, finn, "t", file)).done == 2
    again = await service.take_results(works, finn, "t", file)
    assert (again.done, again.before) == (0, 2)
    await books.react()
    assert sorted(p.state for p in await books.payouts()) == ["failed", "paid", "tax_check"]
    assert await balance(books, "cash") == -7_650


async def test_the_database_refuses_a_release_while_the_tax_model_is_not_confirmed_whoever_asks(books: Books):
    payout = await closed(books)
    await books.review_tax(books.studio)
    await books.decide(service.approve, "fay", payout)
    async with books.works.begin(books.staff["fay"]) as work:
        for typed, name in (("yes", "A"), (service.CONFIRMATION, " ")):
            with pytest.raises(errors.ConfirmationUnfit):
                await service.confirm_tax_model(work, name, work.now.date(), typed)
    forced = text(
        "update payouts set state = 'released', released_by = gen_random_uuid(), released_at = now()"
    )
    await books.confirm_tax_model()
    async with books.works.begin(books.staff["finn"]) as work:
        await service.revoke_tax_model(work)
    with pytest.raises(DBAPIError, match="the tax model is not confirmed"):
        async with books.works.system("tests") as work:
            await work.run(forced)
    assert await books.audited("tax_model.%") == ["tax_model.confirm"] * 2


async def test_a_release_that_ends_before_its_commit_never_happened(books: Books):
    payout = await closed(books)
    await books.review_tax(books.studio)
    await books.decide(service.approve, "fay", payout)
    await books.confirm_tax_model()
    books.go_to(12, 15)
    with pytest.raises(KeyboardInterrupt):
        async with books.works.begin(books.staff["finn"]) as work:
            await service.release(work, payout)
            raise KeyboardInterrupt
    assert (await books.payout()).state == State.APPROVED
    await books.decide(service.release, "finn", payout)
    with pytest.raises(Refusal):
        await books.decide(service.release, "finn", payout)
