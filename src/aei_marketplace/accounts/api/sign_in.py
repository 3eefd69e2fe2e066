"""Routes by which a browser is signed in."""

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Response
from pydantic import Field

from aei_marketplace.accounts import service
from aei_marketplace.accounts.api.bodies import Body, Email, Password, Path
from aei_marketplace.ground.sign_in import Visit
from aei_marketplace.web.cookies import forget_sign_in, keep_session, keep_sign_in
from aei_marketplace.web.csrf import token_for
from aei_marketplace.web.requests import TheDeps
from aei_marketplace.web.responses import json_answer
from aei_marketplace.web.visits import TheVisit

router = APIRouter(prefix="/sign-in", tags=["sign-in"])


class Credentials(Body):
    """What a person signs in with, and where they want to go."""

    email: Email
    password: Password
    tenant: Annotated[str, Field(max_length=39)] | None = None
    redirect_to: Path = "/"


class PasskeyAnswer(Body):
    """What `navigator.credentials.get` or `.create` gave, as its `toJSON()` does."""

    answer: dict[str, Any]


@router.post("/password", status_code=201, responses={202: {"description": "the passkey is asked for"}})
async def sign_in_with_password(body: Credentials, deps: TheDeps, visit: TheVisit) -> Response:
    """Sign in; 201 with a session in its cookie, or 202 with what the passkey is to sign."""
    entry = await service.sign_in_with_password(
        deps, visit, body.email, body.password, body.tenant, body.redirect_to
    )
    return entered(entry, visit)


@router.get("")
async def passkey_asked(deps: TheDeps, visit: TheVisit) -> Response:
    """What this browser's sign-in under way waits for."""
    asked = await service.passkey_asked(deps, visit)
    return json_answer({"passkey": asked.options, "redirect_to": asked.redirect_to})


@router.post("/passkey", status_code=201)
async def finish_with_passkey(body: PasskeyAnswer, deps: TheDeps, visit: TheVisit) -> Response:
    """Finish a sign-in with the passkey's answer."""
    return entered(await service.finish_with_passkey(deps, visit, as_text(body)), visit)


@router.delete("", status_code=204)
async def give_up(visit: TheVisit) -> Response:
    """Forget this browser's sign-in under way."""
    answer = Response(status_code=204)
    forget_sign_in(answer, visit)
    return answer


def as_text(body: PasskeyAnswer) -> str:
    """A passkey's answer as the JSON that it came as."""
    return msgspec.json.encode(body.answer).decode()


def entered(entry: service.Entry, visit: Visit) -> Response:
    """The answer to a proof: the session with its cookie, or what the passkey is to sign."""
    if isinstance(entry, service.SignedIn):
        return session_answer(entry, visit)
    answer = json_answer({"passkey": entry.options, "redirect_to": entry.redirect_to}, 202)
    keep_sign_in(answer, visit, entry.secret)
    return answer


def session_answer(signed_in: service.SignedIn, visit: Visit, status: int = 201) -> Response:
    """A session's answer: its secret is in the cookie alone, and never shown to scripts."""
    answer = json_answer(
        {
            "id": signed_in.actor.session,
            "tenant": signed_in.actor.tenant_slug,
            "expires_at": signed_in.expires_at,
            "proven_until": signed_in.actor.proven_until,
            "csrf_token": token_for(signed_in.secret),
            "redirect_to": signed_in.redirect_to,
        },
        status,
        {"Cache-Control": "no-store"},
    )
    keep_session(answer, visit, signed_in.secret, signed_in.expires_at)
    return answer
