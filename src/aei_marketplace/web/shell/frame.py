"""What stands around every page: navigation by role, the person, the footer."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from fastapi import Request

from aei_marketplace.ground.actor import ANONYMOUS, Actor
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.errors import NotSignedIn
from aei_marketplace.web.requests import deps_of, visitor_of
from aei_marketplace.web.shell.flashes import Flash, take_flash

Theme = Literal["light", "dark"]
THEME_COOKIE, DENSITY_COOKIE = "aei_theme", "aei_density"
THEMES: tuple[Theme, ...] = ("light", "dark")


def anybody(_: Actor) -> bool:
    """Shown to everybody, signed in or not."""
    return True


@dataclass(frozen=True, slots=True)
class Place:
    """An entry of the navigation.

    Attributes:
        shown_to: whether this actor can do anything there; the server refuses the others as well.
    """

    label: str
    path: str
    shown_to: Callable[[Actor], bool] = anybody


@dataclass(frozen=True, slots=True)
class LogState:
    """How far the public log is signed.

    Attributes:
        size: entries under the newest checkpoint.
        path: where the checkpoint is read.
    """

    size: int
    signed_at: datetime
    path: str


@dataclass(frozen=True, slots=True)
class Frame:
    """What the shell shows of the domains above it; `app.py` puts it together.

    Attributes:
        places: the navigation, in its order.
        sections: the places within a larger one, by the path that they have in common.
        search: where the search field leads; None while there is nothing to search.
        notices: where an actor's notices are read.
        unread: how many of them are new.
        log: how the public log stands, for the foot of the page.
    """

    places: tuple[Place, ...] = ()
    sections: tuple[tuple[str, tuple[Place, ...]], ...] = ()
    search: str | None = None
    notices: str | None = None
    unread: Callable[[Deps, Actor], Awaitable[int]] | None = None
    log: Callable[[Request], Awaitable[LogState | None]] | None = None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the base template is filled with.

    Attributes:
        path: of the page, without its query.
        places, section: what this actor is led to from here.
        unread: new notices; None where there are none to be had.
        theme: the stored choice; None follows the system.
    """

    actor: Actor
    path: str
    now: datetime
    places: tuple[Place, ...]
    section: tuple[Place, ...]
    search: str | None
    notices: str | None
    unread: int | None
    theme: Theme | None
    density: str
    flash: Flash | None
    log: LogState | None = None

    @property
    def signed_in(self) -> bool:
        """Whether somebody is."""
        return self.actor is not ANONYMOUS

    def here(self, path: str) -> bool:
        """Whether the page lies at or below a path, and in no nearer place of the navigation."""
        nearer = [place.path for place in self.places if place.path.startswith(path + "/")]
        return self._below(path) and not any(self._below(place) for place in nearer)

    def _below(self, path: str) -> bool:
        return self.path == path or self.path.startswith(path + "/")


async def look_around(request: Request, *, ask: bool = True) -> Surroundings:
    """What surrounds the page that answers this request.

    Args:
        ask: whether the database may be asked; not for a page that tells of a failure.
    """
    actor = await _shown_actor(request) if ask else getattr(request.state, "actor", ANONYMOUS)
    frame: Frame = getattr(request.app.state, "frame", Frame())
    path = request.url.path
    return Surroundings(
        actor=actor,
        path=path,
        now=deps_of(request).works.clock(),
        places=_for(actor, frame.places),
        section=_for(actor, _section_at(frame, path)),
        search=frame.search,
        notices=frame.notices,
        unread=await _unread(request, frame, actor) if ask else None,
        theme=next((theme for theme in THEMES if request.cookies.get(THEME_COOKIE) == theme), None),
        density="compact" if request.cookies.get(DENSITY_COOKIE) == "compact" else "comfortable",
        flash=take_flash(request),
        log=await frame.log(request) if ask and frame.log else None,
    )


async def _shown_actor(request: Request) -> Actor:
    try:
        return await visitor_of(request)
    except NotSignedIn:
        return ANONYMOUS


async def _unread(request: Request, frame: Frame, actor: Actor) -> int | None:
    if frame.unread is None or actor is ANONYMOUS:
        return None
    return await frame.unread(deps_of(request), actor)


def places_below(frame: Frame, root: str, actor: Actor) -> tuple[Place, ...]:
    """The places of a section that an actor may see."""
    return _for(actor, next((places for path, places in frame.sections if path == root), ()))


def _section_at(frame: Frame, path: str) -> tuple[Place, ...]:
    return next((places for root, places in frame.sections if path.startswith(root + "/")), ())


def _for(actor: Actor, places: tuple[Place, ...]) -> tuple[Place, ...]:
    return tuple(place for place in places if place.shown_to(actor))
