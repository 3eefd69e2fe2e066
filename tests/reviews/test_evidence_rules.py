"""What texts are like, where they lead, what language they are, and when that is told to staff."""

import random
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aei_marketplace.ground.errors import Invalid
from aei_marketplace.reviews.errors import NothingToUndo, ReviewMoved
from aei_marketplace.reviews.rules import batches, flags, likeness, links, urgency
from aei_marketplace.reviews.rules.flags import FlagKind, Pace, Similar
from aei_marketplace.reviews.rules.languages import guess_language
from aei_marketplace.reviews.rules.policy import Policy, check_policy
from aei_marketplace.reviews.rules.rating import STEP, Counted, explain, rate
from tests.reviews.test_rules import NOW, REVIEW

PRAISE = (
    "I have used this plugin for three months with our ticket system, and it sorted some forty thousand of "
    "them without a single complaint from the people who answer them."
)
CHANGED = PRAISE.replace("three months", "two months").replace("forty thousand", "FORTY thousand")
OTHER = (
    "The summaries leave out what matters in contracts. We went back to reading them ourselves after a week "
    "of corrections, though support answered quickly and kindly."
)


# ---------------------------------------------------------------- likeness


def signed(text: str) -> bytes:
    """The signature of a text that is long enough."""
    signature = likeness.sign(text)
    assert signature is not None
    return signature


def test_a_text_with_a_word_changed_is_found_and_another_text_is_not() -> None:
    one, changed, other = signed(PRAISE), signed(CHANGED), signed(OTHER)
    assert set(likeness.bands(one)) & set(likeness.bands(changed))
    assert not set(likeness.bands(one)) & set(likeness.bands(other))
    assert likeness.likeness(likeness.shingles(PRAISE), likeness.shingles(CHANGED)) > likeness.NEAR
    assert likeness.estimate(one, changed) > 0.5
    assert likeness.estimate(one, other) < 0.2


def test_case_accents_spaces_and_signs_change_nothing() -> None:
    dressed = PRAISE.upper().replace("USED", "ÜSÉD").replace(" ", "  \u2014 ") + "!!!"
    assert signed(dressed) == signed(PRAISE)


@pytest.mark.parametrize("text", ["", "Good.", "Works well for us", "!!! *** ???" * 20, "👍" * 50])
def test_what_many_say_in_a_few_words_is_not_compared(text: str) -> None:
    assert likeness.sign(text) is None
    assert likeness.shingles(text) == frozenset()


def test_the_signature_of_the_longest_text_is_as_long_as_that_of_a_short_one() -> None:
    letters = random.Random(7)
    longest = "".join(letters.choice("abcdefgh ") for _ in range(5000))
    assert len(signed(longest)) == len(signed(PRAISE)) == 256
    assert len(set(likeness.bands(signed(longest)))) == likeness.BANDS
    assert all(-(2**63) <= band < 2**63 for band in likeness.bands(signed(longest)))


def test_the_estimate_is_near_the_likeness_over_many_texts() -> None:
    chance = random.Random(11)
    words = [f"word{number}" for number in range(500)]
    errors = []
    for kept in range(0, 100, 5):
        own = chance.sample(words, 100)
        other = own[:kept] + chance.sample(words, 100 - kept)
        left, right = " ".join(own), " ".join(other)
        true = likeness.likeness(likeness.shingles(left), likeness.shingles(right))
        errors.append(likeness.estimate(signed(left), signed(right)) - true)
    assert max(abs(error) for error in errors) < 0.25
    assert abs(sum(errors) / len(errors)) < 0.06


@given(st.text(max_size=300), st.text(max_size=300))
def test_likeness_is_mutual_and_whole_for_the_same_text(one: str, other: str) -> None:
    left, right = likeness.shingles(one), likeness.shingles(other)
    assert likeness.likeness(left, right) == likeness.likeness(right, left)
    assert likeness.likeness(left, left) == (1.0 if left else 0.0)
    assert likeness.sign(one) == likeness.sign(one)


# ---------------------------------------------------------------- links and languages


@pytest.mark.parametrize(
    ("text", "hosts"),
    [
        ("see https://Docs.Example.org/a?b#c and http://x.example:8080", ("docs.example.org", "x.example")),
        ("http://good.example@evil.example/ and www.shop.example.", ("evil.example", "shop.example")),
        ("buy at cheap-pills.shop now", ("cheap-pills.shop",)),
        ("mail me: me@example.com", ()),
        ("acme.echo 1.0.0 beats e.g. acme.count, see README.md", ()),
        ("https://", ()),
        ("[here](https://evil.example/x)", ("evil.example",)),
    ],
)
def test_the_hosts_of_links_are_found_and_names_of_plugins_are_none(
    text: str, hosts: tuple[str, ...]
) -> None:
    assert links.hosts_of(text) == hosts


def test_a_text_of_dots_and_dashes_is_searched_as_quickly_as_any() -> None:
    assert links.hosts_of("a." * 2500) == ()
    assert links.hosts_of("-" * 5000) == ()


def test_allowed_hosts_cover_what_is_below_them_and_nothing_beside_them() -> None:
    hosts = ("example.org", "docs.example.org", "badexample.org", "example.org.evil.example")
    assert links.strange(hosts, ["example.org"]) == ("badexample.org", "example.org.evil.example")


@pytest.mark.parametrize(
    "host", ["", "localhost", "*.example.org", "https://example.org", "a b.example", "x" * 300]
)
def test_a_policy_with_what_is_no_host_is_refused(host: str) -> None:
    with pytest.raises(Invalid):
        check_policy(Policy(allowed_hosts=(host,)))


