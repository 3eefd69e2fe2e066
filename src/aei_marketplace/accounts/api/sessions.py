"""Routes of one's own session, sessions, password and passkeys."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import Field

from aei_marketplace.accounts import service
from aei_marketplace.accounts.api.bodies import Body, Password, listed
from aei_marketplace.accounts.api.sign_in import PasskeyAnswer, as_text, session_answer
from aei_marketplace.web.cookies import forget_session
from aei_marketplace.web.csrf import csrf_token
from aei_marketplace.web.requests import TheActor, TheDeps, TheTrace
from aei_marketplace.web.responses import json_answer
from aei_marketplace.web.visits import TheVisit

router = APIRouter(tags=["sessions"])


class Place(Body):
    """Where to act: a tenant's short name, or null for the staff."""

    tenant: Annotated[str, Field(max_length=39)] | None


class Proof(Body):
    """Either the passkey's answer or the password."""

    answer: PasskeyAnswer | None = None
    password: Password | None = None


class PasswordChange(Body):
    """The present password, null from who has none, and the next one."""

    old: Password | None = None
    new: Password


class PasskeyMade(PasskeyAnswer):
    """A new passkey and its name."""

    name: Annotated[str, Field(max_length=60)]


class PasskeyName(Body):
    """Another name for a passkey."""

    name: Annotated[str, Field(max_length=60)]


@router.get("/session")
async def describe_session(request: Request, deps: TheDeps, actor: TheActor) -> Response:
    """This browser's session, where its person could act, and the token that its forms carry."""
    described = await service.describe_session(deps, actor)
    return json_answer(
        {**described, "csrf_token": csrf_token(request)}, headers={"Cache-Control": "no-store"}
    )


@router.delete("/session", status_code=204)
async def sign_out(deps: TheDeps, actor: TheActor, visit: TheVisit) -> Response:
    """Sign out: the session's cookie opens nothing from then on."""
    await service.sign_out(deps, actor, visit.trace_id)
    answer = Response(status_code=204)
    forget_session(answer, visit)
    return answer


@router.post("/session/tenant")
async def switch_tenant(body: Place, deps: TheDeps, actor: TheActor, visit: TheVisit) -> Response:
    """Act in another of one's tenants, or as staff."""
    return session_answer(await service.switch_tenant(deps, visit, actor, body.tenant), visit, 200)


@router.post("/session/proof/options")
async def begin_proof(deps: TheDeps, actor: TheActor, visit: TheVisit) -> Response:
    """How to prove who one is: what the passkey is to sign, or that the password is asked for."""
    return json_answer(await service.begin_proof(deps, visit, actor))


@router.post("/session/proof")
async def prove(body: Proof, deps: TheDeps, actor: TheActor, visit: TheVisit) -> Response:
    """Prove who one is."""
    if body.answer is not None:
        proven = await service.prove_by_passkey(deps, visit, actor, as_text(body.answer))
    else:
        proven = await service.prove_by_password(deps, visit, actor, body.password or "")
    return session_answer(proven, visit, 200)


@router.get("/sessions")
async def list_sessions(deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """One's own sessions that go on."""
    async with deps.works.begin(actor, trace) as work:
        found = await service.list_sessions(work)
    return json_answer(listed(found))


@router.delete("/sessions/{session_id}", status_code=204)
async def revoke_session(session_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """End one of one's own sessions at once."""
    async with deps.works.begin(actor, trace) as work:
        await service.revoke_session(work, session_id)
    return Response(status_code=204)


@router.delete("/sessions")
async def revoke_other_sessions(deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """End all of one's own sessions but this one."""
    async with deps.works.begin(actor, trace) as work:
        ended = await service.revoke_other_sessions(work)
    return json_answer({"ended": ended})


@router.put("/password")
async def change_password(body: PasswordChange, deps: TheDeps, actor: TheActor, visit: TheVisit) -> Response:
    """Set another password; all other sessions end."""
    return session_answer(await service.change_password(deps, visit, actor, body.old, body.new), visit, 200)


@router.get("/passkeys")
async def list_passkeys(deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """One's own passkeys."""
    async with deps.works.begin(actor, trace) as work:
        found = await service.list_passkeys(work)
    return json_answer(listed(found))


@router.post("/passkeys/options")
async def begin_passkey(deps: TheDeps, actor: TheActor, visit: TheVisit) -> Response:
    """What `navigator.credentials.create` is given."""
    return json_answer(await service.begin_passkey(deps, visit, actor))


@router.post("/passkeys", status_code=201)
async def add_passkey(body: PasskeyMade, deps: TheDeps, actor: TheActor, visit: TheVisit) -> Response:
    """Register a passkey; from then on signing in asks for one."""
    passkey_id = await service.add_passkey(deps, visit, actor, body.name, as_text(body))
    return json_answer({"id": passkey_id, "name": body.name}, 201)


@router.patch("/passkeys/{passkey_id}", status_code=204)
async def rename_passkey(
    passkey_id: UUID, body: PasskeyName, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """Give a passkey another name."""
    async with deps.works.begin(actor, trace) as work:
        await service.rename_passkey(work, passkey_id, body.name)
    return Response(status_code=204)


@router.delete("/passkeys/{passkey_id}", status_code=204)
async def remove_passkey(passkey_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Remove a passkey."""
    async with deps.works.begin(actor, trace) as work:
        await service.remove_passkey(work, passkey_id)
    return Response(status_code=204)
