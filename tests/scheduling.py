"""Which tests share a process when several run at once, and which begin first."""

import pytest
from xdist.scheduler import LoadScopeScheduling

#: What takes minutes: what begins last keeps the other processes waiting.
_LONGEST = ("tests/browser/", "tests/flows/", "tests/sdk/", "tests/launcher/", "tests/hostile/")
#: Folders whose tests share a marketplace, and the one file that starts another.
_SHARING = ("tests/browser", "tests/flows")
_ALONE = ("tests/flows/test_certification.py",)


class Scheduling(LoadScopeScheduling):
    """Tests of a file run in one process, in order; those that share a marketplace do so together.

    The groups that pytest-xdist offers for this are not seen under pytest 9.2, which keeps the name of a test
    elsewhere.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        folder = file.rpartition("/")[0]
        return folder if folder in _SHARING and file not in _ALONE else file


def longest_first(items: list[pytest.Item]) -> None:
    """Sort by folder what takes longest to the front; tests of a folder keep their order."""
    items.sort(key=lambda item: _rank(item.nodeid))


def _rank(nodeid: str) -> int:
    return next((rank for rank, folder in enumerate(_LONGEST) if nodeid.startswith(folder)), len(_LONGEST))
