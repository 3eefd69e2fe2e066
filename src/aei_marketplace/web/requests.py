"""What a route learns from a request: dependencies, actor, page wanted."""

from typing import Annotated

from fastapi import Depends, Query, Request

from aei_marketplace.ground.actor import ANONYMOUS, Actor
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.errors import NotSignedIn
from aei_marketplace.ground.paging import LARGEST_LIMIT, PageWanted
from aei_marketplace.web.cookies import read_session
from aei_marketplace.web.csrf import check_csrf
from aei_marketplace.web.visits import SAFE_METHODS, ForgedRequest, check_same_origin, origin_of


def deps_of(request: Request) -> Deps:
    """The application's dependencies."""
    deps: Deps = request.app.state.deps
    return deps


async def visitor_of(request: Request) -> Actor:
    """Who asks; anonymous when no token was sent, and for a browser whose session is over.

    Raises:
        NotSignedIn: a token was sent and is not valid.
        ForgedRequest: a session's request would change something and was not written by our pages.
    """
    known: Actor | None = getattr(request.state, "actor", None)
    if known is None:
        request.state.actor = ANONYMOUS  # whoever asks again after a refusal finds nobody
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
        raise getattr(request.state, "session_refusal", None) or NotSignedIn("Nobody is signed in.")
    return actor


def trace_of(request: Request) -> str:
    """The request's trace id."""
    trace: str = request.state.trace_id
    return trace


async def page_wanted(
    limit: Annotated[int | None, Query(description=f"1 to {LARGEST_LIMIT}, 50 when absent")] = None,
    cursor: Annotated[str | None, Query(description="`next_cursor` of the page before")] = None,
) -> PageWanted:
    """Which page the caller asks for."""
    return PageWanted.read(limit, cursor)


async def _authenticate(request: Request) -> Actor:
    header = request.headers.get("authorization")
    if header is None:
        return await _session_actor(request)
    return await deps_of(request).authenticate(_bearer(header), trace_of(request))


def unread_token(request: Request) -> str | None:
    """The bearer token of a request whose actor nobody has asked for yet.

    Raises:
        NotSignedIn: there is a header that carries none.
    """
    header = request.headers.get("authorization")
    return None if header is None or hasattr(request.state, "actor") else _bearer(header)


def _bearer(header: str) -> str:
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise NotSignedIn("The Authorization header is not `Bearer <token>`.")
    return token.strip()


async def _session_actor(request: Request) -> Actor:
    """Who the session's cookie belongs to."""
    secret = read_session(request, origin := origin_of(request))
    if secret is None:
        return ANONYMOUS
    deps, trace_id = deps_of(request), trace_of(request)
    try:
        actor = await deps.authenticate_session(secret, trace_id)
    except NotSignedIn as refusal:
        # A page for everybody is shown to who is not signed in any more; `actor_of` says why.
        request.state.session_refusal = refusal
        return ANONYMOUS
    if request.method not in SAFE_METHODS:
        await _refuse_forgery(request, actor, secret, origin)
    return actor


async def _refuse_forgery(request: Request, actor: Actor, secret: str, origin: str) -> None:
    try:
        check_same_origin(request, origin)
        await check_csrf(request, secret)
    except ForgedRequest as refusal:
        await deps_of(request).works.record_denial(actor, refusal, trace_of(request))
        raise


# The framework sends what is not a coroutine to a thread: there and back takes longer than looking them up.
async def _deps(request: Request) -> Deps:
    return deps_of(request)


async def _trace(request: Request) -> str:
    return trace_of(request)


TheDeps = Annotated[Deps, Depends(_deps)]
TheActor = Annotated[Actor, Depends(actor_of)]
TheVisitor = Annotated[Actor, Depends(visitor_of)]
TheTrace = Annotated[str, Depends(_trace)]
ThePage = Annotated[PageWanted, Depends(page_wanted)]
