"""What is known of texts without reading them never says too little."""

from hypothesis import given
from hypothesis import strategies as st

from aei_marketplace.catalog.rules import ranking
from aei_marketplace.catalog.rules.outlines import Shape, bits_of, outline_of
from aei_marketplace.catalog.rules.searching import Criteria
from aei_marketplace.catalog.store.index.bounding import Bounds
from aei_marketplace.catalog.store.index.facts import Facts
from aei_marketplace.catalog.store.index.stems import Word
from aei_marketplace.catalog.store.index.weighing import Candidate, Telling, Weigher

_STEMS = ("data", "rate", "librari", "libra", "parse", "ai", "größe", "tree", "tre")
_WORDS = st.sampled_from(
    ("database", "rating", "rated", "library", "parsing", "ai", "größen", "trees", "a", "x9")
)
_TEXTS = st.lists(_WORDS, max_size=12).map(lambda words: ranking.apart(" ".join(words)))
_ASKED = st.lists(st.lists(st.sampled_from(_STEMS), min_size=1, max_size=2), max_size=3)


@given(_TEXTS, _TEXTS, _TEXTS, _ASKED, st.integers(0, 10**6), st.booleans(), st.booleans())
def test_no_plugin_ranks_higher_than_it_was_thought_to(
    name: str, topics: str, summary: str, asked: list[list[str]], installs: int, every: bool, certified: bool
) -> None:
    facts, telling = Facts(), [Telling(Word(" ".join(stems), tuple(stems), 9), 4.0) for stems in asked]
    facts.outline(1, outline_of(name, topics, summary))
    facts.put(1, name.count(" "), 7, installs, 0.6, certified, 0.0)
    candidate = Candidate(1, "acme.x", name.replace(" ", ""), name, topics, summary, 0.0, every)
    most = 10**6
    rank = ranking.score(Weigher(Criteria(q="x"), facts, "x", telling, most).terms(candidate))
    assert rank <= Bounds(facts, telling, most).highest({1: every}, None, namesakes=True)[1]


def test_what_has_no_word_that_begins_so_is_known_not_to_say_it() -> None:
    named, described, shape = outline_of(" data frames", " web", " fast and typed frames")
    assert bits_of(["frame"]) == bits_of(["fra"])
    [frames], [tables] = bits_of(["frame"]) or [], bits_of(["table"]) or []
    assert named & frames
    assert described & frames
    assert not (named | described) & tables
    assert Shape.read(shape) == Shape(letters=32, named=1, described=1)


def test_beginnings_of_two_letters_are_not_told_apart() -> None:
    assert bits_of(["ai"]) is None
