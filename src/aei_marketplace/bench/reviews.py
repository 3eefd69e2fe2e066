"""How soon a plugin with many reviews is read, a long queue is moderated, and a copied text is found.

Reviews are written by the database itself. One in fifty says one of a few hundred texts, so that a text has
copies; the others have signatures of chance, as unrelated texts have.
"""

import asyncio
import random
import time
from dataclasses import dataclass, replace
from pathlib import Path

import asyncpg
from sqlalchemy import text

from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.adapters.queue import PostgresQueue
from aei_marketplace.bench.calls import Caller, until_listed
from aei_marketplace.bench.execute import published_examples
from aei_marketplace.bench.pages import PLUGIN, Visitor
from aei_marketplace.bench.report import Result, percentile
from aei_marketplace.bench.running import marketplace, workplace
from aei_marketplace.ground.db import open_database
from aei_marketplace.ground.work import Work, Works
from aei_marketplace.reviews import service
from aei_marketplace.reviews.rules import likeness
from aei_marketplace.reviews.service.examining import find_similar
from aei_marketplace.settings import load_settings
from aei_marketplace.wiring import database_urls

_FILL = Path(__file__).with_name("reviews.sql")
#: So many texts are said again and again.
COPIED = 500
_LISTING = (f"/marketplace/{PLUGIN}?tab=reviews", f"/marketplace/{PLUGIN}?tab=reviews&order=helpful")
_QUEUE = ("/marketplace/moderation", "/marketplace/moderation?flag=links")


@dataclass(frozen=True)
class Sizes:
    """How much there is.

    Attributes:
        listing: published reviews of one plugin.
        queue: reviews that wait.
        reviews: all of them.
        times: how often each thing is done.
    """

    listing: int
    queue: int
    reviews: int
    times: int


FULL, QUICK = Sizes(10_000, 50_000, 1_000_000, 300), Sizes(2_000, 5_000, 50_000, 60)


def measure(quick: bool) -> Result:
    """Fill a marketplace with reviews, open listing and queue as pages, and look for copies of texts."""
    sizes = QUICK if quick else FULL
    with workplace() as folder:
        data = folder / "data"
        with marketplace(data) as running:
            caller = Caller(running.url, running.tokens["admin"])
            for example in published_examples():
                until_listed(caller, example)  # what is still compiled would take the cores that are measured
            urls = database_urls(load_settings({"data": data}))
            said = texts(COPIED)
            asyncio.run(fill(urls, sizes, said))
            reader = Visitor(running.url, running.tokens["admin"])
            staff = Visitor(running.url, running.tokens["operator"])
            figures: dict[str, float | int | None] = {
                "reviews": sizes.reviews,
                "listing.p95_ms": _p95(reader, _LISTING, sizes.times),
                "queue.p95_ms": _p95(staff, _QUEUE, sizes.times),
                **asyncio.run(look_for_copies(urls, said, sizes.times)),
            }
    return Result("reviews", figures)


async def fill(urls: DatabaseUrls, sizes: Sizes, said: list[str]) -> None:
    """Write the reviews, and count what they come to."""
    connection = await asyncpg.connect(urls.owner)
    try:
        await connection.execute(
            "create temp table said (n int primary key, text text, signature bytea, bands bigint[])"
        )
        await connection.copy_records_to_table(
            "said", records=[_signed(n, one) for n, one in enumerate(said)]
        )
        numbers = {
            "listing": sizes.listing,
            "queue": sizes.queue,
            "reviews": sizes.reviews,
            "said": len(said),
        }
        for name, value in {**numbers, "plugin": PLUGIN}.items():
            await connection.execute("select set_config('bench.' || $1, $2, false)", name, str(value))
        await connection.execute(_FILL.read_text("utf-8"))
        # As the database does by itself some minutes after so much was written.
        await connection.execute("vacuum analyze reviews")
        await connection.execute("vacuum analyze review_flags")
    finally:
        await connection.close()
    async with open_database(urls.app, urls.system, size=2) as database:
        await service.rate_plugin(Works(database, PostgresQueue()), PLUGIN, "bench")


async def look_for_copies(urls: DatabaseUrls, said: list[str], times: int) -> dict[str, float]:
    """How soon texts like one are found, for copies with a few words changed and for texts of their own.

    Returns:
        Milliseconds, and the share of the copies that were found.
    """
    taken, found = list[float](), 0
    copies, own = [_changed(one) for one in said[:times]], texts(times, seed=29)
    async with open_database(urls.app, urls.system, size=2) as database:
        works = Works(database, PostgresQueue())
        for words in (*copies, *own):
            async with works.system("bench") as work:
                one = await _some_review(work, words)
                began = time.perf_counter()
                similar = await find_similar(work, one)
                taken.append((time.perf_counter() - began) * 1000)
                found += bool(similar)
    return {"near_duplicate.p95_ms": percentile(taken, 0.95), "near_duplicate.found": found / len(copies)}


def texts(many: int, seed: int = 11) -> list[str]:
    """Made-up texts of 20 to 120 words, the same in each run."""
    drawn = random.Random(seed)  # noqa: S311 the same texts in each run
    words = ["".join(drawn.choices("aeioubcdfghklmnprst", k=drawn.randint(2, 9))) for _ in range(3_000)]
    return [" ".join(drawn.choices(words, k=drawn.randint(20, 120))) for _ in range(many)]


async def _some_review(work: Work, words: str) -> service.Review:
    """A review that is there, as if it said something else; the row itself says what it said."""
    found = (await work.run(text("select id from reviews order by id desc limit 1"))).scalar_one()
    return replace((await service.find_waiting(work, found)).review, text=words, plugin_id="bench.other")


def _p95(visitor: Visitor, paths: tuple[str, ...], times: int) -> float:
    visitor.time(paths * 5)  # templates are compiled when they are first used
    return percentile(visitor.time([paths[number % len(paths)] for number in range(times)]), 0.95)


def _signed(number: int, words: str) -> tuple[int, str, bytes, list[int]]:
    signature = likeness.sign(words)
    assert signature is not None, "the texts are long enough"
    return number, words, signature, likeness.bands(signature)


def _changed(words: str) -> str:
    """The same with one word in twenty left out."""
    return " ".join(word for place, word in enumerate(words.split()) if place % 20 != 7)
