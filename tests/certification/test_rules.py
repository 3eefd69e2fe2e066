"""What a scan comes to, whose turn it is, which moves there are, what a decision needs, what was tried."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aei_inspection.checks.check import find_checks
from aei_inspection.checks.report import MAX_FINDINGS, CheckResult, Finding, Result, Severity
from aei_marketplace.catalog.rules.states import ReleaseState
from aei_marketplace.certification.errors import (
    ChecksNotPassed,
    NotCertifiable,
    PolicyInvalid,
    ScanOutdated,
    SecondEyesNeeded,
    StateConflict,
    TooManyRequests,
)
from aei_marketplace.certification.rules import dependencies, reputation
from aei_marketplace.certification.rules.advisories import Vulnerability
from aei_marketplace.certification.rules.builtin import BUILT_IN, KNOWN_CHECKS
from aei_marketplace.certification.rules.changes import Content, Package, compare
from aei_marketplace.certification.rules.decisions import (
    Present,
    check_approvable,
    check_certifiable,
    check_current,
    completes,
    is_answered,
)
from aei_marketplace.certification.rules.policies import (
    Bar,
    Decision,
    Policy,
    Terms,
    Waiver,
    changes_of_terms,
    check_terms,
    days_until,
)
from aei_marketplace.certification.rules.states import MOVES, OPEN, Purpose, RequestState, check_move
from aei_marketplace.certification.rules.suspensions import endangering, weighed
from aei_marketplace.certification.rules.turns import (
    MOST_ATTEMPTS,
    MOST_WAITING,
    Waiting,
    check_room,
    next_turn,
)
from aei_marketplace.certification.rules.verdicts import Outcome, judge
from aei_marketplace.certification.rules.views import Basis, Request
from aei_marketplace.ground.errors import Invalid
from aei_protocol.permissions import Capabilities

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
BAR = Bar(("package", "secrets"), (), {Severity.CRITICAL: 0, Severity.MEDIUM: 1})
LOUD = Finding(Severity.HIGH, "A key", "source/a.py", rule="private-key")
TERMS = Terms(("package",), {})
POLICY = Policy(3, TERMS)


def result(check: str, how: Result = Result.PASS, *findings: Finding) -> CheckResult:
    return CheckResult(check, 1, check.title(), how, findings)


def waiver(rule: str = "private-key", *, place: str = "", days: int = 1) -> Waiver:
    ends = NOW + timedelta(days=days)
    return Waiver(uuid4(), "acme.echo", "secrets", rule, place, "a test key", ends)


def request(**changes: object) -> Request:
    basis = Basis(NOW - timedelta(hours=1), POLICY.number, POLICY.digest, NOW, Outcome.PASS)
    whole = Request(
        id=uuid4(),
        purpose=Purpose.CERTIFICATION,
        release_id=uuid4(),
        plugin_id="acme.echo",
        version="1.0.0",
        owner_tenant=uuid4(),
        digest="a" * 64,
        state=RequestState.IN_REVIEW,
        attempt=1,
        broken=0,
        basis=basis,
        problem=None,
        operation_id=None,
        case_id=None,
        submitted_by=None,
        submitted_at=NOW,
        first_approval_by=None,
        decided_by=None,
        decided_at=None,
        reason=None,
        expires_at=None,
        suspended_at=None,
        suspended_reason=None,
        signed=False,
    )
    return replace(whole, **changes)  # type: ignore[arg-type]  # the test names real fields


# ---------------------------------------------------------------- verdicts


@pytest.mark.parametrize(
    ("results", "outcome"),
    [
        ([result("package"), result("secrets")], Outcome.PASS),
        ([result("package"), result("secrets"), result("yara", Result.ERROR)], Outcome.PASS),
        ([result("package"), result("secrets", Result.ERROR)], Outcome.ERROR),
        ([result("package"), result("secrets", Result.NOT_RUN)], Outcome.ERROR),
        ([result("package")], Outcome.ERROR),
        ([], Outcome.ERROR),
        ([result("package"), result("secrets", Result.FAIL, LOUD)], Outcome.FAIL),
        ([result("package"), result("secrets", Result.FAIL)], Outcome.FAIL),
        ([result("package", Result.ERROR), result("secrets", Result.FAIL, LOUD)], Outcome.FAIL),
    ],
)
def test_only_a_pass_of_every_required_check_passes(results: list[CheckResult], outcome: Outcome) -> None:
    verdict = judge(results, BAR, [], NOW)
    assert verdict.outcome is outcome
    assert bool(verdict.why()) is (outcome is not Outcome.PASS)


@given(st.lists(st.sampled_from(list(Result)), min_size=2, max_size=2))
def test_nothing_but_pass_passes_whatever_the_results_are(results: list[Result]) -> None:
    checks = [result("package", results[0]), result("secrets", results[1])]
    passed = judge(checks, BAR, [], NOW).outcome is Outcome.PASS
    assert passed is (set(results) == {Result.PASS})


def test_findings_of_checks_that_are_not_required_count_against_what_is_tolerated() -> None:
    grave = Finding(Severity.CRITICAL, "A miner")
    checks = [result("package"), result("secrets"), result("yara", Result.FAIL, grave)]
    assert "critical" in judge(checks, BAR, [], NOW).why()
    middling = Finding(Severity.MEDIUM, "Odd")
    checks[2] = result("yara", Result.PASS, middling)
    assert judge(checks, BAR, [], NOW).outcome is Outcome.PASS
    checks[2] = result("yara", Result.PASS, middling, middling)
    assert judge(checks, BAR, [], NOW).outcome is Outcome.FAIL


@pytest.mark.parametrize(
    ("exceptions", "outcome"),
    [
        ([waiver()], Outcome.PASS),
        ([waiver(place="source/a.py")], Outcome.PASS),
        ([waiver(place="source/b.py")], Outcome.FAIL),
        ([waiver("other")], Outcome.FAIL),
        ([waiver(days=0)], Outcome.FAIL),
    ],
)
def test_a_waiver_lifts_what_it_names_where_it_names_it_until_it_ends(
    exceptions: list[Waiver], outcome: Outcome
) -> None:
    checks = [result("package"), result("secrets", Result.FAIL, LOUD)]
    assert judge(checks, BAR, exceptions, NOW).outcome is outcome


def test_what_a_report_left_out_nobody_can_waive() -> None:
    checks = [result("package"), result("secrets", Result.FAIL, *[LOUD] * MAX_FINDINGS)]
    assert judge(checks, BAR, [waiver()], NOW).outcome is Outcome.FAIL


@pytest.mark.parametrize(
    ("results", "outcome"),
    [
        ([], Outcome.ERROR),
        ([result("sbom", Result.ERROR)], Outcome.ERROR),
        ([result("sbom", Result.NOT_RUN)], Outcome.PASS),
        ([result("sbom", Result.FAIL, LOUD)], Outcome.FAIL),
    ],
)
def test_a_check_that_needs_nothing_to_look_at_must_not_break_or_fail(
    results: list[CheckResult], outcome: Outcome
) -> None:
    bar = Bar(("package",), ("sbom",), {})
    assert judge([result("package"), *results], bar, [], NOW).outcome is outcome


# ---------------------------------------------------------------- states and turns


@given(st.lists(st.sampled_from(list(RequestState)), min_size=1, max_size=8))
def test_no_way_leads_from_what_has_ended_back_to_a_badge(way: list[RequestState]) -> None:
    present = RequestState.SUBMITTED
    over = {RequestState.WITHDRAWN, RequestState.SUSPENDED, RequestState.EXPIRED}
    for wanted in way:
        if wanted in MOVES[present]:
            check_move(present, wanted)
            assert present not in over
            present = wanted
            continue
        with pytest.raises(StateConflict) as refused:
            check_move(present, wanted)
        assert refused.value.extensions == {"state": str(present)}
    assert all(not MOVES[state] for state in over)
    assert RequestState.SUBMITTED in OPEN


OWNERS = [UUID(int=n) for n in range(1, 4)]


def wait(owner: int, minute: int, purpose: Purpose = Purpose.CERTIFICATION, attempt: int = 0) -> Waiting:
    at = NOW + timedelta(minutes=minute)
    return Waiting(UUID(int=1000 * owner + minute), OWNERS[owner], purpose, at, attempt)


def test_a_publisher_that_floods_the_queue_waits_for_everybody_else() -> None:
    flood = [wait(0, minute) for minute in range(50)]
    late, recent, order = wait(1, 55), dict.fromkeys(OWNERS, 0), []
    waiting = [*flood, late]
    while (chosen := next_turn(waiting, recent)) is not None and len(order) < 3:
        order.append(chosen.owner)
        recent[chosen.owner] += 1
        waiting.remove(chosen)
    assert order == [OWNERS[0], OWNERS[1], OWNERS[0]]
    assert next_turn([], recent) is None


def test_what_holds_back_a_listing_goes_first_until_its_scan_has_led_nowhere() -> None:
    listing, badge = wait(1, 30, Purpose.PUBLISH, MOST_ATTEMPTS - 1), wait(0, 1)
    assert next_turn([badge, listing], {OWNERS[1]: 9}) == listing
    endless = wait(1, 0, Purpose.PUBLISH, MOST_ATTEMPTS)
    assert next_turn([endless, badge, listing], {OWNERS[1]: 9}) == listing
    assert next_turn([endless, badge], {OWNERS[1]: 9}) == badge


def test_a_publisher_has_so_many_requests_waiting_and_no_more() -> None:
    check_room(MOST_WAITING - 1)
    with pytest.raises(TooManyRequests) as refused:
        check_room(MOST_WAITING)
    assert refused.value.headers["Retry-After"]


# ---------------------------------------------------------------- decisions


@pytest.mark.parametrize(
    "present",
    [
        Present(Policy(4, Terms(("package", "secrets"), {})), NOW, NOW),
        Present(POLICY, NOW + timedelta(seconds=1), NOW),
        Present(POLICY, None, NOW),
        Present(POLICY, NOW, NOW + timedelta(hours=TERMS.fresh_hours)),
    ],
)
def test_a_decision_needs_a_scan_of_now(present: Present) -> None:
    assert check_current(request(), Present(POLICY, NOW, NOW)).outcome is Outcome.PASS
    with pytest.raises(ScanOutdated):
        check_current(request(), present)
    with pytest.raises(ScanOutdated):
        check_current(request(basis=None), Present(POLICY, NOW, NOW))


def test_nobody_approves_around_a_check() -> None:
    with pytest.raises(ChecksNotPassed, match="secrets"):
        check_approvable(request(), judge([result("package")], BAR, [], NOW))


@pytest.mark.parametrize("state", sorted(set(ReleaseState) - {ReleaseState.LISTED, ReleaseState.DEPRECATED}))
def test_only_what_is_offered_is_certified(state: ReleaseState) -> None:
    check_certifiable(ReleaseState.LISTED)
    with pytest.raises(NotCertifiable):
        check_certifiable(state)


def test_four_eyes_are_those_of_two_people() -> None:
    first, second = uuid4(), uuid4()
    two = Policy(2, Terms(("package",), {}, Decision.TWO))
    assert completes(request(), first, POLICY)
    assert not completes(request(), first, two)
    assert completes(request(first_approval_by=first), second, two)
    with pytest.raises(SecondEyesNeeded):
        completes(request(first_approval_by=first), first, two)


def test_the_same_question_is_answered_from_the_record_and_another_is_not() -> None:
    denied = request(state=RequestState.DENIED)
    assert is_answered(denied, denied.digest, POLICY, NOW)
    assert not is_answered(request(), denied.digest, POLICY, NOW)
    assert not is_answered(denied, "b" * 64, POLICY, NOW)
    assert not is_answered(denied, denied.digest, BUILT_IN, NOW)
    assert not is_answered(denied, denied.digest, POLICY, NOW + timedelta(days=1))
    assert not is_answered(request(state=RequestState.SUSPENDED), denied.digest, POLICY, NOW)


# ---------------------------------------------------------------- policies


def test_the_built_in_policy_names_checks_that_exist_and_fails_closed() -> None:
    terms = BUILT_IN.terms
    assert {*terms.required, *terms.where_possible, *terms.publish_required} <= set(KNOWN_CHECKS)
    assert set(terms.required).isdisjoint(terms.where_possible)
    assert {check.id for check in find_checks()} < set(KNOWN_CHECKS)
    assert (terms.publish_on_error, terms.decision) == ("hold", Decision.ONE)


@pytest.mark.parametrize(
    ("document", "where"),
    [
        ([], ""),
        ({"required": ["package"]}, ""),
        ({"required": ["package"], "tolerated": {}, "more": 1}, ""),
        ({"required": ["package"], "tolerated": {"dreadful": 0}}, ""),
        ({"required": [], "tolerated": {}}, "/required"),
        ({"required": ["magic"], "tolerated": {}}, "/required"),
        ({"required": ["package"], "tolerated": {}, "publish_required": ["magic"]}, "/publish_required"),
        ({"required": ["package"], "tolerated": {"high": -1}}, "/tolerated/high"),
        ({"required": ["package"], "tolerated": {}, "valid_days": 0}, "/valid_days"),
        ({"required": ["package"], "tolerated": {}, "fresh_hours": 10**6}, "/fresh_hours"),
        ({"required": ["package"], "tolerated": {}, "decision": "dice"}, ""),
    ],
)
def test_a_policy_that_cannot_be_put_in_force_is_refused_with_the_place(document: object, where: str) -> None:
    with pytest.raises(PolicyInvalid) as refused:
        check_terms(document, KNOWN_CHECKS)
    assert [fault.pointer for fault in refused.value.faults] == [where]


def test_a_policy_that_says_the_same_has_the_same_digest() -> None:
    again = check_terms({"tolerated": {}, "required": ["package"]}, KNOWN_CHECKS)
    assert Policy(9, again).digest == POLICY.digest != BUILT_IN.digest


# ---------------------------------------------------------------- checks of the marketplace


def test_a_dependency_that_nobody_offers_fails_and_an_uncertified_one_is_told() -> None:
    wanted = {"acme.base": "^1.0.0", "acme.gone": "*"}
    said = dependencies.check(wanted, {"acme.base": [dependencies.Offered("1.2.0", False, ("AEI-1",))]})
    assert said.result is Result.FAIL
    assert [f.rule for f in said.findings] == [
        "dependency-missing", "dependency-affected", "dependency-uncertified",
    ]  # fmt: skip
    assert dependencies.check({}, {}).result is Result.PASS
    assert not dependencies.lies_in("1.0.0", "no range")


def test_reputation_tells_and_never_denies() -> None:
    bad = reputation.Facts("Acme", False, NOW - timedelta(days=2), 9, 3, same_publisher=False)
    said = reputation.check(bad, NOW)
    assert said.result is Result.PASS
    assert {f.rule for f in said.findings} == {"stopped-before", "other-publisher", "unverified", "young"}
    good = reputation.Facts("Acme", True, NOW - timedelta(days=400), 9, 0, same_publisher=True)
    assert reputation.check(good, NOW).findings == ()


def test_a_badge_ends_with_what_would_have_kept_it_from_being_given() -> None:
    grave = Vulnerability(
        "PYSEC-1", "PyPI", "urllib3", "1.0", "embedded", True, (), NOW, Severity.HIGH, "", (), ""
    )
    found = [
        grave,
        replace(grave, advisory_id="LOW", severity=Severity.LOW),
        replace(grave, advisory_id="PERHAPS", certain=False),
        replace(grave, advisory_id="UNTOLD", severity=None),
        replace(grave, advisory_id="NOTICE", informational="unmaintained"),
        replace(grave, advisory_id="OLD"),
    ]
    new = {"PYSEC-1", "LOW", "PERHAPS", "UNTOLD", "NOTICE"}
    assert endangering(found, new, [], NOW) == ("PYSEC-1", "UNTOLD")
    excepted = Waiver(
        uuid4(), "acme.echo", "vulnerabilities", "UNTOLD", "", "unused", NOW + timedelta(days=1)
    )
    assert endangering(found, new, [excepted], NOW) == ("PYSEC-1",)
    findings = [Finding(severity, "Old", "a", rule=severity) for severity in (Severity.LOW, Severity.HIGH)]
    assert weighed([result("vulnerabilities", Result.FAIL, *findings), result("secrets")]) == {"high"}


# ---------------------------------------------------------------- what is new, and what a policy changes


def content(**changes: Any) -> Content:
    values: dict[str, Any] = {
        "version": "1.0.0",
        "size_bytes": 1_000,
        "capabilities": Capabilities(hosts=("api.acme.example",), max_tokens=10),
        "hosts": frozenset({"api.acme.example"}),
        "packages": frozenset({Package("PyPI", "urllib3", "2.0")}),
        **changes,
    }
    return Content(**values)


def test_what_differs_from_the_certified_release_is_told_and_what_is_the_same_is_not() -> None:
    assert compare(content(), content(version="1.1.0"), NOW).differences == ()
    now = content(
        version="1.1.0",
        size_bytes=2_000,
        capabilities=Capabilities(secrets=("KEY",), max_tokens=1_000),
        hosts=frozenset({f"h{n:02}.example" for n in range(60)}),
        packages=frozenset({Package("", "vendored", "")}),
    )
    told = compare(content(), now, NOW)
    assert (told.since, told.size_before, told.size_now, told.unknown) == ("1.0.0", 1_000, 2_000, ())
    found = {each.what: each for each in told.differences}
    assert (found["hosts it may reach"].came, found["hosts it may reach"].went) == ((), ("api.acme.example",))
    assert found["secrets it may read"].came == ("KEY",)
    assert (found["tokens for a run"].came, found["tokens for a run"].went) == (("1,000",), ("10",))
    assert (len(found["hosts its code names"].came), found["hosts its code names"].more) == (50, 10)
    assert (found["packages inside"].came, found["packages inside"].went) == (
        ("vendored",), ("PyPI urllib3 2.0",),
    )  # fmt: skip


def test_packages_that_nobody_could_tell_are_not_taken_for_none() -> None:
    told = compare(content(packages=None), content(), NOW)
    assert told.differences == ()
    assert "could not be told" in told.unknown[0]


def test_what_a_policy_changes_is_told_thing_by_thing() -> None:
    before = BUILT_IN.terms
    after = msgspec.structs.replace(
        before,
        required=(*before.required[1:], "sbom"),
        decision=Decision.TWO,
        tolerated={Severity.CRITICAL: 0, Severity.LOW: 3},
    )
    assert changes_of_terms(before, before) == ()
    assert {(c.field, c.was, c.becomes) for c in changes_of_terms(before, after)} == {
        ("required", "package", "sbom"),
        ("decision", "one", "two"),
        ("tolerated/high", "0", "any number"),
        ("tolerated/low", "any number", "3"),
    }


def test_an_exception_ends_with_a_day_that_is_still_to_come() -> None:
    today = NOW.date()
    assert days_until((today + timedelta(days=30)).isoformat(), today) == 30
    for wrong in (today.isoformat(), (today - timedelta(days=1)).isoformat(), "soon", ""):
        with pytest.raises(Invalid) as refused:
            days_until(wrong, today)
        assert refused.value.faults[0].pointer == "/until"
