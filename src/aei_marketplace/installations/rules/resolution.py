"""Dependencies: one version of each plugin that does for everybody in a tenant, or why none does.

The search goes back one choice at a time and tries every combination, up to a bound: if there is a
solution, it is found. ADR 24 says why it is our own.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from aei_inspection.versions import parse_version, satisfies
from aei_marketplace.installations.errors import TooEntangled

#: So many choices are made before the search gives up.
MOST_CHOICES = 20_000
#: So many versions are named in an explanation.
MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class Candidate:
    """A version of a plugin that may be chosen.

    Attributes:
        needs: the ranges that it asks for, by plugin id.
        yanked: it does only where somebody needs this very version.
    """

    plugin: str
    version: str
    needs: Mapping[str, str]
    yanked: bool = False

    def __str__(self) -> str:
        return f"{self.plugin} {self.version}"


@dataclass(frozen=True, slots=True)
class Choices:
    """What there is to choose from.

    Attributes:
        wanted: what is asked for; it stays as it is.
        installed: what the tenant has, by plugin id, without the wanted plugin.
        pinned: those of them that stay as they are.
        offered: by plugin id, what the tenant's admission lets it install, the highest first; what was yanked
            among it.
        refused: by plugin id, the versions that it does not, each with the reason; the yanked ones too.
    """

    wanted: Candidate
    installed: Mapping[str, Candidate] = field(default_factory=dict)
    pinned: frozenset[str] = frozenset()
    offered: Mapping[str, Sequence[Candidate]] = field(default_factory=dict)
    refused: Mapping[str, Sequence[tuple[str, str]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Resolution:
    """A choice for the wanted plugin, for all that is installed, and for all that these need.

    Attributes:
        chosen: by plugin id; None when nothing does.
        why: where nothing does, who stands against whom, and what to do next.
    """

    chosen: Mapping[str, Candidate] | None
    why: str = ""


@dataclass(frozen=True, slots=True)
class _DeadEnd:
    """A plugin of which no version does for those who were chosen and need it."""

    plugin: str
    askers: tuple[Candidate, ...]


def resolve(choices: Choices, most_choices: int = MOST_CHOICES) -> Resolution:
    """Choose the newest of what is new, and leave what is installed as it is where that is possible.

    What is installed is moved only if nothing does without, only upwards, and never where it is pinned.

    Raises:
        TooEntangled: the bound was reached before the search came to an end.
    """
    kept = {plugin: (present,) for plugin, present in choices.installed.items()}
    found = _Search(choices, kept, most_choices).run()
    if found is not None:
        return Resolution(found)
    search = _Search(choices, _movable(choices), most_choices)
    found = search.run()
    if found is not None:
        return Resolution(found)
    assert search.first_dead_end is not None, "a search that finds nothing has come to a dead end"
    return Resolution(None, _explained(choices, search.first_dead_end))


def standing_needs(
    needs: Mapping[str, str], installed: Mapping[str, str], reached: frozenset[str]
) -> dict[str, str]:
    """What a present installation needs for as long as it stays; what is broken already is left out.

    Args:
        installed: versions by plugin id.
        reached: the plugins that the wanted one may bring along; what is missing of them is no longer so.
    """
    return {
        plugin: wanted
        for plugin, wanted in needs.items()
        if (lies_in(installed[plugin], wanted) if plugin in installed else plugin in reached)
    }


def objections(plugin: str, version: str | None, installed: Sequence[Candidate]) -> list[str]:
    """Who of those that are installed would be left without a plugin that they need.

    Args:
        version: to which the plugin goes; None when it is uninstalled.
    """
    return [
        f"{candidate} needs {plugin} {candidate.needs[plugin]}"
        for candidate in installed
        if plugin in candidate.needs and (version is None or not lies_in(version, candidate.needs[plugin]))
    ]


def newly_broken(present: Candidate, newer: Candidate, others: Sequence[Candidate]) -> list[str]:
    """What would not fit any more if a plugin went from one version to another and nothing else moved.

    Args:
        others: all that is installed beside it.
    """
    before = {*_unmet(present, others), *objections(present.plugin, present.version, others)}
    after = [*_unmet(newer, others), *objections(newer.plugin, newer.version, others)]
    return [each for each in after if each not in before]


@lru_cache(maxsize=16384)
def lies_in(version: str, wanted: str) -> bool:
    """Whether a version lies in a range; none lies in one that cannot be read, which an older gate let in."""
    try:
        return satisfies(version, wanted)
    except ValueError:
        return False


def _does(option: Candidate, wanted: Sequence[str]) -> bool:
    named = not option.yanked or any(_names(each, option.version) for each in wanted)
    return named and all(lies_in(option.version, each) for each in wanted)


def _names(wanted: str, version: str) -> bool:
    """Whether a range is nothing but this version."""
    return wanted.strip().removeprefix("=").strip() == version


def _unmet(candidate: Candidate, others: Sequence[Candidate]) -> Iterator[str]:
    installed = {other.plugin: other.version for other in others}
    for plugin, wanted in candidate.needs.items():
        if plugin not in installed or not lies_in(installed[plugin], wanted):
            yield f"{candidate.plugin} needs {plugin} {wanted}"


def _movable(choices: Choices) -> dict[str, tuple[Candidate, ...]]:
    return {
        plugin: (present, *([] if plugin in choices.pinned else _above(present, choices)))
        for plugin, present in choices.installed.items()
    }


def _above(present: Candidate, choices: Choices) -> list[Candidate]:
    floor = parse_version(present.version)
    return [c for c in choices.offered.get(present.plugin, ()) if parse_version(c.version) > floor]


class _Search:
    """One search through all combinations, depth first, what has the fewest possibilities first."""

    def __init__(
        self, choices: Choices, installed: Mapping[str, Sequence[Candidate]], most_choices: int
    ) -> None:
        self.first_dead_end: _DeadEnd | None = None
        self._choices = choices
        self._options = {**choices.offered, **installed, choices.wanted.plugin: (choices.wanted,)}
        self._left = most_choices

    def run(self) -> dict[str, Candidate] | None:
        wanted = self._choices.wanted
        return self._deeper({wanted.plugin: wanted})

    def _deeper(self, chosen: dict[str, Candidate]) -> dict[str, Candidate] | None:
        """Go on from choices of which each alone is possible; None when they lead nowhere."""
        if self._blocked(chosen):
            return None
        todo = self._todo(chosen)
        if not todo:
            return chosen
        plugin = min(todo, key=lambda each: (len(todo[each]), each))
        if not todo[plugin]:
            self._meet(_DeadEnd(plugin, tuple(_askers(plugin, chosen))))
        for candidate in todo[plugin]:
            self._left -= 1
            if self._left < 0:
                raise TooEntangled(f"What {self._choices.wanted} needs has too many combinations to try.")
            found = self._deeper({**chosen, plugin: candidate})
            if found is not None:
                return found
        return None

    def _blocked(self, chosen: Mapping[str, Candidate]) -> bool:
        """Whether somebody chosen needs another version of somebody chosen."""
        for candidate in chosen.values():
            for plugin, wanted in candidate.needs.items():
                if plugin in chosen and not lies_in(chosen[plugin].version, wanted):
                    self._meet(_DeadEnd(plugin, tuple(_askers(plugin, chosen))))
                    return True
        return False

    def _todo(self, chosen: Mapping[str, Candidate]) -> dict[str, list[Candidate]]:
        """What is still to be chosen, each with the versions that do for all chosen so far."""
        needed = {plugin for candidate in chosen.values() for plugin in candidate.needs}
        return {
            plugin: [
                option
                for option in self._options.get(plugin, ())
                if _does(option, [asker.needs[plugin] for asker in _askers(plugin, chosen)])
            ]
            for plugin in {*needed, *self._choices.installed} - chosen.keys()
        }

    def _meet(self, dead_end: _DeadEnd) -> None:
        if self.first_dead_end is None:
            self.first_dead_end = dead_end


def _askers(plugin: str, chosen: Mapping[str, Candidate]) -> Iterator[Candidate]:
    return (candidate for candidate in chosen.values() if plugin in candidate.needs)


def _explained(choices: Choices, dead_end: _DeadEnd) -> str:
    said = [_asking(choices, asker, dead_end.plugin) for asker in dead_end.askers]
    return f"{', but '.join(said)}; {_standing(choices, dead_end)}. {_next_step(choices, dead_end)}"


def _asking(choices: Choices, asker: Candidate, plugin: str) -> str:
    here = ", which is installed," if choices.installed.get(asker.plugin) == asker else ""
    return f"{asker}{here} needs {plugin} {asker.needs[plugin]}"


def _standing(choices: Choices, dead_end: _DeadEnd) -> str:
    """What there is of the plugin that nobody can agree on."""
    plugin = dead_end.plugin
    offered = [c for c in choices.offered.get(plugin, ()) if not c.yanked]
    if plugin == choices.wanted.plugin:
        return f"{choices.wanted} is what is asked for"
    present = choices.installed.get(plugin)
    if present is not None:
        stays = " and pinned" if plugin in choices.pinned else ""
        return f"{plugin} {present.version} is installed{stays}, and no offered version above it does for all"
    barred = _would_do(choices, dead_end)
    if barred is not None:
        return f"{plugin} {barred[0]} would do, and your tenant cannot install it: {barred[1].rstrip('.')}"
    if not offered:
        return f"no version of {plugin} is offered to your tenant"
    more = "" if len(offered) <= MOST_NAMED else f" and {len(offered) - MOST_NAMED} more"
    named = ", ".join(c.version for c in offered[:MOST_NAMED])
    return f"none of the offered versions of {plugin} does for all ({named}{more})"


def _next_step(choices: Choices, dead_end: _DeadEnd) -> str:
    present = choices.installed.get(dead_end.plugin)
    if present is not None:
        return f"Update {dead_end.plugin} to a version that does, naming it, or uninstall what needs another."
    others = [a for a in dead_end.askers if choices.installed.get(a.plugin) == a]
    if others:
        other = f"or choose another version of {choices.wanted.plugin}"
        return f"Update or uninstall {others[0].plugin} first, {other}."
    return f"Choose another version of {choices.wanted.plugin}, or ask its publisher."


def _would_do(choices: Choices, dead_end: _DeadEnd) -> tuple[str, str] | None:
    for version, why in choices.refused.get(dead_end.plugin, ()):
        if all(lies_in(version, asker.needs[dead_end.plugin]) for asker in dead_end.askers):
            return version, why
    return None
