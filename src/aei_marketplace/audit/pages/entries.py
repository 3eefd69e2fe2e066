"""Page: one entry of the audit log with the proof that it is in there, checked while it is shown."""

import base64
import json
from dataclasses import dataclass
from uuid import UUID

from fastapi import APIRouter, Request, Response

from aei_marketplace.audit.errors import NoCheckpointYet, NotYetProvable
from aei_marketplace.audit.pages.searching import AUDIT, ShownEntry, names_for, shown_entry
from aei_marketplace.audit.service import Found, Inclusion, find_entry, prove_entry
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.deps import Deps
from aei_marketplace.web.requests import TheActor, TheDeps, TheTrace
from aei_marketplace.web.shell.rendering import PageContext, render
from aei_protocol.merkle import ProofWrong, check_inclusion, leaf_hash

router = APIRouter()


@dataclass(frozen=True, slots=True)
class ShownProof:
    """A proof as its page shows it; hashes are base64, as in the note.

    Attributes:
        holds: whether bytes, leaf, path and root fit together, computed anew for this page.
    """

    holds: bool
    leaf_hash: str
    hashes: tuple[str, ...]
    root: str
    inclusion: Inclusion


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryPage(PageContext):
    """One entry.

    Attributes:
        entry: None once it lies in an archive; then the proof tells where.
        personal: what people typed or who they are, as far as it was not erased.
        erased: the names of what was committed to and is not there any more.
        unproven: why there is no proof yet.
    """

    entry_id: UUID
    entry: ShownEntry | None
    context: str
    personal: tuple[tuple[str, str], ...]
    erased: tuple[str, ...]
    proof: ShownProof | None
    unproven: str
    staff: bool


@router.get(AUDIT + "/{entry_id}")
async def show_entry(
    request: Request, entry_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """One entry."""
    inclusion, unproven = await _inclusion(deps, actor, trace, entry_id)
    async with deps.works.begin(actor, trace) as work:
        archived = inclusion is not None and inclusion.content is None
        found = None if archived else await find_entry(work, entry_id)
        names = await names_for(work, [found] if found else [])
    entry = shown_entry(found, names, inclusion.head if inclusion else None) if found else None
    page = EntryPage(
        title=entry.document["action"] if entry else "Archived entry",
        crumbs=(("Audit log", AUDIT),),
        entry_id=entry_id,
        entry=entry,
        context=json.dumps(found.document["context"], indent=2, ensure_ascii=False) if found else "",
        personal=tuple(sorted(found.personal.items())) if found else (),
        erased=_erased(found) if found else (),
        proof=_shown(inclusion) if inclusion else None,
        unproven=unproven,
        staff=actor.staff,
    )
    return await render(request, "audit/entry.html", page)


async def _inclusion(deps: Deps, actor: Actor, trace_id: str, entry_id: UUID) -> tuple[Inclusion | None, str]:
    try:
        return await prove_entry(deps.works, actor, trace_id, entry_id), ""
    except (NotYetProvable, NoCheckpointYet) as refusal:
        return None, refusal.detail


def _erased(found: Found) -> tuple[str, ...]:
    return tuple(name for name in sorted(found.document["personal"]) if name not in found.personal)


def _shown(inclusion: Inclusion) -> ShownProof:
    return ShownProof(
        holds=holds(inclusion),
        leaf_hash=_base64(inclusion.leaf_hash),
        hashes=tuple(_base64(value) for value in inclusion.hashes),
        root=_base64(inclusion.head.root),
        inclusion=inclusion,
    )


def holds(inclusion: Inclusion) -> bool:
    """Whether an entry's bytes lead by its audit path to the root of the checkpoint."""
    if inclusion.content is not None and leaf_hash(inclusion.content) != inclusion.leaf_hash:
        return False
    head = inclusion.head
    try:
        check_inclusion(inclusion.leaf_hash, inclusion.sequence, head.size, inclusion.hashes, head.root)
    except ProofWrong:
        return False
    return True


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