def test_a_policy_is_kept_in_one_form_and_within_bounds() -> None:
    kept = check_policy(Policy(3, 2, ("B.example", "a.example", "b.example")))
    assert kept.allowed_hosts == ("a.example", "b.example")
    for wrong in (Policy(0), Policy(1001), Policy(most_links=-1), Policy(most_links=101)):
        with pytest.raises(Invalid):
            check_policy(wrong)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The plugin is very good and it works with our tickets.", "en"),
        ("Das Plugin ist sehr gut und funktioniert auch mit Umlauten.", "de"),
        ("Le plugin est très utile pour les équipes.", "fr"),
        ("El plugin funciona muy bien con los documentos.", "es"),
        ("Плагин работает отлично.", "ru"),
        ("とても便利なプラグインです", "ja"),
        ("插件非常好用", "zh"),
        ("مفيد جدا", "ar"),
        ("wow", None),
        ("12345 !!!", None),
        ("", None),
    ],
)
def test_the_language_is_guessed_by_script_and_common_words(text: str, language: str | None) -> None:
    assert guess_language(text) == language


# ---------------------------------------------------------------- flags


def test_a_near_duplicate_names_the_most_alike() -> None:
    similar = [Similar(uuid4(), "acme.echo", 81), Similar(uuid4(), "acme.count", 97)]
    flag = flags.near_duplicate(similar)
    assert flag is not None
    assert flag.reason == "97 % the same as a review of acme.count, and 1 more."
    assert flags.near_duplicate([]) is None


@pytest.mark.parametrize(
    ("recent", "before", "flagged"),
    [(9, 0, False), (10, 0, True), (500, 0, True), (30, 560, False), (50, 560, True), (1, 560, False)],
)
def test_a_burst_is_many_at_once_against_the_usual_pace(recent: int, before: int, flagged: bool) -> None:
    assert (flags.burst(Pace(recent, before)) is not None) is flagged


@given(st.integers(0, 1000), st.integers(0, 10_000))
def test_more_at_once_is_never_less_of_a_burst(recent: int, before: int) -> None:
    if flags.burst(Pace(recent, before)) is not None:
        assert flags.burst(Pace(recent + 1, before)) is not None


def test_new_accounts_are_a_cluster_when_they_are_many_and_most() -> None:
    day, year = timedelta(days=1), timedelta(days=365)
    assert flags.new_accounts([day] * 5 + [year] * 2) is not None
    assert flags.new_accounts([day] * 4) is None
    assert flags.new_accounts([day] * 5 + [year] * 6) is None
    assert (flags.is_new(day), flags.is_new(year)) == (True, False)


def test_links_are_flagged_by_the_operators_policy() -> None:
    text = "https://a.example https://b.example https://docs.acme.example/x"
    assert flags.linked(text, Policy(most_links=3)) is None
    flag = flags.linked(text, Policy(most_links=1, allowed_hosts=("acme.example",)))
    assert flag is not None
    assert flag.reason == "2 links to hosts that are not on your list: a.example, b.example."


def test_what_looks_wrong_is_due_sooner_and_what_waits_is_never_starved() -> None:
    plain = urgency.due(NOW)
    ranked = [
        urgency.due(NOW, reports=2, held=True),
        urgency.due(NOW, list(FlagKind)),
        urgency.due(NOW, [FlagKind.NEAR_DUPLICATE], reports=1),
        urgency.due(NOW, [FlagKind.LINKS]),
        plain,
    ]
    assert ranked == sorted(ranked)
    assert ranked[0] >= NOW + urgency.SOONEST
    assert urgency.due(NOW, reports=1000) == NOW + urgency.SOONEST
    assert plain < urgency.due(NOW + urgency.DUE_IN, list(FlagKind), 9)


# ---------------------------------------------------------------- batches, tags, scores


def test_a_batch_has_each_review_once_and_is_bounded() -> None:
    one, other = sorted((uuid4(), uuid4()))
    assert batches.check_batch([other, one, other]) == [one, other]
    for wrong in ([], [uuid4() for _ in range(201)]):
        with pytest.raises(Invalid):
            batches.check_batch(wrong)


def test_a_batch_is_taken_back_by_who_decided_it_and_in_time() -> None:
    me, decided = uuid4(), datetime(2026, 7, 1, 12, tzinfo=UTC)
    batches.check_undo((me, decided), me, decided + timedelta(minutes=9))
    for known, by, late in (
        (None, me, timedelta()),
        ((uuid4(), decided), me, timedelta()),
        ((me, decided), me, batches.UNDO_WITHIN),
    ):
        with pytest.raises(NothingToUndo):
            batches.check_undo(known, by, decided + late)


def test_a_tag_names_one_state_of_a_review() -> None:
    REVIEW.check_seen(None)
    REVIEW.check_seen(REVIEW.etag)
    with pytest.raises(ReviewMoved):
        REVIEW.check_seen('"another"')


def test_the_score_is_explained_by_parts_that_add_up_to_it() -> None:
    rating = rate([Counted("1.0.0", 1, 5), Counted("2.0.0", 5, 20)])
    score = explain(rating)
    assert [(part.version, part.count, part.weight) for part in score.parts] == [
        ("2.0.0", 20, 1),
        ("1.0.0", 5, STEP),
    ]
    weighed = sum(part.average * part.count * part.weight for part in score.parts)
    weight = sum(part.count * part.weight for part in score.parts)
    assert score.value == pytest.approx((score.imagined * score.usual + weighed) / (score.imagined + weight))
    assert explain(rate([])).value == score.usual
