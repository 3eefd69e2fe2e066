"""The plugins that hang together with a release: what it needs, what needs that, and so on."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from aei_marketplace.accounts import service as accounts
from aei_marketplace.billing import service as billing
from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.service import ReleaseState, ReleaseView
from aei_marketplace.ground.work import Work
from aei_marketplace.installations.errors import TooEntangled
from aei_marketplace.installations.rules.admission import Answer
from aei_marketplace.installations.rules.grants import not_granted, permission_difference
from aei_marketplace.installations.rules.resolution import Candidate, Choices, standing_needs
from aei_marketplace.installations.rules.views import Installation
from aei_marketplace.installations.service.choosing import Conditions, owed

#: So many plugins may hang together.
MOST_PLUGINS = 100
#: So many versions of each are looked at, the highest first.
MOST_VERSIONS = 50


@dataclass(frozen=True, slots=True)
class Step:
    """Something that comes along.

    Attributes:
        present: what is installed of it now; None when it is new.
        needed_by: who needs it, as `acme.counter 1.2.0`.
        new_permissions: what it requests; where something is installed, what it requests beyond that.
    """

    release: ReleaseView
    present: Installation | None
    needed_by: tuple[str, ...]
    new_permissions: Mapping[str, Any]

    def told(self) -> str:
        """The step as something that the tenant has to do."""
        plugin, version = self.release.plugin_id, self.release.version
        stands = f"{self.present.version} is installed" if self.present else "is not installed"
        return f"{plugin} {stands}; {version} does for {', '.join(self.needed_by)}. {self.doubt}".strip()

    @property
    def doubt(self) -> str:
        """What speaks against it, with the publisher's reason; empty when nothing does."""
        if self.release.state is not ReleaseState.YANKED:
            return ""
        return f"{self.release.plugin_id} {self.release.version} was yanked: {self.release.state_reason}"


@dataclass(slots=True)
class Surroundings:
    """What the tenant has and can get of all plugins that hang together with a release.

    Attributes:
        installed: all that the tenant has, by plugin id.
        releases: of these, as far as the tenant still sees them.
        offered: what admission lets the tenant install, by plugin id, the highest first; what was yanked
            among it, for who needs that very version.
        refused: what it does not, each version with the reason.
    """

    aei_version: str
    release: ReleaseView
    installed: Mapping[str, Installation]
    releases: Mapping[UUID, ReleaseView]
    offered: dict[str, list[ReleaseView]] = field(default_factory=dict)
    refused: dict[str, list[tuple[str, str]]] = field(default_factory=dict)

    async def read(self, work: Work) -> None:
        """Read level by level until nothing new is named.

        Raises:
            TooEntangled: too many plugins hang together.
        """
        policies = await accounts.policies_in_force(work)
        own = self.release.plugin_id
        todo = set(self.release.manifest.dependencies) | self._who_need({own})
        while todo := todo - self.offered.keys() - {own}:
            if len(self.offered) + len(todo) > MOST_PLUGINS:
                raise TooEntangled(f"More than {MOST_PLUGINS} plugins hang together with {own}.")
            found = await catalog.resolvable_releases_of(work, todo, MOST_VERSIONS)
            held = await billing.entitlements_of(work, [each[0] for each in found.values()])
            conditions = Conditions(self.aei_version, policies, {p: owed(each) for p, each in held.items()})
            for plugin in todo:
                self._sort(work, conditions, plugin, found.get(plugin, []))
            todo = {name for plugin in todo for name in self._names(plugin)} | self._who_need(todo)

    def choices(self) -> Choices:
        """What was read, as the rule takes it."""
        standing = {plugin: i.version for plugin, i in self.installed.items()}
        reached = self._reached()
        taking_part = {p: i for p, i in self.installed.items() if p in self.offered}
        return Choices(
            _candidate(self.release),
            {
                p: Candidate(p, i.version, standing_needs(self._needs(i), standing, reached))
                for p, i in taking_part.items()
            },
            frozenset(p for p, i in taking_part.items() if i.pinned),
            {p: [_candidate(release) for release in found] for p, found in self.offered.items()},
            self.refused,
        )

    def steps(self, chosen: Mapping[str, Candidate]) -> Iterator[Step]:
        """What a choice asks to do, what is needed before who needs it."""
        views = {(v.plugin_id, v.version): v for found in self.offered.values() for v in found}
        for plugin in _in_order(self.release.plugin_id, chosen):
            present = self.installed.get(plugin)
            if present is not None and present.version == chosen[plugin].version:
                continue
            release = views[plugin, chosen[plugin].version]
            asking = tuple(str(c) for c in chosen.values() if plugin in c.needs)
            yield Step(release, present, asking, self._asks(release, present))

    def _sort(self, work: Work, conditions: Conditions, plugin: str, releases: list[ReleaseView]) -> None:
        # Rollouts have no say: what somebody needs is as good as named.
        self.offered[plugin], self.refused[plugin] = [], []
        for release in releases:
            verdict = conditions.judge(release, work.now)
            if verdict.answer is Answer.NO:
                self.refused[plugin].append((release.version, verdict.why()))
            if verdict.answer is not Answer.NO or verdict.wants_exact_pin:
                self.offered[plugin].append(release)

    def _needs(self, installation: Installation) -> Mapping[str, str]:
        release = self.releases.get(installation.release_id)
        return release.manifest.dependencies if release else {}

    def _who_need(self, plugins: set[str]) -> set[str]:
        return {p for p, i in self.installed.items() if plugins & self._needs(i).keys()}

    def _names(self, plugin: str) -> set[str]:
        return {name for release in self.offered[plugin] for name in release.manifest.dependencies}

    def _reached(self) -> frozenset[str]:
        """The plugins that the release may bring along."""
        reached: set[str] = set()
        todo = set(self.release.manifest.dependencies)
        while todo := todo - reached - {self.release.plugin_id}:
            reached |= todo
            todo = {name for plugin in todo for name in self._names(plugin)}
        return frozenset(reached)

    def _asks(self, release: ReleaseView, present: Installation | None) -> Mapping[str, Any]:
        before = self.releases.get(present.release_id) if present else None
        if before is None:
            return not_granted(release.manifest, {})
        return permission_difference(before.manifest, release.manifest)


def _candidate(release: ReleaseView) -> Candidate:
    yanked = release.state is ReleaseState.YANKED
    return Candidate(release.plugin_id, release.version, release.manifest.dependencies, yanked)


def _in_order(wanted: str, chosen: Mapping[str, Candidate]) -> list[str]:
    """All chosen plugins but the wanted one, what is needed first; circles are cut where they close."""
    done: dict[str, None] = {wanted: None}

    def visit(plugin: str, above: frozenset[str]) -> None:
        for name in sorted(chosen[plugin].needs):
            if name in chosen and name not in above and name not in done:
                visit(name, above | {name})
        done[plugin] = None

    for plugin in (wanted, *sorted(chosen)):
        if plugin == wanted or plugin not in done:
            visit(plugin, frozenset({plugin}))
    return [plugin for plugin in done if plugin != wanted]
