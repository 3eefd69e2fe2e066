"""Routes of the public log of releases: checkpoint, key, entries, proofs."""

import base64
from collections.abc import Iterable
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from fastapi.responses import PlainTextResponse

from aei_marketplace.catalog import service
from aei_marketplace.catalog.service import ReleaseProof
from aei_marketplace.web.requests import TheDeps, TheTrace, TheVisitor
from aei_marketplace.web.responses import json_answer

router = APIRouter()

LARGEST = 2**62
MOST_ENTRIES = 1_000

Size = Annotated[int, Query(ge=0, le=LARGEST)]


@router.get("/api/log/checkpoint", response_class=PlainTextResponse)
async def get_checkpoint(deps: TheDeps, visitor: TheVisitor, trace: TheTrace) -> Response:
    """The newest checkpoint: a C2SP signed note over origin, size and root of the log of releases."""
    async with deps.works.begin(visitor, trace) as work:
        head = await service.log_head(work)
    return PlainTextResponse(head.note, headers={"Cache-Control": "no-cache"})


@router.get("/api/log/key")
async def get_key(deps: TheDeps, visitor: TheVisitor, trace: TheTrace) -> Response:
    """The key that checks checkpoints. Compare it with what the operator tells you by another way."""
    async with deps.works.begin(visitor, trace) as work:
        head = await service.log_head(work)
    return json_answer({"key": head.verifying_key})


@router.get("/api/log/entries")
async def list_entries(
    deps: TheDeps,
    visitor: TheVisitor,
    trace: TheTrace,
    first: Annotated[int, Query(alias="from", ge=0, le=LARGEST)] = 0,
    limit: Annotated[int, Query(ge=1, le=MOST_ENTRIES)] = 100,
) -> Response:
    """The log's leaves in order, for whoever wants to watch or copy all of it."""
    async with deps.works.begin(visitor, trace) as work:
        head = await service.log_head(work)
        entries = await service.log_entries(work, first, limit)
    items = [{"index": index, "leaf": content.decode()} for index, content in entries]
    return json_answer({"items": items, "checkpoint": head.note})


@router.get("/api/log/consistency")
async def prove_consistency(
    deps: TheDeps, visitor: TheVisitor, trace: TheTrace, old: Size, new: Size | None = None
) -> Response:
    """That the log of `new` entries (the newest checkpoint's when absent) begins with that of `old`."""
    async with deps.works.begin(visitor, trace) as work:
        size, proof = await service.prove_growth(work, old, new)
    return json_answer({"old": old, "new": size, "proof": _texts(proof)})


@router.get("/api/plugins/{plugin_id}/versions/{version}/proof")
async def prove_release(
    plugin_id: str, version: str, deps: TheDeps, visitor: TheVisitor, trace: TheTrace
) -> Response:
    """What the public log says of a release: its leaves with inclusion proofs, and their checkpoint."""
    async with deps.works.begin(visitor, trace) as work:
        proof = await service.prove_release(work, plugin_id, version)
    return json_answer(_proof_shape(proof))


def _proof_shape(proof: ReleaseProof) -> dict[str, Any]:
    return {
        "plugin_id": proof.plugin_id,
        "version": proof.version,
        "checkpoint": proof.head.note,
        "entries": [
            {"index": leaf.index, "leaf": leaf.content.decode(), "proof": _texts(leaf.proof)}
            for leaf in proof.leaves
        ],
    }


def _texts(hashes: Iterable[bytes]) -> list[str]:
    return [base64.b64encode(value).decode() for value in hashes]
