"""Scopes that limit publishing to a place: `plugin.publish:acme.echo`, or `plugin.publish:acme.*`."""

import re
from collections.abc import Iterable

from aei_marketplace.ground.actor import PUBLISH, reaches

#: A plugin's id, or a namespace and a star.
_PLACE = re.compile(r"[a-z][a-z0-9-]{0,38}\.(\*|[a-z][a-z0-9-]{0,62})")


def actions_of(scopes: Iterable[str]) -> frozenset[str]:
    """The actions that scopes name, wherever they hold; what is not spelled right stays as it is."""
    return frozenset(PUBLISH if _place(scope) else scope for scope in scopes)


def places_of(scopes: Iterable[str]) -> frozenset[str] | None:
    """The places that publishing is limited to; None when it is not."""
    named = frozenset(scopes)
    if named & {"*", PUBLISH}:
        return None
    places = frozenset(place for scope in named if (place := _place(scope)))
    return places or None


def stays_within(scopes: Iterable[str], held: frozenset[str] | None) -> bool:
    """Whether scopes publish nowhere but at places that are held.

    Args:
        held: None when publishing is not limited.
    """
    if held is None:
        return True
    named = frozenset(scopes)
    return not named & {"*", PUBLISH} and all(reaches(held, place) for place in places_of(named) or ())


def _place(scope: str) -> str | None:
    action, _, place = scope.partition(":")
    return place if action == PUBLISH and _PLACE.fullmatch(place) else None
