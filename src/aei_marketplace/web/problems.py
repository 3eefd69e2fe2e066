"""Refusals as RFC 9457 problem documents, rendered here and nowhere else; people get them as pages."""

from collections.abc import Mapping
from typing import Any

import asyncpg
import msgspec
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException

from aei_marketplace.ground.actor import ANONYMOUS
from aei_marketplace.ground.errors import Denial, Fault, Invalid, NotSignedIn, Refusal
from aei_marketplace.web.shell.problems import plain_page, refusal_page, wants_page

MEDIA_TYPE = "application/problem+json"
#: Problem types are relative references: stable names that `web.problem_types` explains.
TYPE_BASE = "/problems/"
#: `character_not_in_repertoire` and `untranslatable_character` (PostgreSQL manual, appendix A).
_UNSTORABLE = frozenset({"22021", "22P05"})

log = structlog.get_logger()


def problem(refusal: Refusal, trace_id: str) -> dict[str, Any]:
    """The document that tells a caller of a refusal."""
    detail = f"{refusal.detail} {refusal.next_step}".strip()
    return {
        "type": TYPE_BASE + refusal.type,
        "title": refusal.title,
        "status": refusal.status,
        "detail": detail,
        "errors": [{"pointer": f.pointer, "message": f.message, "code": f.code} for f in refusal.faults],
        "retry": refusal.retry,
        "trace_id": trace_id,
        **refusal.extensions,
    }


def install_problems(app: FastAPI) -> None:
    """Have every error of the application answered with a problem document."""
    app.add_exception_handler(Refusal, refused)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _plain)
    app.add_exception_handler(DBAPIError, _unstorable)
    app.add_exception_handler(asyncpg.CharacterNotInRepertoireError, _unstorable)
    app.add_exception_handler(Exception, _unexpected)


def answer(document: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    """A response that carries a problem document."""
    body = msgspec.json.encode(document)
    return Response(body, document["status"], media_type=MEDIA_TYPE, headers=dict(headers or {}))


async def refused(request: Request, refusal: Exception) -> Response:
    """The answer that tells of a refusal; a denial is recorded."""
    assert isinstance(refusal, Refusal)
    await note_denial(request, refusal)
    if wants_page(request):
        return await refusal_page(request, refusal)
    headers = {**refusal.headers, **challenge(refusal)}
    return answer(problem(refusal, request.state.trace_id), headers)


def challenge(refusal: Refusal) -> dict[str, str]:
    """The headers that tell who is not signed in how to do so."""
    signed_out = isinstance(refusal, NotSignedIn)
    return {"WWW-Authenticate": 'Bearer realm="aei-marketplace"'} if signed_out else {}


async def note_denial(request: Request, refusal: Refusal) -> None:
    """Have a denial recorded, once; other refusals are none."""
    if not isinstance(refusal, Denial) or refusal.recorded:
        return
    actor = getattr(request.state, "actor", ANONYMOUS)
    if actor.id is None:
        request.app.state.visitors.note(request.client.host if request.client else "unknown")
    else:
        await request.app.state.deps.works.record_denial(actor, refusal, request.state.trace_id)


async def _malformed(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    faults = [Fault("/" + "/".join(map(str, e["loc"][1:])), e["msg"], e["type"]) for e in error.errors()]
    if wants_page(request):
        if any(e["loc"][0] == "path" for e in error.errors()):
            return await _plain(request, HTTPException(404))  # an address that no page can have
        advice = "Open the page from the link or the form that leads to it."
        return await refusal_page(
            request, Invalid("The address is not well formed.", faults=faults, advice=advice)
        )
    refusal = Invalid("The request is not well formed.", faults=faults)
    return answer(problem(refusal, request.state.trace_id))


async def _unstorable(request: Request, error: Exception) -> Response:
    """A text with NUL, which PostgreSQL cannot hold, wherever in a request it stood."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if getattr(cause, "sqlstate", None) not in _UNSTORABLE:
        raise error
    advice = "Send the request again without the character NUL (U+0000)."
    return await refused(request, Invalid("A text holds a character that cannot be stored.", advice=advice))


async def _plain(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    document: dict[str, Any] = {
        "type": "about:blank",
        "title": error.detail,
        "status": error.status_code,
        "detail": f"{request.method} {request.url.path}: {error.detail}. /api/openapi.json has all routes.",
        "errors": [],
        "retry": False,
        "trace_id": request.state.trace_id,
    }
    if wants_page(request):
        return await plain_page(request, document)
    return answer(document, error.headers)


async def _unexpected(request: Request, error: Exception) -> Response:
    trace_id = getattr(request.state, "trace_id", "")
    log.error("request.failed", trace_id=trace_id, path=request.url.path, exc_info=error)
    document: dict[str, Any] = {
        "type": TYPE_BASE + "unexpected",
        "title": "Something went wrong here",
        "status": 500,
        "detail": "This is our fault. Look whether it was done before you try again. The trace id finds it.",
        "errors": [],
        "retry": True,
        "trace_id": trace_id,
    }
    if wants_page(request):
        return await plain_page(request, document)
    return answer(document)
