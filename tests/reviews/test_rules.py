"""What is fit to be written, who writes, how it is judged, what a rating comes to, when reports hide."""

import unicodedata
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aei_marketplace.catalog.rules.states import STOPPED, ReleaseState
from aei_marketplace.ground.errors import Invalid
from aei_marketplace.reports.rules.weight import Record
from aei_marketplace.reviews.errors import (
    NeverInstalled,
    OwnPlugin,
    OwnPublisher,
    PluginStopped,
    ReviewDecided,
    TooManyReviews,
    WroteItYourself,
)
from aei_marketplace.reviews.rules import reporting, states, texts, writing
from aei_marketplace.reviews.rules.deciders import Decider
from aei_marketplace.reviews.rules.rating import STEP, Counted, rate
from aei_marketplace.reviews.rules.views import Published, Review, ReviewState
from aei_marketplace.reviews.rules.writing import WriterRecord

S = ReviewState
NOW = datetime(2026, 7, 1, tzinfo=UTC)
REVIEW = Review(
    id=UUID(int=1),
    plugin_id="acme.echo",
    release_id=UUID(int=2),
    version="1.0.0",
    writer_id=UUID(int=3),
    tenant_id=UUID(int=4),
    author="Ada",
    rating=4,
    text="Good.",
    state=S.PENDING,
    reason=None,
    revision=1,
    executions=0,
    reports=0,
    held=False,
    waiting_since=NOW,
    decided_by=None,
    decided_at=None,
    created_at=NOW,
    updated_at=NOW,
)
PUBLISHED = Published(
    review_id=UUID(int=1),
    plugin_id="acme.echo",
    version="1.0.0",
    writer_id=UUID(int=3),
    tenant_id=UUID(int=4),
    author="Ada",
    rating=4,
    text="Good.",
    executions=0,
    helpful=0,
    visible=True,
    published_at=NOW,
    updated_at=NOW,
)


# ---------------------------------------------------------------- texts


@pytest.mark.parametrize("rating", [0, 6, -1, 4.5, 4.0, True, "4", None])
def test_a_rating_that_is_no_whole_number_of_one_to_five_is_refused(rating: object) -> None:
    with pytest.raises(Invalid):
        texts.check_rating(rating)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n\t",
        "\u200e",
        "x" * 5001,
        "x" * 1_000_000,
        "null\x00",
        "bell\x07",
        "escape\x1b[2J",
        "over\u202eride",
        "isolate\u2067",
        "z" + "\u0335" * 6,
        "o" + "\u0300\u0335\u0489\u0301\u0336\u0316\u0317",
    ],
)
def test_a_text_that_cannot_be_shown_is_refused_with_the_place(text: str) -> None:
    with pytest.raises(Invalid) as refusal:
        texts.check_text(text)
    assert refusal.value.faults[0].pointer == "/text"


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "a\nb\tc",
        "Tiếng Việt",
        "שָׁלוֹם",
        "น้ำใจ",
        "हिन्दी",
        "👩‍👩‍👧 ❤️",
        "{{ 7*7 }}",
        "' or 1=1 --",
    ],
)
def test_a_text_of_any_language_and_markup_stays_what_it_is(text: str) -> None:
    assert texts.check_text(text) == unicodedata.normalize("NFC", text)


@given(st.text(max_size=200))
def test_what_was_taken_once_is_taken_again_unchanged(text: str) -> None:
    try:
        taken = texts.check_text(text)
    except Invalid:
        return
    assert texts.check_text(taken) == taken


# ---------------------------------------------------------------- who writes


def test_the_publisher_and_who_never_installed_it_do_not_review() -> None:
    tenant = uuid4()
    with pytest.raises(OwnPlugin):
        writing.check_reviewer(tenant, tenant, ["1.0.0"], of_publisher=False)
    with pytest.raises(OwnPlugin):
        writing.check_reviewer(tenant, uuid4(), ["1.0.0"], of_publisher=True)
    with pytest.raises(NeverInstalled):
        writing.check_reviewer(tenant, uuid4(), [], of_publisher=False)
    writing.check_reviewer(tenant, uuid4(), ["1.0.0"], of_publisher=False)


