"""How a case moves: every step, every refusal, and laws over any sequence of them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aei_marketplace.decisions.errors import (
    AppealRefused,
    CaseConflict,
    CaseHeld,
    CaseMoved,
    CaseSettled,
    NotAffected,
    NotClaimed,
    OwnCase,
    VerdictUnknown,
)
from aei_marketplace.decisions.rules import steps
from aei_marketplace.decisions.rules.cases import Case, CaseState, Decider, Ruling, Subject
from aei_marketplace.decisions.rules.kinds import CaseKind
from aei_marketplace.decisions.rules.steps import LEASE
from aei_marketplace.ground.errors import NotAllowed

NOW = datetime(2030, 1, 1, tzinfo=UTC)
OPENER, ONE, OTHER, PARTY, STRANGER = (UUID(int=n) for n in range(1, 6))
KIND = CaseKind(
    name="test",
    action="plugin.moderate",
    verdicts=frozenset({"yes", "no"}),
    favourable=frozenset({"yes"}),
    due_in=timedelta(hours=24),
    appeal_action="plugin.publish",
    appeal_within=timedelta(days=14),
    four_eyes=True,
)
NO_FOUR_EYES = replace(KIND, four_eyes=False)


def fresh(kind: CaseKind = KIND) -> Case:
    subject = Subject("plugin", "acme.echo", "Is acme.echo broken?", PARTY)
    return steps.opened(UUID(int=9), kind, subject, OPENER, STRANGER, NOW)


def decide(case: Case, verdict: str = "no", by: UUID = ONE, at: datetime = NOW, **rest: object) -> Case:
    ruling = Ruling(verdict, "because", rest.pop("version", None))  # type: ignore[arg-type]
    return steps.decided(case, KIND, ruling, Decider(by, bool(rest.pop("of_party", False))), at)


def appealed(case: Case) -> Case:
    return steps.appealed(case, KIND, PARTY, NOW)


def test_a_new_case_waits_and_is_due_in_its_kinds_time() -> None:
    case = fresh()
    assert (case.state, case.round, case.version) == (CaseState.WAITING, 1, 1)
    assert case.due_at == NOW + timedelta(hours=24)


def test_a_claim_holds_others_off_until_its_time_is_over() -> None:
    held = steps.claimed(fresh(), ONE, NOW)
    with pytest.raises(CaseHeld):
        steps.claimed(held, OTHER, NOW + LEASE - timedelta(seconds=1))
    with pytest.raises(CaseHeld):
        decide(held, by=OTHER)
    assert decide(held, by=ONE).state is CaseState.DECIDED
    assert steps.claimed(held, OTHER, NOW + LEASE).claimed_by == OTHER


def test_claiming_again_prolongs_the_claim() -> None:
    later = NOW + timedelta(minutes=20)
    assert steps.claimed(steps.claimed(fresh(), ONE, NOW), ONE, later).claimed_until == later + LEASE


def test_only_who_holds_a_case_gives_it_back() -> None:
    held = steps.claimed(fresh(), ONE, NOW)
    with pytest.raises(NotClaimed):
        steps.let_go(held, OTHER)
    with pytest.raises(NotClaimed):
        steps.let_go(fresh(), ONE)
    back = steps.let_go(held, ONE)
    assert (back.state, back.claimed_by, back.claimed_until) == (CaseState.WAITING, None, None)


def test_a_decided_case_is_not_decided_again_and_says_how_it_stands() -> None:
    done = decide(fresh())
    with pytest.raises(CaseSettled) as refused:
        decide(done, "yes", OTHER)
    assert refused.value.extensions["case"]["verdict"] == "no"  # type: ignore[index]
    with pytest.raises(CaseSettled):
        steps.claimed(done, OTHER, NOW)


def test_who_saw_another_version_decides_nothing() -> None:
    with pytest.raises(CaseMoved):
        decide(steps.claimed(fresh(), ONE, NOW), version=1)
    assert decide(fresh(), version=1).version == 2


def test_a_verdict_that_the_kind_does_not_know_is_refused() -> None:
    with pytest.raises(VerdictUnknown) as refused:
        decide(fresh(), "maybe")
    assert refused.value.faults[0].message == "one of no, yes"


def test_four_eyes_keep_opener_and_party_from_deciding() -> None:
    with pytest.raises(OwnCase):
        decide(fresh(), by=OPENER)
    with pytest.raises(OwnCase):
        decide(fresh(), of_party=True)


def test_four_eyes_keep_the_first_decider_from_the_appeal() -> None:
    again = appealed(decide(fresh()))
    with pytest.raises(OwnCase):
        decide(again, by=ONE)
    assert decide(again, "yes", OTHER).final_at(NOW)


def test_without_four_eyes_one_person_may_do_it_all() -> None:
    by = Decider(OPENER, of_party=True)
    first = steps.decided(fresh(), NO_FOUR_EYES, Ruling("no", "because"), by, NOW)
    second = steps.appealed(first, NO_FOUR_EYES, PARTY, NOW)
    assert steps.decided(second, NO_FOUR_EYES, Ruling("yes", "indeed"), by, NOW).verdict == "yes"


def test_the_party_appeals_once_and_in_time() -> None:
    done = decide(fresh())
    again = appealed(done)
    assert (again.state, again.round, again.verdict) == (CaseState.WAITING, 2, "no")
    with pytest.raises(AppealRefused, match="The one appeal was made"):
        appealed(again)
    with pytest.raises(AppealRefused, match="The one appeal was made"):
        appealed(decide(again, by=OTHER))
    with pytest.raises(AppealRefused, match="time to appeal ended"):
        steps.appealed(done, KIND, PARTY, NOW + timedelta(days=14))


def test_a_stranger_does_not_appeal() -> None:
    with pytest.raises(NotAffected):
        steps.appealed(decide(fresh()), KIND, STRANGER, NOW)


def test_what_leaves_nothing_to_appeal_is_final_at_once() -> None:
    done = decide(fresh(), "yes")
    assert done.final_at(NOW)
    with pytest.raises(AppealRefused, match="cannot be appealed"):
        appealed(done)
    with pytest.raises(AppealRefused, match="no decision"):
        appealed(fresh())


def test_a_case_is_withdrawn_before_it_is_decided_and_never_after() -> None:
    assert steps.withdrawn(fresh()).state is CaseState.WITHDRAWN
    for case in (decide(fresh()), appealed(decide(fresh())), steps.withdrawn(fresh())):
        with pytest.raises(CaseSettled):
            steps.withdrawn(case)


def test_time_in_the_queue_ends_with_the_decision_and_begins_anew_with_the_appeal() -> None:
    hour = timedelta(hours=1)
    done = decide(fresh(), at=NOW + hour)
    assert done.waited_at(NOW + 5 * hour) == hour
    again = steps.appealed(done, KIND, PARTY, NOW + 2 * hour)
    assert again.waited_at(NOW + 5 * hour) == 3 * hour


STEPS = st.sampled_from(["claim", "let_go", "decide", "appeal", "withdraw"])
PEOPLE = st.sampled_from([OPENER, ONE, OTHER, PARTY, STRANGER])


@given(
    st.lists(
        st.tuples(
            STEPS,
            PEOPLE,
            st.sampled_from(["yes", "no", "maybe"]),
            st.integers(0, 60 * 24 * 20),
            st.booleans(),
        ),
        max_size=25,
    )
)
def test_no_sequence_of_steps_leaves_the_machine(
    taken: list[tuple[str, UUID, str, int, bool]],
) -> None:
    case, now, decisions = fresh(), NOW, {}
    for step, who, verdict, minutes, of_party in taken:
        now += timedelta(minutes=minutes)
        before = case
        try:
            case = _take(case, step, who, verdict, now, of_party)
        except (CaseConflict, NotAllowed, VerdictUnknown):
            assert case is before
            continue
        assert case.version == before.version + 1
        assert (before.state, before.round, case.state, case.round) in MOVES
        if step == "decide":
            assert case.round not in decisions, "one decision in each round"
            decisions[case.round] = case.verdict
            assert who != OPENER
    assert (case.claimed_by is not None) == (case.state is CaseState.CLAIMED)
    assert (case.verdict is not None) == (case.state is CaseState.DECIDED or case.round == 2)
    assert len(decisions) == (case.round if case.state is CaseState.DECIDED else case.round - 1)


W, C, D, X = CaseState.WAITING, CaseState.CLAIMED, CaseState.DECIDED, CaseState.WITHDRAWN
MOVES = {
    *((a, r, b, r) for r in (1, 2) for a, b in ((W, C), (C, C), (C, W), (W, D), (C, D))),
    (D, 1, W, 2),
    (W, 1, X, 1),
    (C, 1, X, 1),
}


def _take(case: Case, step: str, who: UUID, verdict: str, now: datetime, of_party: bool) -> Case:
    match step:
        case "claim":
            return steps.claimed(case, who, now)
        case "let_go":
            return steps.let_go(case, who)
        case "decide":
            return steps.decided(case, KIND, Ruling(verdict, "because"), Decider(who, of_party), now)
        case "appeal":
            return steps.appealed(case, KIND, who, now)
        case _:
            return steps.withdrawn(case)
