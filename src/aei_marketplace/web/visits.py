"""Where a person's request comes from, and that it comes from our own pages."""

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request

from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.errors import NotAllowed
from aei_marketplace.ground.sign_in import Visit
from aei_marketplace.web.cookies import read_session, read_sign_in

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
LONGEST_AGENT = 300
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_DEFAULT_PORTS = {"http": 80, "https": 443}


class ForgedRequest(NotAllowed):
    """The request did not come from this site's own pages."""

    type = "forged-request"
    title = "Not from this site"
    advice = "Open the page anew and send its form again. Programs send a bearer token instead of a cookie."


def visit_of(request: Request) -> Visit:
    """Where a request comes from.

    Raises:
        ForgedRequest: it would change something and comes from another site.
    """
    deps: Deps = request.app.state.deps
    origin = origin_of(request)
    check_same_origin(request, origin)
    trusted = deps.sign_in.public_url is not None or urlsplit(origin).hostname in _LOOPBACK
    return Visit(
        origin=origin,
        trusted_origin=trusted,
        address=request.client.host if request.client else "unknown",
        agent=_printable(request.headers.get("user-agent", "")),
        trace_id=request.state.trace_id,
        session=read_session(request, origin),
        sign_in=read_sign_in(request, origin),
    )


def origin_of(request: Request) -> str:
    """How the browser calls this site: as the operator named it, else as the request does."""
    deps: Deps = request.app.state.deps
    named = deps.sign_in.public_url
    return normal_origin(named or f"{request.url.scheme}://{request.headers.get('host', 'localhost')}")


def check_same_origin(request: Request, origin: str) -> None:
    """Refuse what another site's page has a browser send.

    Browsers say where a request comes from, in `Sec-Fetch-Site` (W3C Fetch Metadata) and `Origin`; no page
    can make them lie. Programs say neither, and carry no cookie that a page could misuse.

    Raises:
        ForgedRequest: an unsafe request comes from elsewhere.
    """
    if request.method in SAFE_METHODS:
        return
    site, named = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site not in (None, "same-origin", "none") or (named is not None and named != origin):
        raise ForgedRequest("The request was sent by another site's page.")


def normal_origin(url: str) -> str:
    """Scheme, host and port as browsers write them: lower case, without the scheme's own port."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "localhost"), parts.port
    except ValueError:
        return "http://localhost"  # a Host header that is none: it equals no browser's origin
    name = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{name}" + (
        "" if port in (None, _DEFAULT_PORTS.get(parts.scheme)) else f":{port}"
    )


def _printable(agent: str) -> str:
    return "".join(letter for letter in agent if letter.isprintable())[:LONGEST_AGENT]


TheVisit = Annotated[Visit, Depends(visit_of)]
