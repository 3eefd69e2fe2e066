"""The walls around native code: what holds when a guest has broken out of WebAssembly.

Each wall is one function that either stands or raises OSError. Which ones stood is recorded with
every execution.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from aei_protocol.walls import REQUIRED_WALLS

#: Every wall there is, in the order in which they are built.
ALL = (
    "clean_env",
    "no_writable_code",
    "identity",
    "namespaces",
    "empty_root",
    "no_new_privs",
    "dumpable",
    "pdeathsig",
    "landlock",
    "closed_fds",
    "rlimits",
    "seccomp",
)


@dataclass(slots=True)
class Walls:
    """The walls of one process as they were built."""

    standing: list[str] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)

    def build(self, name: str, raise_wall: Callable[[], None]) -> bool:
        """Build one wall and remember whether it stands."""
        try:
            raise_wall()
        except (OSError, ValueError) as error:
            self.missing[name] = str(error)
            return False
        self.standing.append(name)
        return True


def missing_required(standing: Iterable[str]) -> tuple[str, ...]:
    """The required walls that do not stand."""
    present = set(standing)
    return tuple(name for name in REQUIRED_WALLS if name not in present)