def test_a_review_is_about_the_version_that_the_tenant_had_last_or_one_it_names() -> None:
    assert writing.choose_version(["1.1.0", "1.0.0"], None) == "1.1.0"
    assert writing.choose_version(["1.1.0", "1.0.0"], "1.0.0") == "1.0.0"
    with pytest.raises(NeverInstalled):
        writing.choose_version(["1.1.0"], "2.0.0")


@pytest.mark.parametrize("state", ReleaseState)
def test_only_what_the_registry_stopped_takes_no_reviews(state: ReleaseState) -> None:
    if state not in STOPPED:
        writing.check_release(state)
        return
    with pytest.raises(PluginStopped):
        writing.check_release(state)


def test_the_pace_is_counted_over_a_day_and_says_when_it_goes_on() -> None:
    moments = [NOW - timedelta(hours=n) for n in range(writing.MOST_IN_PERIOD)]
    writing.check_pace(moments[1:], NOW)
    with pytest.raises(TooManyReviews) as refusal:
        writing.check_pace(moments, NOW)
    assert int(refusal.value.headers["Retry-After"]) == 5 * 3600 + 1


@pytest.mark.parametrize(
    ("after", "record", "trusted"),
    [
        (None, WriterRecord(1000, 0, 0), False),
        (3, WriterRecord(2, 0, 0), False),
        (3, WriterRecord(3, 0, 0), True),
        (3, WriterRecord(9, 1, 0), False),
        (3, WriterRecord(9, 0, 1), False),
    ],
)
def test_a_writer_is_trusted_by_a_history_without_a_fault(
    after: int | None, record: WriterRecord, trusted: bool
) -> None:
    assert writing.is_trusted(after, record) is trusted


def test_an_edit_of_what_staff_found_fault_with_is_read_by_them_first() -> None:
    assert writing.stands_well(REVIEW)
    approved = replace(REVIEW, state=S.APPROVED, decided_at=NOW)
    assert writing.stands_well(approved)
    assert not writing.stands_well(replace(approved, reason="the edit was spam"))
    for state in (S.REJECTED, S.HIDDEN, S.PENDING):
        assert not writing.stands_well(replace(approved, state=state))


# ---------------------------------------------------------------- decisions


@pytest.mark.parametrize(
    ("state", "reports", "published", "wanted"),
    [
        (S.PENDING, 0, None, {S.APPROVED, S.REJECTED}),
        (S.PENDING, 0, PUBLISHED, {S.APPROVED, S.REJECTED, S.HIDDEN}),
        (S.PENDING, 2, PUBLISHED, {S.APPROVED, S.HIDDEN}),
        (S.APPROVED, 0, PUBLISHED, {S.HIDDEN}),
        (S.APPROVED, 1, PUBLISHED, {S.APPROVED, S.HIDDEN}),
        (S.REJECTED, 0, None, set()),
        (S.HIDDEN, 0, replace(PUBLISHED, visible=False), set()),
    ],
)
def test_what_can_be_decided_follows_from_the_state(
    state: ReviewState, reports: int, published: Published | None, wanted: set[ReviewState]
) -> None:
    waits = NOW if reports or state is S.PENDING else None
    review = replace(REVIEW, state=state, reports=reports, waiting_since=waits)
    assert states.possible(review, published) == wanted
    for verdict in set(S) - wanted:
        with pytest.raises(ReviewDecided) as refusal:
            states.check_decision(review, published, verdict)
        assert refusal.value.extensions == {"state": state}


def test_what_was_read_at_once_and_has_a_flag_is_kept_or_hidden() -> None:
    flagged = replace(REVIEW, state=S.APPROVED, waiting_since=NOW)
    assert states.possible(flagged, PUBLISHED) == {S.APPROVED, S.HIDDEN}


