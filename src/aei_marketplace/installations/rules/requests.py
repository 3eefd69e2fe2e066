"""What somebody who may install asks for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aei_inspection.versions import parse_version
from aei_marketplace.installations.errors import AlreadyAtVersion, NotAsSeen

JsonObject = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Along:
    """A plugin that comes along, as the caller read it in the plan.

    Attributes:
        grants: what to grant it; None grants nothing new.
    """

    version: str
    grants: JsonObject | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """An installation or an update as it is asked for; None where nothing was said.

    Attributes:
        version: an exact version, to which the installation is pinned.
        channel: `stable` or `preview`, followed when no version is named.
        grants: what to grant; absent, nothing is granted (or what was stays).
        along: what comes along, by plugin id, as the plan says; absent, the plugin is installed alone.
        seen: the version that whoever asks has looked at: another one is refused.
    """

    version: str | None = None
    channel: str | None = None
    grants: JsonObject | None = None
    config: JsonObject | None = None
    along: Mapping[str, Along] | None = None
    seen: str | None = None


def check_is_change(present: str, wanted: str, *, named: bool) -> None:
    """Whether going from one version to another is an update that was meant.

    Args:
        named: the caller named the version; only then is an older one meant.

    Raises:
        AlreadyAtVersion: it is the same, or the channel offers nothing newer.
    """
    if present == wanted:
        raise AlreadyAtVersion(f"Version {present} is installed.")
    if not named and not is_newer(wanted, present):
        raise AlreadyAtVersion(f"Version {present} is installed, and the channel offers {wanted}.")


def check_is_seen(wanted: str, seen: str | None) -> None:
    """Whether a version is the one that whoever asks has looked at.

    Raises:
        NotAsSeen: another one is offered by now.
    """
    if seen is not None and wanted != seen:
        raise NotAsSeen(f"Version {wanted} is offered now; you were shown {seen}.")


def is_newer(one: str, other: str) -> bool:
    """Whether a version comes after another, by the precedence of SemVer 2.0.0."""
    return bool(parse_version(one) > parse_version(other))
