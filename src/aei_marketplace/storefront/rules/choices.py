"""What else an install box offers beside the one action that fits: this very version, the preview channel."""

from collections.abc import Sequence
from dataclasses import dataclass

from aei_marketplace.catalog.rules.states import DOUBTED, OFFERED
from aei_marketplace.catalog.rules.versions import Channel
from aei_marketplace.catalog.rules.views import ReleaseView
from aei_marketplace.installations.rules.actions import ActionKind, PluginAction

_NOT_NOW = {ActionKind.UNDER_WAY, ActionKind.NOT_ALLOWED}


@dataclass(frozen=True, slots=True)
class Choice:
    """A way to the dialog of an installation or an update."""

    label: str
    href: str


def choices_of(
    action: PluginAction, release: ReleaseView, releases: Sequence[ReleaseView]
) -> tuple[Choice, ...]:
    """What can be chosen beside the action.

    Args:
        release: the one that the page shows.
        releases: the plugin's releases, the highest first.
    """
    if action.kind in _NOT_NOW:
        return ()
    found = []
    if release.version not in (action.version, action.installed) and release.state in OFFERED | DOUBTED:
        verb = "update" if action.installed else "install"
        words = "Change to" if action.installed else "Install"
        href = f"/marketplace/{release.plugin_id}/{verb}?version={_quoted(release.version)}"
        found.append(Choice(f"{words} {release.version}…", href))
    if action.installed is None and _has_newer_preview(releases):
        href = f"/marketplace/{release.plugin_id}/install?channel={Channel.PREVIEW}"
        found.append(Choice("Follow the preview channel…", href))
    return tuple(found)


def _has_newer_preview(releases: Sequence[ReleaseView]) -> bool:
    """Whether the preview channel is ahead: where it is not, both channels are one."""
    offered = [release for release in releases if release.state in OFFERED]
    stable = any(release.channel is Channel.STABLE for release in offered)
    return stable and offered[0].channel is Channel.PREVIEW


def _quoted(version: str) -> str:
    # Of what SemVer allows, only the plus means something else in a query.
    return version.replace("+", "%2B")
