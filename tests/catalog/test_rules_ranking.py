"""What comes first, and listings made of a table."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aei_marketplace.catalog.rules import ranking
from aei_marketplace.catalog.rules.loading import read_listings
from aei_protocol.identifiers import PluginId

HEAD = "name\tversion\trank\tsummary"


@given(st.text(max_size=60))
def test_a_squeezed_name_stays_as_it_is(text: str) -> None:
    assert ranking.squeezed(ranking.squeezed(text)) == ranking.squeezed(text)


@pytest.mark.parametrize(
    "typed", ["Link-Checker", "link_checker", "LINK.checker", "link checker", "linkchecker"]
)
def test_names_are_compared_without_what_people_type_differently(typed: str) -> None:
    assert ranking.squeezed(typed) == "linkchecker"


@pytest.mark.parametrize("typed", ["sumarise", "summmarise", "sumamrise", "summarize"])
def test_one_slip_leads_back_to_the_name(typed: str) -> None:
    assert "summarise" in ranking.slips(typed)


@given(st.text(st.sampled_from("abc9"), min_size=1, max_size=8))
def test_slips_are_one_edit_away_and_never_the_word_itself(word: str) -> None:
    slips = ranking.slips(word)
    assert word not in slips
    assert {abs(len(slip) - len(word)) for slip in slips} <= {0, 1}


def test_the_longer_part_of_a_name_is_typed_the_more_it_says() -> None:
    shares = [ranking.name_share(typed, "summarise") for typed in ("su", "summar", "summarise")]
    assert shares == sorted(shares)
    assert ranking.name_share("mar", "summarise") == 0.0


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_more_installations_never_say_less(one: int, other: int) -> None:
    shares = [ranking.popularity_share(n, 10**9) for n in sorted((one, other))]
    assert 0.0 <= shares[0] <= shares[1] <= 1.0


def test_a_rare_word_says_more_than_a_common_one() -> None:
    rare, common = ranking.rarity(3, 100_000), ranking.rarity(3_000, 100_000)
    usual = ranking.damping(12)
    assert ranking.bm25(1, usual, rare) > ranking.bm25(1, usual, common) > 0


@pytest.mark.parametrize(
    ("stem", "words"),
    [
        ("rate", ["rate", "rates", "rating"]),
        ("librari", ["library", "libraries"]),
        ("pars", ["parse", "parser"]),
    ],
)
def test_words_begin_as_their_stem_says(stem: str, words: list[str]) -> None:
    assert all(word.startswith(ranking.beginnings(stem)) for word in words)


def test_a_name_of_one_word_is_shorter_than_a_name_of_many() -> None:
    assert ranking.shortness(1) == 1.0 > ranking.shortness(2) > ranking.shortness(5) > 0.0
    assert ranking.shortness(0) == 1.0  # of marks alone


def test_what_was_clearly_meant_is_installed_far_more_than_all_else() -> None:
    assert ranking.likeliest({1: 1000, 2: 3}, {1}) == 1
    assert ranking.likeliest({1: 1000, 2: 900}, {1}) is None
    assert ranking.likeliest({2: 900}, set()) is None


def test_a_table_gives_listings_with_the_ranked_ones_first() -> None:
    rows = [
        HEAD,
        "Zeta\t1\t\tlast",
        "Alpha_Beta\t1\t2\tsecond",
        "gamma\t1\t1\tfirst",
        "gamma\t1\t\tagain",
        "9\t1\t\t",
    ]
    listings = list(read_listings(rows, 10))
    assert [listing.id for listing in listings] == [
        "catalogue.alpha-beta", "catalogue.gamma", "catalogue.zeta",
    ]  # fmt: skip
    assert listings[1].installs > listings[0].installs > listings[2].installs


@pytest.mark.parametrize("head", ["", "title\tsummary", "name"])
def test_a_table_without_names_and_summaries_is_refused(head: str) -> None:
    with pytest.raises(ValueError, match="first line"):
        list(read_listings([head, "a\tb"], 10))


@given(st.text(), st.text())
def test_whatever_stands_in_a_row_the_id_is_one_of_ours(name: str, summary: str) -> None:
    row = f"{name}\t1\t\t{summary}".replace("\n", " ").replace("\r", " ")
    for listing in read_listings([HEAD, row], 1):
        PluginId.parse(listing.id)
        assert len(listing.manifest["description"]) <= 200
