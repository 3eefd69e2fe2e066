"""The summariser: its parts in this process, the whole in its component."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aei_sdk.builder.cache import BuildCache
from aei_sdk.project import read_project
from tests.sdk.conftest import CLONE, KEPT_BUILDS
from tests.sdk.guests import Guest, component_of

PROJECT = CLONE / "plugins" / "studio.summarise"
sys.path.insert(0, str(PROJECT / "src"))  # the guest's own modules; they need nothing of the host
from ranking import rank_sentences  # noqa: E402 after the path
from sentences import split_sentences  # noqa: E402 after the path
from words import content_words  # noqa: E402 after the path

sys.path.pop(0)


def test_abbreviations_initials_and_numbers_end_no_sentence() -> None:
    text = "Dr. Hale met J. Smith at 3.30 p.m. on Friday. They spoke, e.g. about tides. Was it late? Yes!"
    assert split_sentences(text) == [
        "Dr. Hale met J. Smith at 3.30 p.m. on Friday.",
        "They spoke, e.g. about tides.",
        "Was it late?",
        "Yes!",
    ]


def test_paragraphs_and_list_items_end_a_sentence() -> None:
    assert split_sentences("A title\n\nFirst\nline.\n- one item\n- another") == [
        "A title", "First line.", "one item", "another",
    ]  # fmt: skip


def test_full_stops_of_other_scripts_end_a_sentence() -> None:
    assert split_sentences("今日は雨です。明日は晴れます。") == ["今日は雨です。", "明日は晴れます。"]


@given(st.text(max_size=300))
def test_splitting_loses_no_letter(text: str) -> None:
    kept = "".join(split_sentences(text))
    assert [c for c in kept if c.isalpha()] == [c for c in text if c.isalpha()]


def test_content_words_have_one_form_and_no_stop_words() -> None:
    assert content_words("The boat's sails and the boats of 1999") == ["boat", "sail", "boat"]


@given(st.lists(st.lists(st.sampled_from(["tide", "boat", "pier", "wind"]), max_size=5), max_size=12))
def test_weights_lie_between_0_and_1_and_the_largest_is_1(words: list[list[str]]) -> None:
    weights = rank_sentences(words, lambda _done: None)
    assert len(weights) == len(words)
    assert all(0 <= weight <= 1 for weight in weights)
    assert not weights or max(weights) == 1


@pytest.fixture(scope="module")
def summarise() -> Guest:
    cache = BuildCache(KEPT_BUILDS)
    return Guest(component_of(read_project(PROJECT), cache), cache)


@pytest.mark.slow
def test_it_picks_the_central_sentences_in_the_texts_order(summarise: Guest) -> None:
    text = (
        "The old mill grinds flour again. A cat sat by. The mill was restored by the village, and its"
        " flour is sold in the village shop. Yesterday it rained. Flour from the mill has won a prize,"
        " which made the village proud."
    )
    answer = summarise.ask({"text": text, "sentences": 2})
    indices = [sentence["index"] for sentence in answer["sentences"]]
    assert indices == sorted(indices)
    assert set(indices) <= {0, 2, 4}
    assert answer["total_sentences"] == 5
    assert set(answer["keywords"]) == {"flour", "mill", "village"}
    assert answer["summary"] == " ".join(sentence["text"] for sentence in answer["sentences"])
    assert (1.0, "done") in summarise.said


@pytest.mark.slow
def test_more_sentences_than_there_are_gives_them_all(summarise: Guest) -> None:
    answer = summarise.ask({"text": "One thing. Another thing.", "sentences": 50})
    assert answer["summary"] == "One thing. Another thing."


@pytest.mark.slow
@pytest.mark.parametrize(
    "task", [{}, {"text": ""}, {"text": 5}, {"text": "x", "sentences": 0}, {"text": "x", "sentences": True}]
)
def test_what_is_no_request_is_refused_in_words(summarise: Guest, task: object) -> None:
    assert '"text"' in (said := summarise.error(task)) or '"sentences"' in said
