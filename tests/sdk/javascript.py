"""Tests that build JavaScript need Node.js, as its authors do; without it they are skipped and say so."""

import pytest

from aei_sdk.builder.node import find_node
from aei_sdk.errors import ToolchainMissing


def _missing() -> str:
    try:
        find_node()
    except ToolchainMissing as missing:
        return f"{missing.title}: {missing.advice}"
    return ""


needs_node = pytest.mark.skipif(bool(_missing()), reason=_missing() or "Node.js is there")
