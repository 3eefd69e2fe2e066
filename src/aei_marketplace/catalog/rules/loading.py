"""Listings made of names and summaries, for tests and benchmarks: no package stands behind them."""

import hashlib
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

NAMESPACE = "catalogue"
VERSION = "1.0.0"
_LONGEST_NAME, _LONGEST_SUMMARY = 63, 200
_KINDS = ("agent", "tool", "tool", "tool", "model", "scanner")
_CATEGORIES = ("writing", "language", "web", "data", "productivity", "security", "development", "media")
_PERMISSIONS: tuple[dict[str, Any], ...] = (
    {}, {}, {},
    {"network": {"hosts": ["api.catalogue.example"], "reason": "reads what it is asked for"}},
    {"filesystem": {"scratch_mib": 16, "reason": "sorts what is larger than memory"}},
    {"models": {"chat": ["*"], "reason": "asks a model"}},
)  # fmt: skip
_RANGES = (">=1.0.0 <3.0.0", ">=1.0.0", "^2.0.0", "^2.3.0", "^3.0.0")
_PAID = {"model": "one_time", "currency": "USD", "amount_minor": 500}


@dataclass(frozen=True, slots=True)
class Loaded:
    """One listing to be loaded.

    Attributes:
        installs: large for names that many people load, else none.
    """

    id: str
    manifest: Mapping[str, Any]
    installs: int


def read_listings(lines: Sequence[str], limit: int) -> Iterator[Loaded]:
    """The first listings of a table whose columns are parted by tabs; those with a rank before all others.

    Args:
        lines: a head line that names `name`, `summary` and perhaps `rank…` (1 is loaded most), then rows.
            Names that are none here, or come twice, are left out.

    Raises:
        ValueError: the head line names no `name` or no `summary`.
    """
    head = lines[0].rstrip("\n").split("\t") if lines else []
    if "name" not in head or "summary" not in head:
        raise ValueError("the first line must name the columns `name` and `summary`, parted by tabs")
    at = _Columns(len(head), head.index("name"), head.index("summary"), _rank_column(head))
    seen: set[str] = set()
    for ranked in (True, False):
        for line in lines[1:]:
            row = at.read(line)
            if row is None or bool(row.rank) is not ranked or row.own in seen:
                continue
            seen.add(row.own)
            yield _listing(row)
            if len(seen) >= limit:
                return


class _Row(NamedTuple):
    own: str
    name: str
    summary: str
    rank: int


class _Columns(NamedTuple):
    width: int
    name: int
    summary: int
    rank: int | None

    def read(self, line: str) -> _Row | None:
        """A row whose name can be one here."""
        cells = line.rstrip("\n").split("\t")
        own = _own_name(cells[self.name]) if len(cells) == self.width else ""
        if not own:
            return None
        rank = "" if self.rank is None else cells[self.rank]
        return _Row(own, cells[self.name], cells[self.summary], int(rank) if rank.isdigit() else 0)


def _rank_column(head: Sequence[str]) -> int | None:
    return next((i for i, column in enumerate(head) if column.startswith("rank")), None)


def _own_name(name: str) -> str:
    own = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    return own if re.fullmatch(r"[a-z][a-z0-9-]*", own) and len(own) <= _LONGEST_NAME else ""


def _listing(row: _Row) -> Loaded:
    """Kind, categories and the like are drawn from the name, so that each load gives the same."""
    own, name, summary, rank = row
    drawn = hashlib.sha256(own.encode()).digest()
    manifest = {
        "manifest_version": 1,
        "id": f"{NAMESPACE}.{own}",
        "version": VERSION,
        "name": name[:_LONGEST_NAME],
        "description": _one_line(summary) or name[:_LONGEST_NAME],
        "author": {"name": "Catalogue"},
        "kind": _KINDS[drawn[0] % len(_KINDS)],
        "categories": sorted({_CATEGORIES[drawn[i] % len(_CATEGORIES)] for i in (1, 2)}),
        "license": "Apache-2.0",
        "compatibility": {"aei": _RANGES[drawn[3] % len(_RANGES)]},
        "permissions": _PERMISSIONS[drawn[4] % len(_PERMISSIONS)],
        "pricing": _PAID if drawn[5] % 8 == 0 else {"model": "free"},
    }
    installs = int(2_000_000 / rank**0.8) if rank else drawn[6] % 4
    return Loaded(f"{NAMESPACE}.{own}", manifest, installs)


def _one_line(summary: str) -> str:
    shown = "".join(c for c in summary if unicodedata.category(c)[0] != "C")
    return " ".join(shown.split())[:_LONGEST_SUMMARY]
