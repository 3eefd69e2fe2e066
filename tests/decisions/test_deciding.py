"""Who decides a case, once, in which round; claims, appeals and reasons."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from aei_marketplace.accounts import service as accounts
from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.decisions import service as decisions
from aei_marketplace.decisions.errors import (
    AppealRefused,
    CaseConflict,
    CaseHeld,
    CaseMoved,
    CaseNotFound,
    CaseSettled,
    NotAffected,
    OwnCase,
)
from aei_marketplace.decisions.service import Case, CaseState, Ruling
from aei_marketplace.ground.actor import Actor, MissingAction
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.errors import Invalid
from tests.builders import Tenant
from tests.clocks import Time
from tests.databases import rows
from tests.decisions.conftest import KIND, PAYOUTS, appeal, bring, claim, decide, find


async def test_a_case_goes_from_opening_to_its_final_decision(
    deps: Deps, urls: DatabaseUrls, acme: Tenant, case_id: UUID, operator: Any, moderator: Any
) -> None:
    assert (await claim(deps, operator[0], case_id)).state is CaseState.CLAIMED
    first = await decide(deps, operator[0], case_id)
    assert not first.final_at(first.decided_at)
    await appeal(deps, acme.manager, case_id)
    last = await decide(deps, moderator[0], case_id, "yes", "on second thoughts")
    assert (last.verdict, last.round, last.final_at(last.decided_at)) == ("yes", 2, True)
    entries = await rows(urls, "select action from audit_entries where resource_type = 'case' order by id")
    assert [e["action"] for e in entries] == [
        "case.open", "case.claim", "case.decide", "case.appeal", "case.decide",
    ]  # fmt: skip
    told = await rows(urls, "select entrypoint from pgqueuer where entrypoint like 'decisions.%' order by id")
    assert [t["entrypoint"] for t in told] == [
        "decisions.case_opened", "decisions.case_decided",
        "decisions.case_appealed", "decisions.case_decided",
    ]  # fmt: skip
    async with deps.works.begin(acme.manager) as work:
        history = await decisions.find_history(work, case_id)
    assert [(d.round, d.verdict) for d in history.decisions] == [(1, "no"), (2, "yes")]
    assert history.appeal is not None
    assert history.appeal.reason == "you are wrong"


async def test_of_two_who_decide_at_once_one_decides_and_the_other_learns_how_it_stands(
    deps: Deps, urls: DatabaseUrls, case_id: UUID, operator: Any, moderator: Any
) -> None:
    both_have_read = asyncio.Barrier(2)

    async def decide_together(actor: Actor, verdict: str) -> Case:
        async with deps.works.begin(actor) as work:
            await decisions.find_case(work, case_id)  # the connection is open, its transaction begun
            await both_have_read.wait()
            return await decisions.record_decision(work, KIND, case_id, Ruling(verdict, "because"))

    results = await asyncio.gather(
        decide_together(operator[0], "yes"), decide_together(moderator[0], "no"), return_exceptions=True
    )
    [won] = [r for r in results if isinstance(r, Case)]
    [lost] = [r for r in results if isinstance(r, BaseException)]
    assert isinstance(lost, CaseConflict)
    assert lost.extensions["case"]["verdict"] == won.verdict  # type: ignore[index]
    assert len(await rows(urls, "select from case_decisions")) == 1
    assert len(await rows(urls, "select from audit_entries where action = 'case.decide'")) == 1


async def test_a_decider_whose_case_moved_between_reading_and_writing_changes_nothing(
    deps: Deps, case_id: UUID, operator: Any, moderator: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The read is stale at the moment of the write: only the comparison of versions stands between."""
    stale = await find(deps, operator[0], case_id)
    await decide(deps, moderator[0], case_id, "yes")

    async def read_before(*_: object) -> Case:
        return stale

    monkeypatch.setattr(decisions.steps, "_of_kind", read_before)
    with pytest.raises(CaseMoved) as refused:
        await decide(deps, operator[0], case_id, "no")
    assert refused.value.extensions["case"]["state"] == "decided"  # type: ignore[index]
    assert (await find(deps, operator[0], case_id)).verdict == "yes"


async def test_who_is_late_learns_how_the_case_stands(
    deps: Deps, case_id: UUID, operator: Any, moderator: Any
) -> None:
    await decide(deps, operator[0], case_id, "yes")
    with pytest.raises(CaseSettled) as refused:
        await decide(deps, moderator[0], case_id)
    assert refused.value.status == 409
    assert refused.value.extensions["case"]["verdict"] == "yes"  # type: ignore[index]


async def test_two_who_claim_at_once_do_not_both_hold_the_case(
    deps: Deps, case_id: UUID, operator: Any, moderator: Any
) -> None:
    results = await asyncio.gather(
        *(claim(deps, actor, case_id) for actor in (operator[0], moderator[0])), return_exceptions=True
    )
    assert sum(isinstance(r, Case) for r in results) == 1
    assert sum(isinstance(r, CaseHeld | CaseMoved) for r in results) == 1


