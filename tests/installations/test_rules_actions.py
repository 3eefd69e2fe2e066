"""Which action fits: a decision without a database."""

from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aei_marketplace.installations.rules.actions import (
    ActionKind,
    Candidate,
    Present,
    Situation,
    UnderWay,
    decide_action,
)
from aei_marketplace.installations.rules.admission import Answer, Reason, Verdict

YES = Verdict(Answer.YES, ())
WARN = Verdict(Answer.WARN, (Reason(Answer.WARN, "deprecated", "The release is deprecated."),))
NO = Verdict(Answer.NO, (Reason(Answer.NO, "blocked", "The release is on the kill list."),))
FREE = Candidate("1.1.0", YES, asks=0, decides=False, certified=True)
UNBOUGHT = Verdict(Answer.NO, (Reason(Answer.NO, "payment_required", "Your tenant has not bought it."),))
PRESENT = Present("1.0.0", enabled=True, pinned=False)
RUNNING = UnderWay(UUID(int=7), "install")
ROLE = "Your role does not install plugins."
NEW = Situation("acme.echo", None, True, None, FREE, None)
OLD = replace(NEW, present=PRESENT)


def kind(situation: Situation, **changes: object) -> ActionKind:
    return decide_action(replace(situation, **changes)).kind  # type: ignore[arg-type] # the test names real fields


def test_a_free_release_without_permissions_that_policy_admits_installs_at_once():
    fit = decide_action(NEW)
    assert (fit.kind, fit.version, fit.installed, fit.permissions) == (ActionKind.INSTALL, "1.1.0", None, 0)
    assert decide_action(OLD).kind is ActionKind.UPDATE


@pytest.mark.parametrize(
    "candidate",
    [replace(FREE, asks=2), replace(FREE, decides=True), replace(FREE, verdict=WARN)],
    ids=["permissions", "more to decide", "a warning"],
)
def test_whatever_there_is_to_decide_opens_the_dialog(candidate: Candidate):
    assert kind(NEW, candidate=candidate) is ActionKind.CONSENT
    fit = decide_action(replace(OLD, candidate=candidate))
    assert (fit.kind, fit.permissions) == (ActionKind.REVIEW, candidate.asks)


def test_an_uncertified_release_installs_at_once_and_the_button_knows():
    fit = decide_action(replace(NEW, candidate=replace(FREE, certified=False)))
    assert (fit.kind, fit.certified) == (ActionKind.INSTALL, False)


def test_a_pinned_installation_never_leaves_its_version_without_being_asked():
    assert kind(OLD, present=replace(PRESENT, pinned=True)) is ActionKind.REVIEW


def test_without_a_newer_release_it_is_installed_and_says_whether_it_is_on():
    fit = decide_action(replace(OLD, candidate=None, present=replace(PRESENT, enabled=False)))
    assert (fit.kind, fit.version, fit.enabled, fit.why) == (ActionKind.INSTALLED, "1.0.0", False, "")


def test_what_policy_blocks_says_why_to_everybody():
    for hindrance in (None, ROLE):
        fit = decide_action(replace(NEW, candidate=replace(FREE, verdict=NO), hindrance=hindrance))
        assert (fit.kind, fit.why) == (ActionKind.BLOCKED, "The release is on the kill list.")


def test_a_blocked_update_leaves_the_plugin_installed_and_says_why():
    fit = decide_action(replace(OLD, candidate=replace(FREE, verdict=NO)))
    assert (fit.kind, fit.version) == (ActionKind.INSTALLED, "1.0.0")
    assert fit.why == "Version 1.1.0 is offered. The release is on the kill list."


def test_what_nobody_offers_is_blocked():
    assert kind(NEW, candidate=None) is ActionKind.BLOCKED


def test_who_may_not_install_is_told_and_still_sees_what_is_installed():
    fit = decide_action(replace(NEW, hindrance=ROLE))
    assert (fit.kind, fit.why) == (ActionKind.NOT_ALLOWED, ROLE)
    fit = decide_action(replace(OLD, hindrance=ROLE))
    assert (fit.kind, fit.installed) == (ActionKind.INSTALLED, "1.0.0")
    assert fit.why.endswith(ROLE)


candidates = st.none() | st.builds(
    Candidate,
    st.just("1.1.0"),
    st.sampled_from([YES, WARN, NO]),
    st.integers(0, 4),
    st.booleans(),
    st.booleans(),
)
presents = st.none() | st.builds(Present, st.just("1.0.0"), st.booleans(), st.booleans())
situations = st.builds(
    Situation,
    st.just("acme.echo"),
    st.sampled_from([None, ROLE]),
    st.booleans(),
    presents,
    candidates,
    st.sampled_from([None, RUNNING]),
)
ACTS = {ActionKind.INSTALL, ActionKind.CONSENT, ActionKind.UPDATE, ActionKind.REVIEW}


def test_what_is_not_bought_is_bought_by_who_may_spend_and_asked_for_by_others():
    for_sale = replace(FREE, verdict=UNBOUGHT, asks=2)
    assert kind(NEW, candidate=for_sale) is ActionKind.BUY
    asked = decide_action(replace(NEW, candidate=for_sale, spends=False))
    assert (asked.kind, "Admin" in asked.why) == (ActionKind.NOT_ALLOWED, True)
    assert kind(NEW, candidate=for_sale, hindrance=ROLE) is ActionKind.NOT_ALLOWED
    assert "not bought" in decide_action(replace(OLD, candidate=for_sale)).why


@given(situations)
def test_nobody_who_may_not_and_nothing_that_is_not_admitted_is_ever_offered_a_button(situation: Situation):
    fit = decide_action(situation)
    if situation.under_way:
        assert (fit.kind, fit.operation) == (ActionKind.UNDER_WAY, RUNNING)
    elif situation.hindrance or situation.candidate is None or situation.candidate.verdict is NO:
        assert fit.kind not in ACTS
    if fit.kind in ACTS:
        assert fit.version == "1.1.0"
    assert (fit.installed is not None) == (situation.present is not None)


@given(situations)
def test_what_happens_at_once_asks_for_nothing_and_warns_of_nothing(situation: Situation):
    fit = decide_action(situation)
    if fit.kind in (ActionKind.INSTALL, ActionKind.UPDATE):
        assert situation.candidate is not None
        assert (situation.candidate.asks, situation.candidate.decides) == (0, False)
        assert situation.candidate.verdict is YES
