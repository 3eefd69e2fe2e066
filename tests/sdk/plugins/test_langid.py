"""The language identifier: accuracy on sentences it has never seen, both request shapes, odd input."""

import json
from pathlib import Path

import pytest

from aei_sdk.builder.cache import BuildCache
from aei_sdk.project import read_project
from tests.sdk.conftest import CLONE, KEPT_BUILDS
from tests.sdk.guests import Guest, component_of

pytestmark = pytest.mark.slow

PROJECT = CLONE / "plugins" / "studio.langid"
HELD_OUT = [
    line.split("\t")
    for line in (Path(__file__).parent / "held_out_sentences.tsv").read_text("utf-8").splitlines()
]


@pytest.fixture(scope="module")
def langid() -> Guest:
    cache = BuildCache(KEPT_BUILDS)
    return Guest(component_of(read_project(PROJECT), cache), cache)


def test_no_held_out_sentence_stands_in_the_corpus() -> None:
    corpus = "".join(path.read_text("utf-8") for path in (PROJECT / "training" / "corpus").glob("*.txt"))
    assert not [sentence for _, sentence in HELD_OUT if sentence in corpus]


def test_it_knows_the_language_of_nearly_every_held_out_sentence(langid: Guest) -> None:
    missed = [s for code, s in HELD_OUT if langid.ask({"text": s})["language"] != code]
    assert len({code for code, _ in HELD_OUT}) == 31
    assert len(missed) <= 3, missed


def test_the_ranking_is_ordered_and_its_first_is_the_answer(langid: Guest) -> None:
    answer = langid.ask({"text": "Hvor bor du?"})
    shares = [entry["confidence"] for entry in answer["ranking"]]
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) <= 1.001
    assert answer["ranking"][0] == {name: answer[name] for name in ("language", "name", "confidence")}


@pytest.mark.parametrize(("short", "long"), [("the", "the children walked home through the park")])
def test_a_short_text_is_less_certain_than_a_long_one(langid: Guest, short: str, long: str) -> None:
    assert langid.ask({"text": short})["confidence"] < langid.ask({"text": long})["confidence"]


def test_capital_letters_make_no_difference(langid: Guest) -> None:
    text = "Où est la gare, s'il vous plaît"
    assert langid.ask({"text": text}) == langid.ask({"text": text.upper()})


@pytest.mark.parametrize("text", ["", "   ", "12 345 %&/", "😀😀", "\u0000"])
def test_a_text_without_letters_is_undetermined(langid: Guest, text: str) -> None:
    assert langid.ask({"text": text}) == {
        "language": "und", "name": "Undetermined", "confidence": 0, "ranking": [],
    }  # fmt: skip


def test_a_megabyte_of_text_is_answered(langid: Guest) -> None:
    assert langid.ask({"text": "Der Zug fährt heute später ab. " * 32_000})["language"] == "de"


def test_a_chat_request_gets_a_chat_completion(langid: Guest) -> None:
    messages = [
        {"role": "system", "content": "Tell the language."},
        {"role": "user", "content": "Where is the station?"},
        {"role": "assistant", "content": "en"},
        {"role": "user", "content": [{"type": "text", "text": "Dov'è la stazione?"}, {"type": "image_url"}]},
    ]
    answer = langid.ask({"model": "studio.langid", "messages": messages, "temperature": 0})
    assert (answer["object"], answer["model"]) == ("chat.completion", "studio.langid")
    (choice,) = answer["choices"]
    assert choice["message"]["role"] == "assistant"
    assert choice["finish_reason"] == "stop"
    assert json.loads(choice["message"]["content"])["language"] == "it"


@pytest.mark.parametrize(
    "task",
    [{}, [], None, 1, {"text": 1}, {"messages": []}, {"messages": [{"role": "system", "content": "x"}]}],
)
def test_what_is_no_request_is_refused_in_words(langid: Guest, task: object) -> None:
    assert "expected" in langid.error(task)
