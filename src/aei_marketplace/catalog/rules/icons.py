"""Icons of releases: what the gate lets pass, and where it is served."""

from dataclasses import dataclass
from enum import StrEnum

from aei_inspection.gate import Icon as Entry
from aei_marketplace.catalog.rules.states import ReleaseState

#: Before the sha256 of the release's package.
WAY = "/icons/"


class IconKind(StrEnum):
    """What an icon is, as the gate checked it."""

    PNG = "png"
    SVG = "svg"

    @property
    def media_type(self) -> str:
        """As HTTP names it."""
        return "image/png" if self is IconKind.PNG else "image/svg+xml"


@dataclass(frozen=True, slots=True)
class Icon:
    """A release's picture."""

    kind: IconKind
    content: bytes


def icon_of(entry: Entry | None) -> Icon | None:
    """The icon of a package that the gate accepted."""
    return None if entry is None else Icon(IconKind(entry.name.rpartition(".")[2]), entry.content)


def icon_path(package_sha256: str, state: ReleaseState, *, there: bool) -> str | None:
    """Where a release's icon is served; None where there is none, or its content was taken away."""
    return f"{WAY}{package_sha256}" if there and state is not ReleaseState.REMOVED else None
