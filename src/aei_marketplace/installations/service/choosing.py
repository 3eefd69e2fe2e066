"""What admission says of releases, and which one a tenant takes that names none."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from aei_marketplace.billing.service import Entitlement
from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.service import Channel, ReleaseView, Sieve
from aei_marketplace.ground.work import Work
from aei_marketplace.installations.rules.admission import Facts, Verdict, admit
from aei_marketplace.installations.rules.choosing import Option, choose_version
from aei_marketplace.installations.rules.requests import is_newer
from aei_marketplace.installations.rules.selection import exclusions
from aei_marketplace.installations.rules.updates import minimum_age, refuses_affected, refuses_uncertified

#: So many releases of a plugin are looked at for one that fits, the highest first.
MOST_OLDER = 50

Judged = tuple[ReleaseView, Verdict]


@dataclass(frozen=True, slots=True)
class Conditions:
    """Under what a tenant installs.

    Attributes:
        policies: the tenant's.
        owed: why a plugin has to be bought first, by its id; empty or left out where it has not.
    """

    aei_version: str
    policies: Mapping[str, Any]
    owed: Mapping[str, str]

    def judge(
        self, release: ReleaseView, now: datetime, *, exact: bool = False, held_back: bool = False
    ) -> Verdict:
        """What the admission rule says of installing a release that the tenant sees.

        Args:
            exact: the caller named this very version.
            held_back: its rollout has not come to the tenant yet.
        """
        return admit(
            Facts(
                purpose="install",
                state=str(release.state),
                state_reason=release.state_reason,
                exact=exact,
                aei_version=self.aei_version,
                aei_range=release.manifest.aei_range,
                owed=self.owed.get(release.plugin_id, ""),
                too_young=_is_younger(release, minimum_age(self.policies), now),
                held_back=held_back,
                excluded=exclusions(self.policies, release.manifest),
                advisories=release.advisories,
                refuses_affected=refuses_affected(self.policies),
                certified=release.certified,
                refuses_uncertified=refuses_uncertified(self.policies),
            )
        )

    def sieve(self, channel: Channel, now: datetime) -> Sieve:
        """What of it the database can ask; nothing that `judge` lets pass is held back by it."""
        listed_until = now - minimum_age(self.policies)
        return Sieve(channel, self.aei_version, listed_until, refuses_uncertified(self.policies))


async def judge_all(work: Work, conditions: Conditions, releases: Iterable[ReleaseView]) -> list[Judged]:
    """What admission says of releases whose versions nobody named, in one statement."""
    known = list(releases)
    waiting = await catalog.held_back(work, [each.release_id for each in known]) if known else frozenset()
    return [(each, conditions.judge(each, work.now, held_back=each.release_id in waiting)) for each in known]


async def choose_newest(
    work: Work,
    conditions: Conditions,
    latest: Mapping[str, ReleaseView],
    channels: Mapping[str, Channel],
    present: Mapping[str, str],
) -> dict[str, Judged]:
    """The newest release of each plugin that the tenant may install; the latest where it may install none.

    Costs one statement where it may install the latest of all, and at most five where not.

    Args:
        latest: the latest of each plugin's channel.
        channels: for each of them.
        present: the versions that are installed; nothing below them is chosen.
    """
    found = {
        each.plugin_id: (each, verdict)
        for each, verdict in await judge_all(work, conditions, latest.values())
    }
    refused = [plugin for plugin, (_, verdict) in found.items() if not verdict.installs]
    older: list[Judged] = []
    for channel in {channels[plugin] for plugin in refused}:
        asked = [plugin for plugin in refused if channels[plugin] == channel]
        older += await fitting_releases(work, conditions, asked, channel)
    for release, verdict in _chosen(older, present):
        newest, why = found[release.plugin_id]
        found[release.plugin_id] = release, verdict.passing_over(newest.version, why.why())
    return found


async def fitting_releases(
    work: Work, conditions: Conditions, plugin_ids: Sequence[str], channel: Channel
) -> list[Judged]:
    """What the tenant may install of these plugins without naming a version, the highest of each first."""
    sieve = conditions.sieve(channel, work.now)
    passing = await catalog.passing_releases_of(work, plugin_ids, sieve, MOST_OLDER)
    judged = await judge_all(work, conditions, [each for found in passing.values() for each in found])
    return [(release, verdict) for release, verdict in judged if verdict.installs]


def owed(held: Entitlement) -> str:
    """Why a plugin has to be bought before it is installed; empty when it has not."""
    return "" if held.installs else held.why


def _chosen(judged: Iterable[Judged], present: Mapping[str, str]) -> Iterable[Judged]:
    by_plugin: dict[str, dict[str, Judged]] = {}
    for release, verdict in judged:
        if release.plugin_id not in present or is_newer(release.version, present[release.plugin_id]):
            by_plugin.setdefault(release.plugin_id, {})[release.version] = (release, verdict)
    for versions in by_plugin.values():
        chosen = choose_version(Option(version, None) for version in versions)
        if chosen is not None:
            yield versions[chosen]


def _is_younger(release: ReleaseView, age: timedelta, now: datetime) -> bool:
    return release.listed_at is None or now - release.listed_at < age
