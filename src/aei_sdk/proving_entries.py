"""Checking that an entry stands in the audit log, with nothing believed but a pinned key."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aei_inspection.notes import Checkpoint, VerifyingKey
from aei_protocol.merkle import ProofWrong, check_inclusion, leaf_hash
from aei_sdk.client.values import AuditProof
from aei_sdk.proving import NotProven, check_growth, read_checkpoint, read_hashes

if TYPE_CHECKING:
    from aei_sdk.client import Client

#: What an entry's bytes begin with, before its JSON.
_PREFIX = b"aei-audit/1\n"


@dataclass(frozen=True, slots=True)
class ProvenEntry:
    """An entry that is in the log.

    Attributes:
        document: what the log says happened; None for an entry that was archived: its file has it.
        note: the checkpoint, for remembering.
        since: size of the checkpoint seen before; None when there was none.
    """

    sequence: int
    leaf_hash: bytes
    document: dict[str, Any] | None
    archive: str | None
    checkpoint: Checkpoint
    note: str
    since: int | None


async def prove_entry(
    client: "Client", entry: str, proof: AuditProof, key: VerifyingKey, seen: Checkpoint | None
) -> ProvenEntry:
    """Check an entry's proof.

    Args:
        proof: what the marketplace answers for the entry.
        key: the log's key, pinned or given.
        seen: the last checkpoint of this log that was checked here.

    Raises:
        NotProven: the log does not show it; says which check failed.
    """
    try:
        note, sequence = proof["checkpoint"]["note"], proof["sequence"]
        checkpoint = read_checkpoint(note, key)
        hashed, document = _leaf(proof, entry)
        check_inclusion(hashed, sequence, checkpoint.size, read_hashes(proof["proof"]), checkpoint.root)
    except ProofWrong as error:
        raise NotProven("The entry is not in the log that the checkpoint is of", str(error)) from None
    except (KeyError, TypeError, AttributeError) as error:  # the answer has another shape
        raise NotProven("The log's answer is not a proof", f"{type(error).__name__}: {error}") from None
    await check_growth(client.audit.consistency, seen, checkpoint)
    since = seen.size if seen else None
    return ProvenEntry(sequence, hashed, document, proof["archive"], checkpoint, note, since)


def _leaf(proof: AuditProof, entry: str) -> tuple[bytes, dict[str, Any] | None]:
    if proof["leaf"] is None:
        return read_hashes([proof["leaf_hash"]])[0], None
    [content] = read_hashes([proof["leaf"]])
    try:
        document = json.loads(content.removeprefix(_PREFIX))
    except ValueError as error:
        raise NotProven("The entry cannot be read", str(error)) from None
    if not content.startswith(_PREFIX) or document["id"] != entry:
        raise NotProven(
            "The proof is of another entry", f"Asked was {entry}, shown is {str(document.get('id'))[:60]}."
        )
    return leaf_hash(content), document
