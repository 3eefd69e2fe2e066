"""Checking that a release stands in the public log, with nothing believed but a pinned key."""

import base64
import binascii
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aei_inspection.notes import Checkpoint, NoteMalformed, NoteUnproven, VerifyingKey, open_checkpoint
from aei_inspection.signatures import KeyMalformed, PublicKey, SignatureRefused, verify_package
from aei_protocol.merkle import ProofWrong, check_consistency, check_inclusion, leaf_hash
from aei_protocol.release_log import LeafMalformed, ReleaseLeaf, read_leaf
from aei_sdk.client.values import GrowthProof, LogLeaf, Release
from aei_sdk.errors import AeiError, ExitCode

if TYPE_CHECKING:
    from aei_sdk.client import Client


class NotProven(AeiError):
    """The log does not prove what the marketplace says. Nothing new was pinned."""

    exit_code = ExitCode.REFUSED


@dataclass(frozen=True, slots=True)
class Proven:
    """What was proven of a release.

    Attributes:
        note: the checkpoint, for remembering.
        leaves: (place, leaf) in order: the publication first, the present state last.
        since: size of the checkpoint seen before; None when there was none.
    """

    checkpoint: Checkpoint
    note: str
    leaves: tuple[tuple[int, ReleaseLeaf], ...]
    since: int | None


async def prove_release(
    client: "Client", release: Release, key: VerifyingKey, seen: Checkpoint | None
) -> Proven:
    """Check a release against the public log.

    Args:
        release: what the marketplace shows of it.
        key: the log's key, pinned or given.
        seen: the last checkpoint of this log that was checked here.

    Raises:
        NotProven: the log does not show it; says which check failed.
    """
    proof = await client.release_log.proof(release["plugin_id"], release["version"])
    try:
        checkpoint = read_checkpoint(proof["checkpoint"], key)
        leaves = [_leaf(entry, checkpoint) for entry in proof["entries"]]
        _check_leaves(leaves, release)
    except (KeyError, TypeError, AttributeError) as error:  # the answer has another shape
        raise NotProven("The log's answer is not a proof", f"{type(error).__name__}: {error}") from None
    await check_growth(client.release_log.consistency, seen, checkpoint)
    if release.get("signer") is not None:
        await _check_signature(client, release)
    return Proven(checkpoint, proof["checkpoint"], tuple(leaves), seen.size if seen else None)


def read_checkpoint(note: str, key: VerifyingKey) -> Checkpoint:
    """A checkpoint that the trusted key signed.

    Raises:
        NotProven: it is none, or another key signed it.
    """
    try:
        return open_checkpoint(note, key)
    except NoteMalformed as error:
        raise NotProven("The checkpoint is not one", str(error)) from None
    except NoteUnproven as error:
        raise NotProven(
            "The checkpoint is not signed by the key that you trust",
            f"{error}. Either this is not the marketplace that you know, or its key was replaced.",
            advice="Ask its operator for the key by another way, and give it: --log-key KEY",
        ) from None


def _leaf(entry: LogLeaf, checkpoint: Checkpoint) -> tuple[int, ReleaseLeaf]:
    content = entry["leaf"].encode("utf-8", "surrogatepass")
    try:
        check_inclusion(
            leaf_hash(content), entry["index"], checkpoint.size, read_hashes(entry["proof"]), checkpoint.root
        )
        return entry["index"], read_leaf(content)
    except ProofWrong as error:
        raise NotProven("An entry is not in the log that the checkpoint is of", str(error)) from None
    except LeafMalformed as error:
        raise NotProven("An entry of the log cannot be read", str(error)) from None


def _check_leaves(leaves: Sequence[tuple[int, ReleaseLeaf]], release: Release) -> None:
    if not leaves:
        raise NotProven("The log's answer holds no entry", "Nothing says that this release was published.")
    publisher = release["publisher"].get("id")
    told = {
        "plugin": release["plugin_id"],
        "version": release["version"],
        "sha256": release["sha256"],
        "publisher": publisher,
        "signer": release.get("signer"),
    }
    for index, leaf in leaves:
        for name, shown in told.items():
            if getattr(leaf, name) != shown:
                raise _other_leaf(index, name, getattr(leaf, name), shown)
    places = [index for index, _ in leaves]
    if places != sorted(set(places)):
        raise NotProven("The log's entries are out of order", f"Their places are {places[:20]}.")
    index, last = leaves[-1]
    if last.state != release["state"]:
        raise _other_leaf(index, "state", last.state, release["state"])


def _other_leaf(index: int, name: str, logged: object, shown: object) -> NotProven:
    return NotProven(
        "The log says something else than the marketplace",
        f"Entry {index} has the {name} {logged!r}; the marketplace shows {shown!r}.",
        advice="A state that changed this very second is not logged yet: try once more. Else do not install.",
    )


async def _check_signature(client: "Client", release: Release) -> None:
    """That the key which the log names signed this package; its id is the digest of the key itself."""
    found = await client.signing.of_release(release["plugin_id"], release["version"])
    try:
        key = PublicKey.from_pem(found["key"]["public_key"].encode())
        if key.id != release["signer"]:
            raise NotProven("The key is not the one that the log names", f"Its id is {key.id}.")
        verify_package(found["envelope"].encode(), release["sha256"], [key])
    except (SignatureRefused, KeyMalformed) as error:
        raise NotProven("The signature does not stand for the package", str(error)) from None
    except (KeyError, TypeError, AttributeError) as error:  # the answer has another shape
        raise NotProven("The signature's answer is not one", f"{type(error).__name__}: {error}") from None


async def check_growth(
    consistency: Callable[[int, int], Awaitable[GrowthProof]], seen: Checkpoint | None, now: Checkpoint
) -> None:
    """That a log only grew since it was last seen.

    Args:
        consistency: asks the log for the proof between two sizes.

    Raises:
        NotProven: it did not, or shows an older view.
    """
    if seen is None or (seen.size, seen.root) == (now.size, now.root):
        return
    if now.size < seen.size:
        raise NotProven(
            "An older checkpoint is offered as the newest",
            f"It is of {now.size} entries; you have seen one of {seen.size}.",
            advice="The marketplace shows an old view, or lost entries. Ask its operator.",
        )
    if now.size == seen.size:
        raise _fork(f"two logs of {now.size} entries have different roots")
    growth = await consistency(seen.size, now.size)
    try:
        check_consistency(seen.size, seen.root, now.size, now.root, read_hashes(growth["proof"]))
    except ProofWrong as error:
        raise _fork(str(error)) from None


def _fork(why: str) -> NotProven:
    return NotProven(
        "The log was rewritten, or you are shown another one than before",
        f"What you saw is not the beginning of what is shown now: {why}.",
        advice="Keep both checkpoints, they are evidence, and ask the operator.",
    )


def read_hashes(texts: Sequence[str]) -> list[bytes]:
    """The hashes of a proof, which are written in base64.

    Raises:
        ProofWrong: they are not.
    """
    try:
        return [base64.b64decode(text, validate=True) for text in texts]
    except (binascii.Error, ValueError) as error:
        raise ProofWrong(f"a hash of the proof is not base64: {error}") from error
