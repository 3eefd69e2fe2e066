"""How fast plugins are found in a large catalogue over HTTP, and whether the right one comes first.

The names and summaries come from the table that `AEI_BENCH_NAMES` names (columns `name`, `summary`, `rank…`,
parted by tabs); without one they are made up, which says something of speed and nothing of quality.
"""

import asyncio
import os
import random
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlencode

import asyncpg

from aei_marketplace.bench.calls import Caller
from aei_marketplace.bench.report import Result, median, percentile
from aei_marketplace.bench.running import marketplace, workplace
from aei_marketplace.bench.topical import topical_figures
from aei_marketplace.catalog.rules.loading import NAMESPACE, Loaded, read_listings
from aei_marketplace.commands.catalogue import load_into
from aei_marketplace.settings import load_settings
from aei_marketplace.wiring import database_urls

SIZE, QUICK_SIZE = 700_000, 10_000
NAMED, CLIENTS = 3_000, 4
#: A slip in a shorter name is another name.
SHORTEST = 4
_FILTERS: tuple[dict[str, str], ...] = (
    {"kind": "tool"}, {"category": "data"}, {"permission": "none"}, {"price": "free"},
    {"compatible_with": "2.3.1"}, {"kind": "tool", "price": "free", "compatible_with": "2.3.1"},
)  # fmt: skip


def measure(quick: bool) -> Result:
    """Load, wait for the index, search by words with filters and facets, by beginnings, names and slips."""
    size = QUICK_SIZE if quick else SIZE
    with workplace() as folder:
        data, table = folder / "data", table_of(folder, size)
        listings = list(read_listings(table.read_text("utf-8", errors="replace").splitlines(), size))
        with marketplace(data):
            asyncio.run(load_into(load_settings({"data": data}), table, size))
            asyncio.run(_settle(database_urls(load_settings({"data": data})).owner))
        with marketplace(data) as running:  # a fresh process builds its index from all
            caller = Caller(running.url, running.tokens["admin"])
            build_s = until_built(caller)
            figures = _figures(caller, listings, quick)
            visible_ms = _visible_after(caller, data)
        ours, plain = topical_figures()
        counted: dict[str, float | int | None] = {"catalogue": len(listings), **figures}
        return Result(
            "search", {**counted, "visible_after_ms": visible_ms, "build_s": build_s, **ours}, plain
        )


async def _settle(owner: str) -> None:
    """What the database does by itself some minutes after so much was written."""
    connection = await asyncpg.connect(owner)
    try:
        await connection.execute("vacuum analyze")
    finally:
        await connection.close()


def _figures(caller: Caller, listings: Sequence[Loaded], quick: bool) -> dict[str, float]:
    drawn = random.Random(7)  # noqa: S311 the same questions in each run
    questions = [_question(drawn, drawn.choice(listings)) for _ in range(200 if quick else 1000)]
    for _ in range(200):  # who asks a fresh process first waits for what everybody needs
        _ms(caller, _question(drawn, drawn.choice(listings)))
    alone = [_ms(caller, question) for question in questions]
    names = [_own(listing) for listing in sorted(listings, key=lambda listing: -listing.installs)]
    known = [name for name in names[: 300 if quick else NAMED] if len(name) >= SHORTEST]
    typed = [name[: drawn.randint(2, len(name))] for name in drawn.choices(known, k=len(questions))]
    return {
        "query.p50_ms": median(alone),
        "query.p99_ms": percentile(_together(caller, questions), 0.99),
        "prefix.p50_ms": median([_ms(caller, _suggesting(beginning)) for beginning in typed]),
        "exact.success_at_1": _first_right(caller, [(name, name) for name in known]),
        "typo.success_at_1": _first_right(caller, [(name, _slip(drawn, name)) for name in known]),
    }


def _together(caller: Caller, questions: Sequence[str]) -> list[float]:
    def ask(number: int) -> list[float]:
        own = Caller(caller.url, caller.token)
        return [_ms(own, question) for question in questions[number::CLIENTS]]

    with ThreadPoolExecutor(CLIENTS) as threads:
        return [ms for part in threads.map(ask, range(CLIENTS)) for ms in part]


def _question(drawn: random.Random, listing: Loaded) -> str:
    """Two words of a summary, a filter, and facets."""
    words = [word for word in str(listing.manifest["description"]).split() if word.isalpha()]
    asked = " ".join(drawn.sample(words, min(2, len(words)))) or _own(listing)
    wanted = {"q": asked[:100], "facets": "1", "limit": "20", **drawn.choice(_FILTERS)}
    return "/api/plugins?" + urlencode(wanted)


def _suggesting(typed: str) -> str:
    return "/api/plugins/suggestions?" + urlencode({"q": typed})


def _first_right(caller: Caller, asked: Sequence[tuple[str, str]]) -> float:
    right = 0
    for name, typed in asked:
        items = caller.get("/api/plugins?" + urlencode({"q": typed, "limit": 1}))[1]["items"]
        right += bool(items) and items[0]["id"] == f"{NAMESPACE}.{name}"
    return right / len(asked)


def _slip(drawn: random.Random, name: str) -> str:
    """One letter left out, doubled, swapped with the next, or another."""
    at = drawn.randrange(1, len(name) - 1)
    before, letter, after = name[:at], name[at], name[at + 1 :]
    other = drawn.choice([c for c in "abcdefghijklmnopqrstuvwxyz" if c != letter])
    swapped = before + after[0] + letter + after[1:]
    return drawn.choice([before + after, before + letter * 2 + after, swapped, before + other + after])


def _visible_after(caller: Caller, data: Path) -> float:
    """Milliseconds from the commit of a new listing until it is found."""
    table = data.with_suffix(".tsv")
    table.write_text("name\tsummary\nfreshly-added-name\tNobody has seen this one\n", "utf-8")
    asyncio.run(load_into(load_settings({"data": data}), table, 1))
    began = time.perf_counter()
    while not caller.get("/api/plugins?q=freshly-added-name")[1]["total"]:
        time.sleep(0.002)
    return (time.perf_counter() - began) * 1000


def until_built(caller: Caller) -> float:
    """Wait until the index of a fresh process is filled; seconds."""
    began = time.monotonic()
    while caller.get("/api/plugins?limit=1")[0] != 200:
        time.sleep(0.5)
    return time.monotonic() - began


def _ms(caller: Caller, path: str) -> float:
    began = time.perf_counter()
    caller.download(path)  # what becomes of the answer is its reader's time
    return (time.perf_counter() - began) * 1000


def _own(listing: Loaded) -> str:
    return listing.id.removeprefix(f"{NAMESPACE}.")


def table_of(folder: Path, size: int) -> Path:
    """The table that is named, else one of made-up names."""
    if named := os.environ.get("AEI_BENCH_NAMES"):
        return Path(named)
    drawn, table = random.Random(11), folder / "names.tsv"  # noqa: S311 the same names in each run
    words = ["".join(drawn.choices("aeioubcdfghklmnprst", k=drawn.randint(3, 9))) for _ in range(20_000)]
    with table.open("w", encoding="utf-8") as file:
        file.write("name\tsummary\trank\n")
        for number in range(size):
            name = "-".join(drawn.choices(words, k=2)) + str(number)
            rank = number + 1 if number < 15_000 else ""
            file.write(f"{name}\t{' '.join(drawn.choices(words, k=8))}\t{rank}\n")
    return table
