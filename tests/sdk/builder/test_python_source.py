"""Finding uses of what a manifest does not open."""

import pytest

from aei_protocol.interface import ALWAYS
from aei_sdk.builder.python_source import unopened_uses


def uses(source: str, *opened: str) -> list[str]:
    return [
        fault.message.split()[0]
        for fault in unopened_uses({"plugin.py": source.encode()}, (*ALWAYS, *opened))
    ]


@pytest.mark.parametrize(
    "source",
    [
        "from aei import http",
        "import aei.http",
        "from aei.http import fetch",
        "import aei\naei.http.fetch('')",
    ],
)
def test_each_way_to_reach_a_module_is_seen(source: str) -> None:
    assert uses(source) == ["aei.http"]
    assert uses(source, "http") == []


@pytest.mark.parametrize(
    "source",
    [
        "import aei\naei.log.info('x')",
        "from aei import Failed",
        "x.http.fetch",
        "import http",
        "from other import http",
    ],
)
def test_what_is_open_or_somebody_elses_is_left_alone(source: str) -> None:
    assert uses(source) == []


@pytest.mark.parametrize("source", ["def run(:", "\x00", "match x:\n  case {**}: pass"])
def test_a_source_that_cannot_be_read_is_left_to_the_compiler(source: str) -> None:
    assert uses(source) == []


def test_files_that_are_no_python_are_left_alone() -> None:
    assert unopened_uses({"words.txt": b"import aei.http"}, ALWAYS) == []
