"""Routes that are passed over at one look when a request is for others."""

from typing import Any

from fastapi import APIRouter
from starlette.routing import Match
from starlette.types import Scope


class Section(APIRouter):
    """A router's routes, compared with a path only if one of them begins like it.

    The framework compares a path with each route of each router in turn: with all domains together that
    took longer than many an answer.
    """

    def __init__(self, router: APIRouter) -> None:
        super().__init__()
        self.include_router(router)
        paths = [_path(route) for part in self.routes for route in _included(part)]
        self._beginnings = tuple({path.partition("{")[0] for path in paths})

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether a request is for one of these routes."""
        if scope["type"] == "http" and not scope["path"].startswith(self._beginnings):
            return Match.NONE, {}
        return super().matches(scope)


def _included(part: Any) -> list[Any]:
    return list(part.effective_route_contexts())


def _path(route: Any) -> str:
    """The whole path, also of what is mounted."""
    path: str = route.path or route.starlette_route.path
    return path