def test_a_word_that_is_no_state_and_a_missing_reason_are_malformed() -> None:
    with pytest.raises(Invalid):
        states.read_verdict("splendid")
    for verdict in (S.REJECTED, S.HIDDEN):
        with pytest.raises(Invalid):
            states.check_reason(verdict, "  ")
    assert states.check_reason(S.APPROVED, None) is None
    with pytest.raises(ReviewDecided):
        states.check_reply_decision(S.APPROVED)
    with pytest.raises(Invalid):
        states.read_reply_verdict("hidden")


def test_nobody_decides_about_what_is_theirs_or_their_publishers() -> None:
    me, mine, former = uuid4(), uuid4(), uuid4()
    decider = Decider(me, frozenset({mine, former}), {"acme.echo": mine, "acme.count": uuid4()})
    assert isinstance(decider.obstacle("acme.echo"), OwnPublisher)
    assert isinstance(decider.obstacle("acme.count", writer=me), WroteItYourself)
    assert isinstance(decider.obstacle("acme.count", replied=former), OwnPublisher)
    assert decider.obstacle("acme.count", writer=uuid4(), replied=uuid4()) is None
    assert decider.obstacle("acme.count") is None  # of nobody's
    assert Decider(None, frozenset(), {}).obstacle("acme.echo") is None
    with pytest.raises(OwnPublisher):
        decider.check("acme.echo", writer=uuid4())


def test_turning_down_an_edit_leaves_what_is_read_as_it_was_and_brings_back_nothing_hidden() -> None:
    assert states.after_rejection(None) is S.REJECTED
    assert states.after_rejection(PUBLISHED) is S.APPROVED
    assert states.after_rejection(replace(PUBLISHED, visible=False)) is S.REJECTED


# ---------------------------------------------------------------- reports


def test_three_tenants_whose_word_counts_hide_a_review_and_one_with_many_accounts_does_not() -> None:
    fresh = Record(0, 0)
    tenants = [uuid4() for _ in range(3)]
    assert reporting.hides((tenant, fresh) for tenant in tenants)
    assert not reporting.hides((tenant, fresh) for tenant in tenants[:2])
    assert not reporting.hides((tenants[0], fresh) for _ in range(500))


def test_who_is_always_wrong_does_not_help_to_hide() -> None:
    tenants = [uuid4() for _ in range(3)]
    assert not reporting.hides((tenant, Record(0, 8)) for tenant in tenants)


def test_a_kind_of_report_that_there_is_not_is_refused() -> None:
    with pytest.raises(Invalid):
        reporting.check_kind("boring")


# ---------------------------------------------------------------- rating


def test_without_ratings_there_is_no_average() -> None:
    nothing = rate([])
    assert (nothing.average, nothing.count, nothing.weight) == (None, 0, 0)
    assert nothing.distribution == dict.fromkeys(range(1, 6), 0)


def test_newer_versions_weigh_more_by_their_precedence_and_the_average_stays_plain() -> None:
    rating = rate([Counted("1.9.0", 1, 2), Counted("1.10.0", 5, 2), Counted("1.10.0-rc.1", 3, 1)])
    assert list(rating.by_version) == ["1.10.0", "1.10.0-rc.1", "1.9.0"]
    assert rating.average == 3
    assert rating.weight == pytest.approx(2 + STEP + 2 * STEP**2)
    assert rating.weighed_total == pytest.approx(10 + 3 * STEP + 2 * STEP**2)
    assert rating.weighed_total / rating.weight > rating.average


@given(
    st.lists(
        st.builds(
            Counted,
            st.sampled_from(["1.0.0", "1.0.1", "2.0.0", "10.0.0"]),
            st.integers(1, 5),
            st.integers(1, 50),
        ),
        min_size=1,
    )
)
def test_both_means_lie_between_the_lowest_and_the_highest_rating(counted: list[Counted]) -> None:
    rating = rate(counted)
    low, high = min(c.rating for c in counted), max(c.rating for c in counted)
    assert rating.average is not None
    assert low <= rating.average <= high
    assert low - 1e-9 <= rating.weighed_total / rating.weight <= high + 1e-9
    assert sum(rating.distribution.values()) == rating.count == sum(c.count for c in counted)
