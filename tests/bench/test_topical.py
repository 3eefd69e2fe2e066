"""The judged queries are put to the search itself, and to its peer over the same catalogue."""

from pathlib import Path

import pytest

from aei_marketplace.bench import topical

ROWS = (
    "name\tsummary\trank\n"
    "aside\tHas nothing to do with it\t\n"
    "backoff\tDecorators for functions that fail, to retry them\t40\n"
    "limits\tRate limiting with several strategies\t20\n"
    "tenacity\tRetry code until it succeeds\t10\n"
    "unknown\tAlso about rate limiting, which nobody judged\t30\n"
)


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A table of five names, and catalogues of two, four and six."""
    path = tmp_path / "names.tsv"
    path.write_text(ROWS, "utf-8")
    monkeypatch.setenv("AEI_BENCH_NAMES", str(path))
    monkeypatch.setattr(topical, "SIZES", {"2": 2, "4": 4, "6": 6})
    return path


def test_what_was_judged_right_is_counted_in_what_is_there(table: Path) -> None:
    ours, plain = topical.topical_figures()
    assert ours["topical.ndcg_10_at_2"] == ours["topical.development.ndcg_10_at_2"] == 1.0
    assert ours["topical.ndcg_10_at_4"] == pytest.approx(1.0)
    held_out = plain["fts5_bm25.ndcg_10_at_4"]
    assert held_out is not None
    assert 0.5 < held_out <= 1.0
    assert ours["topical.ndcg_10_at_6"] is plain["fts5_bm25.ndcg_10_at_6"] is None


def test_without_a_table_there_are_no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AEI_BENCH_NAMES", raising=False)
    ours, plain = topical.topical_figures()
    assert set(ours.values()) == set(plain.values()) == {None}
    assert {"topical.ndcg_10_at_10k", "topical.ndcg_10_at_100k"} <= set(ours)


def test_a_catalogue_holds_the_most_installed_and_no_made_up_categories(table: Path) -> None:
    chosen = topical.most_installed(table, 5)
    assert [each.id.partition(".")[2] for each in chosen][:4] == ["tenacity", "limits", "unknown", "backoff"]
    assert all(each.manifest["categories"] == [] for each in chosen)


def test_what_the_peer_finds_has_a_word_of_the_query(table: Path) -> None:
    with topical.plain_bm25(topical.most_installed(table, 5)) as find:
        assert set(find("retry (now)", 10)) == {"catalogue.tenacity", "catalogue.backoff"}
