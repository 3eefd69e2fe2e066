"""What is wrong with a package, said once for people and once for programs."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong.

    Attributes:
        code: the kind, stable, for programs: `duplicate_entry`, `unknown_key`, …
        pointer: where: a JSON pointer into the manifest (`/permissions/network/hosts/0`), or
            `archive:/path` for an entry of the archive (`archive:/` for the archive itself).
        message: what is wrong and what to do about it.
    """

    code: str
    pointer: str
    message: str

    def __str__(self) -> str:
        return f"{self.pointer or '/'}: {self.message} [{self.code}]"


class PackageRefused(Exception):
    """The package, or a part of it, can't be accepted; `problems` holds every reason that was found."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__("; ".join(str(p) for p in self.problems[:5]))


def refuse(code: str, pointer: str, message: str) -> PackageRefused:
    """The refusal for a single problem, to be raised."""
    return PackageRefused([Problem(code, pointer, message)])


def entry_pointer(name: str) -> str:
    """The pointer of an archive's entry; `archive:/` for the archive itself."""
    return f"archive:/{shown(name)}"


def shown(text: str, longest: int = 120) -> str:
    """Foreign text made safe to show: control, invisible and direction-changing characters escaped, cut."""
    cut = text if len(text) <= longest else text[:longest] + "…"
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape", "replace").decode("ascii") for c in cut
    )


def json_pointer(path: Iterable[str | int]) -> str:
    """RFC 6901 pointer of a path of keys and indices; keys are made safe to show."""
    return "".join("/" + shown(str(step)).replace("~", "~0").replace("/", "~1") for step in path)
