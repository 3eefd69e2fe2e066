"""Whether who describes what they need finds what an expert would name.

Queries and grades stand in `judged_queries.txt`; names, summaries and ranks in the table that
`AEI_BENCH_NAMES` names, without which there is nothing to judge. Beside our search stands SQLite's FTS5 with
its own bm25 over the same names and summaries.

`python -m aei_marketplace.bench.topical` shows what the queries for development find, the worst first.
"""

import os
import random
import re
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import fmean

from aei_marketplace.bench.judging import Halves, Judged, ndcg, read_judged
from aei_marketplace.catalog.rules.loading import NAMESPACE, Loaded, read_listings
from aei_marketplace.catalog.service.trial_index import Find, trial_index

DEPTH = 10
SIZES = {"10k": 10_000, "100k": 100_000}
_JUDGED = Path(__file__).with_name("judged_queries.txt")
_WORDS = "create virtual table words using fts5 (id unindexed, name, summary, tokenize = 'porter')"
_BEST = "select id from words where words match ? order by bm25(words) limit ?"

Figures = dict[str, float | int | None]
Search = Callable[[Sequence[Loaded]], AbstractContextManager[Find]]


def topical_figures() -> tuple[Figures, Figures]:
    """The mean nDCG@10 of our search and of plain bm25, for the queries held out and those for development.

    None without a table, and where it has not so many names.
    """
    named, halves = os.environ.get("AEI_BENCH_NAMES"), judged_queries()
    listings = most_installed(Path(named), max(SIZES.values())) if named else []
    ours, plain = Figures(), Figures()
    for size, many in SIZES.items():
        catalogue = listings[:many] if len(listings) >= many else []
        ours |= _figures(f"topical.{{}}ndcg_10_at_{size}", trial_index, catalogue, halves)
        plain |= _figures(f"fts5_bm25.{{}}ndcg_10_at_{size}", plain_bm25, catalogue, halves)
    return ours, plain


def judged_queries() -> Halves:
    """Those that stand beside this file."""
    return read_judged(_JUDGED.read_text("utf-8").splitlines())


def most_installed(table: Path, limit: int) -> list[Loaded]:
    """All names with a rank, the most downloaded first, then others that are drawn from the rest.

    Their categories are left out: they are drawn by chance, and would be found as words.

    Args:
        limit: how many; of more that have a rank some would be missing.
    """
    head, *lines = table.read_text("utf-8", errors="replace").splitlines()
    random.Random(5).shuffle(lines)  # noqa: S311 the same catalogue in each run
    chosen = sorted(read_listings([head, *lines], limit), key=lambda listing: -listing.installs)
    return [replace(listing, manifest={**listing.manifest, "categories": []}) for listing in chosen]


@contextmanager
def plain_bm25(listings: Sequence[Loaded]) -> Iterator[Find]:
    """Full-text search as SQLite brings it: any of the words, the best bm25 first."""
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute(_WORDS)
        rows = ((each.id, each.manifest["name"], each.manifest["description"]) for each in listings)
        database.executemany("insert into words values (?, ?, ?)", rows)

        def find(query: str, limit: int) -> list[str]:
            any_word = " OR ".join(f'"{word}"' for word in re.findall(r"\w+", query))
            return [id for (id,) in database.execute(_BEST, [any_word, limit])]

        yield find


def each_ndcg(find: Find, judged: Sequence[Judged], listings: Sequence[Loaded]) -> dict[str, float]:
    """The nDCG of every query for which something right is in the catalogue."""
    names = [_own(listing.id) for listing in listings]
    possible = [each.among(names) for each in judged]
    return {
        each.query: ndcg([_own(id) for id in find(each.query, DEPTH)], each, DEPTH)
        for each in possible
        if each.grades
    }


def _figures(key: str, search: Search, listings: Sequence[Loaded], halves: Halves) -> Figures:
    with search(listings) as find:
        held_out = each_ndcg(find, halves.held_out, listings)
        development = each_ndcg(find, halves.development, listings)
    return {
        key.format(""): fmean(held_out.values()) if held_out else None,
        key.format("development."): fmean(development.values()) if development else None,
    }


def _own(id: str) -> str:
    return id.removeprefix(f"{NAMESPACE}.")


def _show_development() -> None:
    listings = most_installed(Path(os.environ["AEI_BENCH_NAMES"]), max(SIZES.values()))
    for size, many in SIZES.items():
        with trial_index(listings[:many]) as find:
            shares = each_ndcg(find, judged_queries().development, listings[:many])
            for query, share in sorted(shares.items(), key=lambda item: item[1]):
                print(f"{size:>5} {share:.2f} {query}: {' '.join(map(_own, find(query, DEPTH)))}")


if __name__ == "__main__":
    _show_development()
