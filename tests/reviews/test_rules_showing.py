"""How ratings are drawn, and how decisions about several reviews are told."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aei_marketplace.ground.errors import Invalid
from aei_marketplace.reviews.errors import ReviewDecided
from aei_marketplace.reviews.pages.entries import read_ids, told, told_undone
from aei_marketplace.reviews.pages.moderation import selection_of
from aei_marketplace.reviews.pages.words import FLAGS, REPORT_KINDS
from aei_marketplace.reviews.rules.flags import FlagKind
from aei_marketplace.reviews.rules.rating import Counted, rate
from aei_marketplace.reviews.rules.reporting import ReportKind
from aei_marketplace.reviews.rules.showing import MOST_IN_LINE, bars_of, points_of
from aei_marketplace.reviews.rules.views import Review, ReviewState
from aei_marketplace.reviews.service import Happened, QueueOrder, QueueSelection

COUNTED = st.lists(
    st.builds(
        Counted,
        version=st.integers(0, 20).map(lambda minor: f"1.{minor}.0"),
        rating=st.integers(1, 5),
        count=st.integers(1, 50),
    ),
    max_size=40,
)


@given(COUNTED)
def test_bars_add_up_and_points_lie_between_one_and_five(counted: list[Counted]) -> None:
    rating = rate(counted)
    bars = bars_of(rating)
    assert [bar.stars for bar in bars] == [5, 4, 3, 2, 1]
    assert sum(bar.count for bar in bars) == rating.count
    assert sum(bar.share for bar in bars) == pytest.approx(1 if counted else 0)
    points = points_of(rating)
    assert len(points) == min(len(rating.by_version), MOST_IN_LINE)
    assert all(1 <= point.average <= 5 for point in points)


def test_the_line_goes_from_the_oldest_of_the_newest_versions_to_the_newest() -> None:
    points = points_of(rate([Counted(f"1.{minor}.0", 4, 1) for minor in range(MOST_IN_LINE + 3)]))
    assert [points[0].version, points[-1].version] == ["1.3.0", f"1.{MOST_IN_LINE + 2}.0"]


def happened(number: int, refused: bool) -> Happened:
    now = datetime(2026, 11, 1, tzinfo=UTC)
    review = Review(
        id=UUID(int=number), plugin_id="acme.echo", release_id=UUID(int=0), version="1.0.0", writer_id=None,
        tenant_id=UUID(int=0), author=f"Ada {number}", rating=4, text="Fine.", state=ReviewState.APPROVED,
        reason=None, revision=1, executions=0, reports=0, held=False, waiting_since=None, decided_by=None,
        decided_at=None, created_at=now, updated_at=now,
    )  # fmt: skip
    return Happened(review.id, review, ReviewDecided("It is approved.", "approved") if refused else None)


def test_what_was_left_is_named_with_the_reason_and_not_all_of_many() -> None:
    assert told([happened(1, False), happened(2, False)], "approved").text == "2 reviews approved."
    assert told_undone([happened(1, False)]).text == "1 review as before."
    mixed = told([happened(1, False), happened(2, True)], "rejected")
    assert mixed.meaning == "warn"
    assert mixed.text == "1 review rejected. 1 left as it is: acme.echo by Ada 2. It is approved."
    many = told([happened(number, True) for number in range(5)], "hidden").text
    assert many.startswith("0 reviews hidden. 5 left as they are: acme.echo by Ada 0.")
    assert many.endswith("And 2 more.")
    assert "Ada 3" not in many


@pytest.mark.parametrize("chosen", [(), ("x",), (str(UUID(int=1)), "")])
def test_a_choice_that_names_nothing_is_refused(chosen: tuple[str, ...]) -> None:
    with pytest.raises(Invalid):
        read_ids(chosen)


def test_an_address_of_the_queue_that_says_nonsense_shows_the_whole_queue() -> None:
    assert selection_of({"flag": "loud", "order": "sideways", "plugin": ""}) == QueueSelection()
    assert selection_of({"flag": "links", "order": "oldest", "reported": "yes", "plugin": "acme.echo"}) == (
        QueueSelection(FlagKind.LINKS, True, "acme.echo", QueueOrder.OLDEST)
    )


def test_every_flag_and_every_kind_of_report_has_its_words() -> None:
    assert set(FLAGS) == set(FlagKind)
    assert {kind for kind, _ in REPORT_KINDS} == {str(kind) for kind in ReportKind}
