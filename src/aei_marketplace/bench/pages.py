"""How fast the marketplace's pages are in a large catalogue, what they weigh, how soon one installs."""

import asyncio
import http.client
import random
import re
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from aei_marketplace.bench.calls import Caller, until_listed
from aei_marketplace.bench.execute import published_examples
from aei_marketplace.bench.report import Result, percentile
from aei_marketplace.bench.running import marketplace, workplace
from aei_marketplace.bench.search import table_of, until_built
from aei_marketplace.catalog.rules.loading import Loaded, read_listings
from aei_marketplace.commands.catalogue import load_into
from aei_marketplace.settings import load_settings

SIZE, QUICK_SIZE = 100_000, 5_000
TIMES, QUICK_TIMES = 400, 100
#: An example whose release is compiled and asks for nothing, with a README as authors write them.
PLUGIN = "studio.langid"
_WISHES: tuple[dict[str, str], ...] = (
    {}, {}, {"kind": "tool"}, {"category": "data", "price": "free"}, {"sort": "updated"},
    {"permission": "none", "sort": "installs"}, {"compatible_with": "2.3.1", "kind": "agent"},
)  # fmt: skip
_TABS = ("", "?tab=versions", "?tab=permissions", "?tab=dependencies", "?tab=proof")
_FILES = re.compile(rb'(?:src|href)="(/static/[^"#]+)')


class Visitor:
    """Opens pages as a browser does, one after the other over one connection."""

    def __init__(self, url: str, token: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
        self._headers = {
            "Accept": "text/html",
            "Accept-Encoding": "gzip",
            "Authorization": f"Bearer {token}",
        }

    def open(self, path: str) -> bytes:
        """The bytes that came over the wire.

        Raises:
            RuntimeError: the answer was not a success.
        """
        self._connection.request("GET", path, headers=self._headers)
        response = self._connection.getresponse()
        content = response.read()
        if response.status != 200:
            raise RuntimeError(f"{path} answered {response.status}")
        return content

    def time(self, paths: Sequence[str]) -> list[float]:
        """Milliseconds of each page."""
        taken = []
        for path in paths:
            began = time.perf_counter()
            self.open(path)
            taken.append((time.perf_counter() - began) * 1000)
        return taken

    def weigh(self, path: str) -> int:
        """The bytes of a page with all that it loads, once each."""
        page = self.open(path)
        files = {found.decode() for found in _FILES.findall(page)}
        return len(page) + sum(len(self.open(file)) for file in sorted(files))


def measure(quick: bool) -> Result:
    """Fill a catalogue, then browse, search, filter and read listings in it; install one plugin."""
    size, times = (QUICK_SIZE, QUICK_TIMES) if quick else (SIZE, TIMES)
    with workplace() as folder:
        data = folder / "data"
        listings = _filled(folder, data, size)
        with marketplace(data) as running:  # a fresh process builds its index from all
            caller = Caller(running.url, running.tokens["admin"])
            for example in published_examples():
                until_listed(caller, example)  # what is still compiled would take the cores that are measured
            until_built(caller)
            visitor = Visitor(running.url, running.tokens["admin"])
            drawn = random.Random(7)  # noqa: S311 the same pages in each run
            searched = [_wish(drawn, listings) for _ in range(times)]
            read = [_listing(drawn, listings) for _ in range(times)]
            visitor.time([*searched[:10], *read[:10]])  # templates are compiled when they are first used
            figures: dict[str, float | int | None] = {
                "catalogue": len(listings),
                "marketplace.p95_ms": percentile(visitor.time(searched), 0.95),
                "listing.p95_ms": percentile(visitor.time(read), 0.95),
                "weight_kb": max(map(visitor.weigh, ("/marketplace", f"/marketplace/{PLUGIN}"))) / 1000,
                "install_s": _install_s(Caller(running.url, caller.token)),
            }
    return Result("pages", figures)


def _filled(folder: Path, data: Path, size: int) -> list[Loaded]:
    table = table_of(folder, size)
    with marketplace(data):
        asyncio.run(load_into(load_settings({"data": data}), table, size))
    return list(read_listings(table.read_text("utf-8", errors="replace").splitlines(), size))


def _wish(drawn: random.Random, listings: Sequence[Loaded]) -> str:
    """A third browses, a third looks for words, a third types a name's beginning."""
    wanted, about = dict(drawn.choice(_WISHES)), drawn.choice(listings)
    words = [word for word in str(about.manifest["description"]).split() if word.isalpha()]
    name = about.id.partition(".")[2]
    match drawn.randrange(3):
        case 1 if words:
            wanted["q"] = " ".join(drawn.sample(words, min(2, len(words))))[:100]
        case 2:
            wanted["q"] = name[: drawn.randint(1, len(name))]
    return "/marketplace?" + urlencode(wanted)


def _listing(drawn: random.Random, listings: Sequence[Loaded]) -> str:
    """One in four is of the example, whose README is rendered."""
    plugin_id = PLUGIN if drawn.randrange(4) == 0 else drawn.choice(listings).id
    return f"/marketplace/{plugin_id}{drawn.choice(_TABS)}"


def _install_s(caller: Caller) -> float:
    began = time.perf_counter()
    caller.install(PLUGIN)
    return time.perf_counter() - began
