"""Showing evidence, and looking at it. A side sees its own; staff see all."""

import hashlib
from dataclasses import dataclass
from uuid import UUID

from aei_marketplace.disputes import store
from aei_marketplace.disputes.errors import DisputeNotFound, EvidenceTooLarge
from aei_marketplace.disputes.rules.cases import side_of
from aei_marketplace.disputes.rules.evidence import (
    MOST_BYTES,
    Evidence,
    check_shown,
    clean_name,
    media_type_of,
)
from aei_marketplace.disputes.service.reading import evidence_of, find_dispute
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.clock import new_id
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.work import Work

#: The fields of a form that shows evidence, and the most bytes of such a form.
EVIDENCE_FORM, LARGEST_FORM = frozenset({"note", "file"}), MOST_BYTES + 64 * 1024


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it was sent."""

    name: str
    content: bytes


def evidence_too_large() -> EvidenceTooLarge:
    """The refusal of a form that is longer than `LARGEST_FORM`."""
    return EvidenceTooLarge("The file is larger than 5 MiB.")


async def show_evidence(
    deps: Deps, actor: Actor, trace_id: str, dispute_id: UUID, note: str, file: Upload | None
) -> Evidence:
    """Show evidence for one's own side, in words and perhaps with a file.

    Raises:
        NotAllowed, DisputeNotFound: it is not the actor's.
        DisputeDecided: it has ended, or the time to show evidence has.
        EvidenceUnfit, EvidenceTooLarge, Invalid: it cannot be kept.
    """
    async with deps.works.begin(actor, trace_id) as work:
        await _checked(work, dispute_id, note)
    kept = None if file is None else await _keep(deps, file)
    async with deps.works.begin(actor, trace_id) as work:
        return await _write(work, dispute_id, note, kept)


async def read_file(
    deps: Deps, actor: Actor, trace_id: str, dispute_id: UUID, evidence_id: UUID
) -> tuple[Evidence, bytes]:
    """A piece of evidence with its file.

    Raises:
        NotAllowed: the actor may not.
        DisputeNotFound: there is no such file that they may see.
    """
    async with deps.works.begin(actor, trace_id) as work:
        await find_dispute(work, dispute_id)
        row = await store.find_evidence(work, dispute_id, evidence_id)
    if row is None or row.sha256 is None:
        raise DisputeNotFound("There is no such file.")
    return evidence_of(row), await deps.blobs.get(row.sha256)


@dataclass(frozen=True, slots=True)
class _Kept:
    file_name: str
    media_type: str
    size: int
    sha256: str


async def _keep(deps: Deps, file: Upload) -> _Kept:
    media_type, name = media_type_of(file.content), clean_name(file.name)
    digest = hashlib.sha256(file.content).hexdigest()
    await deps.blobs.put(digest, file.content)
    return _Kept(name, media_type, len(file.content), digest)


async def _checked(work: Work, dispute_id: UUID, note: str) -> str:
    dispute = await find_dispute(work, dispute_id)
    side = side_of(dispute, work.actor.tenant)
    shown = [row for row in await store.evidence_of(work, dispute_id) if row.side == side]
    return check_shown(dispute, note, len(shown), work.now)


async def _write(work: Work, dispute_id: UUID, note: str, kept: _Kept | None) -> Evidence:
    await store.hold(work, dispute_id)
    words = await _checked(work, dispute_id, note)
    dispute, evidence_id = await find_dispute(work, dispute_id), new_id()
    side = side_of(dispute, work.actor.tenant)
    values = {
        "id": evidence_id,
        "dispute_id": dispute_id,
        "side": side,
        "tenant_id": work.actor.tenant,
        "by": work.actor.id,
        "at": work.now,
        "note": words,
        "file_name": kept and kept.file_name,
        "media_type": kept and kept.media_type,
        "size": kept and kept.size,
        "sha256": kept and kept.sha256,
    }
    await store.add_evidence(work, values)
    await store.add_step(work, dispute_id, "evidence", side, work.actor.id)
    context = {"evidence": str(evidence_id), "sha256": kept.sha256 if kept else ""}
    work.record(Fact("dispute.evidence", "dispute", str(dispute_id), context=context))
    row = await store.find_evidence(work, dispute_id, evidence_id)
    if row is None:
        raise DisputeNotFound("It was not kept.")
    return evidence_of(row)
