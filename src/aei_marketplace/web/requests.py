"""What a route learns from a request: dependencies, actor, page wanted."""

from typing import Annotated

from fastapi import Depends, Query, Request

from aei_marketplace.ground.actor import ANONYMOUS, Actor
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.errors import NotSignedIn
from aei_marketplace.ground.paging import LARGEST_LIMIT, PageWanted


def deps_of(request: Request) -> Deps:
    """The application's dependencies."""
    deps: Deps = request.app.state.deps
    return deps


async def visitor_of(request: Request) -> Actor:
    """Who asks; anonymous when no token was sent.

    Raises:
        NotSignedIn: a token was sent and is not valid.
    """
    known: Actor | None = getattr(request.state, "actor", None)
    if known is None:
        known = await _authenticate(request)
        request.state.actor = known
    return known


async def actor_of(request: Request) -> Actor:
    """Who asks, signed in.

    Raises:
        NotSignedIn: nobody, or not with a valid token.
    """
    actor = await visitor_of(request)
    if actor is ANONYMOUS:
        raise NotSignedIn("No token was sent.")
    return actor


def trace_of(request: Request) -> str:
    """The request's trace id."""
    trace: str = request.state.trace_id
    return trace


def page_wanted(
    limit: Annotated[int | None, Query(description=f"1 to {LARGEST_LIMIT}, 50 when absent")] = None,
    cursor: Annotated[str | None, Query(description="`next_cursor` of the page before")] = None,
) -> PageWanted:
    """Which page the caller asks for."""
    return PageWanted.read(limit, cursor)


async def _authenticate(request: Request) -> Actor:
    header = request.headers.get("authorization")
    if header is None:
        return ANONYMOUS
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise NotSignedIn("The Authorization header is not `Bearer <token>`.")
    return await deps_of(request).authenticate(token.strip(), trace_of(request))


TheDeps = Annotated[Deps, Depends(deps_of)]
TheActor = Annotated[Actor, Depends(actor_of)]
TheVisitor = Annotated[Actor, Depends(visitor_of)]
TheTrace = Annotated[str, Depends(trace_of)]
ThePage = Annotated[PageWanted, Depends(page_wanted)]
