"""Which kinds of cases there are, and who decides each: the application is given a desk for each kind."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from aei_marketplace.decisions.rules.cases import Case, Ruling
from aei_marketplace.decisions.rules.kinds import CaseKind
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.work import Work


@dataclass(frozen=True, slots=True)
class Desk:
    """Where cases of one kind are decided.

    Attributes:
        decide: the domain's own function: it records the decision and takes its effect in one work.
    """

    kind: CaseKind
    decide: Callable[[Work, UUID, Ruling], Awaitable[Case]]


def by_kind(desks: Iterable[Desk]) -> dict[str, Desk]:
    """Desks by the name of their kind."""
    return {desk.kind.name: desk for desk in desks}


def kinds_of(actor: Actor, desks: Mapping[str, Desk]) -> frozenset[str]:
    """The kinds of cases that the actor decides."""
    return frozenset(name for name, desk in desks.items() if actor.may(desk.kind.action))
