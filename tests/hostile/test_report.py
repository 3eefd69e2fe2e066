"""The figures and the page of the experiment."""

from pathlib import Path

import pytest

from aei_marketplace.bench.hostile.attempt import Case
from aei_marketplace.bench.hostile.bench import figures
from aei_marketplace.bench.hostile.evidence import Leak
from aei_marketplace.bench.hostile.experiment import QUIET, Found, welch_t
from aei_marketplace.bench.hostile.page import write_page
from aei_marketplace.bench.hostile.rounds import FLOOD, HOSTILE, Rounds
from aei_marketplace.bench.hostile.seeded import SeededLeak
from aei_marketplace.bench.report import Result

#: The names that are fixed, so that figures can be followed over time.
FIXED = (
    "cases", "as_expected", "canaries_seen", "benign_failed", "benign_p95_ratio", "seeded_leaks",
    "seeded_leaks_found",
)  # fmt: skip


@pytest.fixture
def found() -> Found:
    """Three cases: one as expected, one not, one never tried."""
    cases = [Case(id, "a behaviour | with a bar", "held", ()) for id in ("A01", "A02", "A03")]
    rounds = Rounds(None, cases)  # type: ignore[arg-type]
    for id in ("A01", "A02"):
        rounds.accounts[id].tries = 2
        rounds.accounts[id].words["executed"]["cpu_limit"] += 2
    rounds.accounts["A02"].complaints["executed: ok instead of cpu_limit"] += 1
    load = {
        "phases": {
            QUIET: {"milliseconds": [10.0] * 100, "failures": []},
            HOSTILE: {"milliseconds": [15.0] * 90, "failures": ["north: 500 <b>\n"]},
            FLOOD: {"milliseconds": [15.0] * 10, "failures": []},
        }
    }
    leak = Leak("north's secret", "hex", "south", "answer GET /x")
    seeded = [SeededLeak("one", True, "it"), SeededLeak("two", False, "nothing")]
    samples = {"secret existing": [], "secret absent": [], "plugin existing": [], "plugin absent": []}
    return Found(rounds, [leak], seeded, load, samples, {"answer": 7}, 1_000_000, 60.0)


def test_the_fixed_figures_count_what_was_found(found: Found) -> None:
    told = figures(found)
    assert {name: told[name] for name in FIXED} == {
        "cases": 3,
        "as_expected": 1,
        "canaries_seen": 1,
        "benign_failed": 1,
        "benign_p95_ratio": 1.5,
        "seeded_leaks": 2,
        "seeded_leaks_found": 1,
    }
    assert told["not_run"] == 1


def test_the_page_tells_every_case_and_all_that_was_not_as_expected(found: Found, tmp_path: Path) -> None:
    write_page(tmp_path / "page.md", found, Result("hostile", figures(found)))
    page = (tmp_path / "page.md").read_text("utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| A0")]
    assert [row.rsplit(" | ", 1)[1] for row in rows] == ["as expected |", "**no** |", "**not run** |"]
    assert "a behaviour \\| with a bar" in rows[0]
    for told in ("A02 executed: ok instead of cpu_limit", "north's secret (hex)", "north: 500 &lt;b>"):
        assert told in page


def test_welchs_t_grows_with_the_difference_and_has_no_value_without_spread() -> None:
    assert welch_t([1.0, 2.0, 3.0], [1.0, 2.0, 3.0]) == 0
    assert welch_t([10.0, 11.0, 12.0], [1.0, 2.0, 3.0]) == pytest.approx(11.0227, abs=1e-3)
    assert welch_t([1.0, 1.0], [2.0, 2.0]) is None
    assert welch_t([1.0], [2.0, 3.0]) is None
