"""One try of a hostile behaviour: how it is made, and what has to come of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from aei_marketplace.bench.hostile.plugin import Plugin

if TYPE_CHECKING:
    from aei_marketplace.bench.hostile.field import Field
    from aei_marketplace.bench.hostile.tenants import Tenant


@dataclass(frozen=True)
class Seen:
    """What came of a try.

    Attributes:
        outcome: of the execution, where one ran.
        refusals: codes of whoever refused, where none ran.
        denied: what the broker refused: `{permission, target, count}`.
        execution: its id in the marketplace.
        tenant: who ran it.
    """

    outcome: str | None = None
    refusals: tuple[str, ...] = ()
    output: Any = None
    problem: str | None = None
    denied: tuple[Mapping[str, Any], ...] = ()
    log: tuple[Mapping[str, Any], ...] = ()
    log_truncated: bool = False
    usage: Mapping[str, Any] = field(default_factory=dict)
    execution: str | None = None
    tenant: str | None = None
    note: str = ""

    @property
    def word(self) -> str:
        """The outcome or refusal in a word or two."""
        return self.outcome or ", ".join(dict.fromkeys(self.refusals)) or self.note or "nothing"

    def targets(self) -> set[str]:
        """What was denied, as `permission target`."""
        return {f"{denial['permission']} {denial['target']}" for denial in self.denied}


#: Looks closer at what was seen: a complaint, or None when it is as it should be.
Judge = Callable[[Seen], str | None]


class Attempt(Protocol):
    """One try; `how` says in a word where it is made, `dear` that once is enough."""

    @property
    def how(self) -> str: ...

    @property
    def dear(self) -> bool: ...

    @property
    def plugins(self) -> tuple[Plugin, ...]:
        """What must be installed in the attacker's tenant."""
        ...

    async def carry_out(self, place: "Field", attacker: "Tenant", number: int) -> list[Seen]:
        """Make the try; `number` counts the rounds from 0."""
        ...

    def complaint(self, seen: Seen) -> str | None:
        """What is not as it should be."""
        ...


@dataclass(frozen=True)
class Expected:
    """What has to come of a try.

    Attributes:
        words: outcomes, or codes of a refusal, any of which will do.
        judge: looks closer.
    """

    words: frozenset[str]
    judge: Judge | None = None

    def complaint(self, seen: Seen) -> str | None:
        """What is not as it should be."""
        found = {seen.outcome} if seen.outcome else set(seen.refusals)
        if not found & self.words:
            why = f" ({seen.problem})" if seen.problem else ""
            return f"{seen.word}{why} instead of {' or '.join(sorted(self.words))}"
        return self.judge(seen) if self.judge else None


def expect(*words: str, judge: Judge | None = None) -> Expected:
    """Any of these outcomes or codes, and nothing that the judge complains of."""
    return Expected(frozenset(words), judge)


@dataclass(frozen=True)
class Execution:
    """An installed plugin is executed over HTTP."""

    plugin: Plugin
    expected: Expected
    task: Any = field(default_factory=dict)
    limits: Mapping[str, int] = field(default_factory=dict)
    how: str = "executed"
    dear: bool = False

    @property
    def plugins(self) -> tuple[Plugin, ...]:
        return (self.plugin,)

    async def carry_out(self, place: "Field", attacker: "Tenant", number: int) -> list[Seen]:  # noqa: ARG002 each round is the same
        return [await place.execute(attacker, self.plugin, self.task, self.limits)]

    def complaint(self, seen: Seen) -> str | None:
        return self.expected.complaint(seen)


@dataclass(frozen=True)
class Publication:
    """A package is published over HTTP.

    Attributes:
        package: makes it, from the id and version it is to have and the number of the round.
    """

    package: Callable[[str, str, int], bytes]
    expected: Expected
    how: str = "published"
    plugins: tuple[Plugin, ...] = ()
    dear: bool = False

    async def carry_out(self, place: "Field", attacker: "Tenant", number: int) -> list[Seen]:
        return [await place.publish(attacker, self.package, number)]

    def complaint(self, seen: Seen) -> str | None:
        return self.expected.complaint(seen)


@dataclass(frozen=True)
class BehindTheGate:
    """A component goes straight to the sandbox host that runs the other tenants' plugins too."""

    plugin: Plugin
    expected: Expected
    how: str = "behind the gate"
    plugins: tuple[Plugin, ...] = ()
    dear: bool = False

    async def carry_out(self, place: "Field", attacker: "Tenant", number: int) -> list[Seen]:  # noqa: ARG002 each round is the same
        return [await place.run_behind(attacker, self.plugin)]

    def complaint(self, seen: Seen) -> str | None:
        return self.expected.complaint(seen)


#: Several steps by several tenants.
Steps = Callable[["Field", "Tenant", int], Any]


@dataclass(frozen=True)
class Scenario:
    """Several steps, perhaps by several tenants; each gives one `Seen`."""

    steps: Steps
    expected: Expected
    plugins: tuple[Plugin, ...] = ()
    how: str = "played"
    dear: bool = False

    async def carry_out(self, place: "Field", attacker: "Tenant", number: int) -> list[Seen]:
        seen: list[Seen] = await self.steps(place, attacker, number)
        return seen

    def complaint(self, seen: Seen) -> str | None:
        return self.expected.complaint(seen)


@dataclass(frozen=True)
class Case:
    """One of the fifty behaviours.

    Attributes:
        id: of the list, for example `A01`.
        expectation: in words, as the page shows it.
        seconds: after which a try counts as hanging.
        alone: nothing else is tried meanwhile.
    """

    id: str
    behaviour: str
    expectation: str
    attempts: tuple[Attempt, ...]
    seconds: float = 180.0
    alone: bool = False
