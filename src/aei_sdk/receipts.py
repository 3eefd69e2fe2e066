"""Reckoning a receipt of usage again: from its runs to the root that the invoice holds."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from aei_protocol.merkle import Tree, leaf_hash


@dataclass(frozen=True, slots=True)
class Reckoned:
    """What billed runs of one currency come to.

    Attributes:
        root: the Merkle root (RFC 6962) over them, in hexadecimal.
        micros: their prices together, in millionths of the major unit.
        runs: how many of them cost something; free ones of a trial are in the tree too.
    """

    currency: str
    root: str
    micros: int
    runs: int

    @property
    def minor(self) -> int:
        """Their prices together in minor units, rounded half up, as an invoice charges them."""
        import iso4217

        each: int = 10 ** (6 - (iso4217.Currency(self.currency).exponent or 0))
        return (2 * self.micros + each) // (2 * each)


def reckon(runs: Iterable[Mapping[str, Any]]) -> list[Reckoned]:
    """Reckon each currency's billed runs; they come in the order of their ids."""
    trees: dict[str, tuple[Tree, list[int]]] = {}
    for run in runs:
        if run["state"] == "billed":
            tree, prices = trees.setdefault(run["currency"], (Tree(), []))
            tree.append(leaf_hash(content(run)))
            prices.append(run["unit_micros"])
    return [
        Reckoned(currency, tree.root().hex(), sum(prices), sum(price > 0 for price in prices))
        for currency, (tree, prices) in sorted(trees.items())
    ]


def content(run: Mapping[str, Any]) -> bytes:
    """What a run's leaf is made of: JSON with sorted keys and no spaces, without its state."""
    shape = {name: value for name, value in run.items() if name != "state"}
    return json.dumps(shape, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
