"""Refusals as pages: what happened, what it means, what to do next."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from fastapi import Request, Response
from starlette.responses import RedirectResponse

from aei_marketplace.ground.actor import ProofNeeded
from aei_marketplace.ground.errors import Fault, NotSignedIn, Refusal
from aei_marketplace.web.shell.rendering import PageContext, render
from aei_marketplace.web.shell.returning import START, safe_path, with_return

#: What programs call is answered with problem documents, whatever a browser says that it accepts.
_FOR_PROGRAMS = ("/api/", "/v1/", "/mcp", "/metrics", "/healthz", "/readyz", "/problems")
#: Where a provider of sign-in sends a person's browser back to: fixed at the provider, and no program's.
_COMES_BACK = re.compile(r"/api/sign-in/oidc/[^/]+/callback")
LOGIN, CONFIRM = "/login", "/account/confirm"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemPage(PageContext):
    """A refusal.

    Attributes:
        ways: (label, path) of where to go from here, the best first.
    """

    status: int
    detail: str
    advice: str = ""
    faults: tuple[Fault, ...] = ()
    ways: tuple[tuple[str, str], ...] = ()
    trace_id: str = ""


def wants_page(request: Request) -> bool:
    """Whether a person at a browser waits for the answer."""
    if request.url.path.startswith(_FOR_PROGRAMS) and not _COMES_BACK.fullmatch(request.url.path):
        return False
    return "text/html" in request.headers.get("accept", "")


async def refusal_page(request: Request, refusal: Refusal) -> Response:
    """The page of a refusal; who is not signed in is led to where they can."""
    here = _return_path(request)
    came_back = _COMES_BACK.fullmatch(request.url.path) is not None
    if isinstance(refusal, NotSignedIn) and request.method == "GET" and not came_back:
        return RedirectResponse(with_return(LOGIN, here), 303)
    if isinstance(refusal, ProofNeeded):
        return RedirectResponse(with_return(CONFIRM, here), 303)
    page = ProblemPage(
        title=refusal.title,
        status=refusal.status,
        detail=refusal.detail,
        advice=refusal.next_step if came_back else _for_people(refusal),
        faults=refusal.faults,
        # What came back answers one question, once: it is of no use a second time.
        ways=(("Sign in again", LOGIN),) if came_back else _ways(refusal, here),
        trace_id=request.state.trace_id,
    )
    response = await render(request, "shell/problem.html", page, refusal.status)
    response.headers.update(refusal.headers)
    return response


async def plain_page(request: Request, document: Mapping[str, Any]) -> Response:
    """The page of a problem that no refusal of ours describes: no such page, another method, a failure."""
    title, detail = _WORDS.get(document["status"], (str(document["title"]), str(document["detail"])))
    page = ProblemPage(
        title=title,
        status=document["status"],
        detail=detail,
        ways=(("Go to the start", "/"),),
        trace_id=document["trace_id"],
    )
    return await render(request, "shell/problem.html", page, document["status"], ask=document["status"] < 500)


_WORDS = {
    404: (
        "There is no such page",
        "The address may be mistyped, or what it showed is gone. What is private to others is not shown.",
    ),
    405: ("This address takes no such request", "Open it from the page that leads there."),
    500: (
        "Something went wrong here",
        "This is our fault. What you asked for was most likely not done: look before you try again. If it"
        " lasts, give the operator the trace id.",
    ),
}


def _for_people(refusal: Refusal) -> str:
    # Advice about bearer tokens is for programs.
    return "Sign in, and send the form again." if isinstance(refusal, NotSignedIn) else refusal.next_step


def _ways(refusal: Refusal, here: str) -> tuple[tuple[str, str], ...]:
    if isinstance(refusal, NotSignedIn):
        return (("Sign in", with_return(LOGIN, here)),)
    if refusal.status == 429:
        return (("Try again", here), ("Go to the start", "/"))
    return (("Go to the start", "/"),)


def _return_path(request: Request) -> str:
    """The page that was asked for, or the one that held the form which was sent."""
    if request.method == "GET":
        query = request.url.query
        return safe_path(f"{request.url.path}?{query}" if query else request.url.path)
    held_by = urlsplit(request.headers.get("referer", ""))
    return safe_path(held_by.path) if held_by.netloc == request.url.netloc else START
