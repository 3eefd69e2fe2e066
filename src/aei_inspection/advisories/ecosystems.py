"""The ecosystems that advisories are matched in, and when two names are one package there."""

import re
from enum import StrEnum

LONGEST_NAME = 512
_RUNS = re.compile(r"[-_.]+")
#: In the paths of a Go module proxy, an exclamation mark stands before a letter that is a capital.
_GO_CAPITAL = re.compile(r"!([a-z])")


class Ecosystem(StrEnum):
    """As OSV spells them (OSV schema 1.7, `affected[].package`)."""

    PYPI = "PyPI"
    NPM = "npm"
    CRATES = "crates.io"
    GO = "Go"


_BY_NAME = {ecosystem.lower(): ecosystem for ecosystem in Ecosystem}


def read_ecosystem(text: str) -> Ecosystem | None:
    """The ecosystem of an OSV name, of which a suffix (`Go:1.21`) says nothing here; None for others."""
    return _BY_NAME.get(text.partition(":")[0].strip().lower())


def normal_name(ecosystem: Ecosystem, name: str) -> str:
    """One spelling for all names of a package.

    PyPI: PEP 503. Crates take `-` and `_`, small and capital letters for one another. npm tells capital
    letters apart, in names from before 2017 alone; they are folded here, and `matching` is less sure where
    the letters differ. Go module paths stand as they are, without the escapes of module proxies.
    """
    stripped = name.strip()
    match ecosystem:
        case Ecosystem.PYPI:
            return _RUNS.sub("-", stripped).lower()
        case Ecosystem.CRATES:
            return stripped.replace("_", "-").lower()
        case Ecosystem.NPM:
            return stripped.replace("%40", "@").lower()
        case Ecosystem.GO:
            return _GO_CAPITAL.sub(lambda found: found[1].upper(), stripped.rstrip("/"))


def same_name(ecosystem: Ecosystem, one: str, other: str) -> bool:
    """Whether two names with one normal spelling are one package for sure."""
    return ecosystem is not Ecosystem.NPM or one.replace("%40", "@") == other.replace("%40", "@")