async def test_an_ended_claim_is_taken_over_and_the_log_says_from_whom(
    deps: Deps, urls: DatabaseUrls, time: Time, case_id: UUID, operator: Any, moderator: Any
) -> None:
    await claim(deps, operator[0], case_id)
    with pytest.raises(CaseHeld):
        await claim(deps, moderator[0], case_id)
    time.ahead += timedelta(minutes=31)
    assert (await claim(deps, moderator[0], case_id)).claimed_by == moderator[0].id
    last = (await rows(urls, "select content from audit_entries where action = 'case.claim' order by id"))[-1]
    assert f'"taken_over_from":"{operator[0].id}"'.encode() in last["content"]
    with pytest.raises(CaseHeld):
        await decide(deps, operator[0], case_id)


async def test_who_lets_go_gives_the_case_back(
    deps: Deps, case_id: UUID, operator: Any, moderator: Any
) -> None:
    await claim(deps, operator[0], case_id)
    async with deps.works.begin(operator[0]) as work:
        await decisions.let_go(work, KIND, case_id)
    assert (await decide(deps, moderator[0], case_id)).verdict == "no"


async def test_only_who_holds_the_kinds_action_decides(
    deps: Deps, urls: DatabaseUrls, case_id: UUID, acme: Tenant, globex: Tenant, finance: Any
) -> None:
    for actor in (finance[0], acme.admin, globex.admin):
        with pytest.raises(MissingAction):
            await decide(deps, actor, case_id)
        with pytest.raises(MissingAction):
            await claim(deps, actor, case_id)
    denied = await rows(urls, "select from audit_entries where action = 'access.denied'")
    assert len(denied) == 6


async def test_staff_of_the_partys_own_tenant_do_not_decide(
    deps: Deps, acme: Tenant, case_id: UUID, moderator: Any
) -> None:
    async with deps.works.system("tests") as work:
        await accounts.add_member(work, moderator[0].id, "Viewer", acme.id)
    with pytest.raises(OwnCase):
        await decide(deps, moderator[0], case_id)


async def test_staff_do_not_decide_what_they_brought_nor_the_appeal_of_their_own_decision(
    deps: Deps, acme: Tenant, operator: Any, moderator: Any
) -> None:
    case_id = (await bring(deps, operator[0], acme)).case_id
    with pytest.raises(OwnCase):
        await decide(deps, operator[0], case_id)
    await decide(deps, moderator[0], case_id)
    await appeal(deps, acme.admin, case_id)
    with pytest.raises(OwnCase):
        await decide(deps, moderator[0], case_id, "yes")


async def test_the_party_appeals_once_and_nobody_else_does(
    deps: Deps, time: Time, acme: Tenant, globex: Tenant, case_id: UUID, operator: Any
) -> None:
    with pytest.raises(AppealRefused):
        await appeal(deps, acme.manager, case_id)
    await decide(deps, operator[0], case_id)
    with pytest.raises(NotAffected):
        await appeal(deps, globex.manager, case_id)
    with pytest.raises(MissingAction):
        await appeal(deps, acme.viewer, case_id)
    with pytest.raises(MissingAction):
        await appeal(deps, operator[0], case_id)
    await appeal(deps, acme.manager, case_id)
    with pytest.raises(AppealRefused):
        await appeal(deps, acme.admin, case_id)


async def test_an_appeal_after_its_time_is_refused(
    deps: Deps, time: Time, acme: Tenant, case_id: UUID, operator: Any
) -> None:
    await decide(deps, operator[0], case_id)
    time.ahead += timedelta(days=14)
    with pytest.raises(AppealRefused):
        await appeal(deps, acme.manager, case_id)


async def test_two_appeals_at_once_are_one(
    deps: Deps, urls: DatabaseUrls, acme: Tenant, case_id: UUID, operator: Any
) -> None:
    await decide(deps, operator[0], case_id)
    results = await asyncio.gather(
        *(appeal(deps, actor, case_id) for actor in (acme.manager, acme.admin)), return_exceptions=True
    )
    assert sum(isinstance(r, Case) for r in results) == 1
    assert sum(isinstance(r, AppealRefused | CaseMoved) for r in results) == 1
    assert len(await rows(urls, "select from case_appeals")) == 1


async def test_a_case_of_another_kind_is_not_decided_by_mistake(
    deps: Deps, case_id: UUID, operator: Any
) -> None:
    with pytest.raises(CaseNotFound):
        async with deps.works.begin(operator[0]) as work:
            await decisions.record_decision(work, PAYOUTS, case_id, Ruling("pay", "because"))


@pytest.mark.parametrize("reason", ["", "  ", "\u202e", "x" * 2001])
async def test_a_reason_that_says_nothing_or_too_much_decides_nothing(
    deps: Deps, case_id: UUID, operator: Any, reason: str
) -> None:
    with pytest.raises(Invalid):
        await decide(deps, operator[0], case_id, reason=reason)
    assert (await find(deps, operator[0], case_id)).state is CaseState.WAITING


async def test_reasons_lose_what_turns_the_line_round_and_stay_out_of_the_log(
    deps: Deps, urls: DatabaseUrls, case_id: UUID, operator: Any
) -> None:
    case = await decide(deps, operator[0], case_id, reason="Ms \u202eExample\x00 lies")
    assert case.reason == "Ms Example lies"
    [entry] = await rows(urls, "select content from audit_entries where action = 'case.decide'")
    assert b"Example" not in entry["content"]
