"""Badges: a word and a value, and the colour that goes with it."""

from dataclasses import dataclass
from enum import StrEnum

from aei_marketplace.catalog.rules.states import DOUBTED, STOPPED
from aei_marketplace.catalog.rules.views import PluginView

GOOD, PLAIN, DOUBTFUL, BAD = "#2e7d32", "#546e7a", "#8d6e00", "#b3261e"


class BadgeKind(StrEnum):
    """What a badge shows."""

    VERSION = "version"
    CERTIFIED = "certified"
    RATING = "rating"


@dataclass(frozen=True, slots=True)
class Badge:
    """A badge.

    Attributes:
        colour: of the ground behind the value, as CSS has it; white is read on it.
    """

    label: str
    value: str
    colour: str


def badge_of(plugin: PluginView, kind: BadgeKind) -> Badge:
    """A plugin's badge."""
    match kind:
        case BadgeKind.VERSION:
            return _version(plugin)
        case BadgeKind.RATING:
            return _rating(plugin)
        case BadgeKind.CERTIFIED:
            return Badge("certified", "yes", GOOD) if plugin.certified else Badge("certified", "no", PLAIN)


def _version(plugin: PluginView) -> Badge:
    if plugin.latest_state in STOPPED:
        return Badge("version", f"{plugin.latest_version}, {plugin.latest_state}", BAD)
    if plugin.latest_state in DOUBTED:
        return Badge("version", f"{plugin.latest_version}, {plugin.latest_state}", DOUBTFUL)
    return Badge("version", plugin.latest_version, GOOD)


def _rating(plugin: PluginView) -> Badge:
    if not plugin.rating_count:
        return Badge("rating", "none yet", PLAIN)
    average = plugin.rating_sum / plugin.rating_count
    colour = GOOD if average >= 4 else DOUBTFUL if average >= 2.5 else BAD
    return Badge("rating", f"{average:.1f} of 5 ({plugin.rating_count})", colour)
