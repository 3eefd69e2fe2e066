"""Routes that hand out checkpoints and proofs. Hashes and bytes are base64, as in the notes themselves."""

import base64
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from aei_marketplace.audit.service import (
    Inclusion,
    SignedHead,
    newest_head,
    prove_entry,
    prove_growth,
)
from aei_marketplace.web.requests import TheActor, TheDeps, TheTrace
from aei_marketplace.web.responses import json_answer

router = APIRouter(prefix="/api/audit", tags=["audit"])


@router.get("/checkpoint")
async def checkpoint(request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """The newest signed checkpoint in C2SP form; with `Accept: text/plain` the bare note."""
    head = await newest_head(deps.works, actor, trace)
    if request.headers.get("accept", "").startswith("text/plain"):
        return Response(head.note, media_type="text/plain; charset=utf-8")
    return json_answer(_head(head))


@router.get("/proof/{entry}")
async def proof(deps: TheDeps, actor: TheActor, trace: TheTrace, entry: UUID) -> Response:
    """The proof that an entry is in the log: its bytes, its audit path, and the checkpoint it leads to."""
    return json_answer(_inclusion(await prove_entry(deps.works, actor, trace, entry)))


@router.get("/consistency")
async def consistency(
    deps: TheDeps,
    actor: TheActor,
    trace: TheTrace,
    old: Annotated[int, Query(alias="from", ge=0, description="the size of a checkpoint that you hold")],
    new: Annotated[
        int | None, Query(alias="to", ge=0, description="a later size; the newest when absent")
    ] = None,
) -> Response:
    """The proof that the log of `to` entries begins with the log of `from` entries, unchanged."""
    growth = await prove_growth(deps.works, actor, trace, old, new)
    return json_answer(
        {
            "from": growth.old,
            "to": growth.new,
            "proof": [_base64(value) for value in growth.hashes],
            "checkpoint": _head(growth.head) if growth.head else None,
        }
    )


def _inclusion(found: Inclusion) -> dict[str, Any]:
    return {
        "entry": found.entry_id,
        "sequence": found.sequence,
        "leaf": None if found.content is None else _base64(found.content),
        "leaf_hash": _base64(found.leaf_hash),
        "archive": found.archive,
        "proof": [_base64(value) for value in found.hashes],
        "checkpoint": _head(found.head),
        "tlog_proof": _tlog_proof(found),
    }


def _tlog_proof(found: Inclusion) -> str:
    """The same proof in the form of c2sp.org/tlog-proof."""
    hashes = "".join(_base64(value) + "\n" for value in found.hashes)
    return f"c2sp.org/tlog-proof@v1\nindex {found.sequence}\n{hashes}\n{found.head.note}"


def _head(head: SignedHead) -> dict[str, Any]:
    return {
        "size": head.size,
        "root": _base64(head.root),
        "note": head.note,
        "key": head.verifying_key,
        "at": head.at,
    }


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
