"""What a replay needs, sealed: the task and the journal of the host calls.

AES-256-GCM (NIST SP 800-38D) with a key of the execution's own, which HMAC-SHA256 derives from the
master key; tenant and execution are authenticated with it. The digests inside a journal are made with
another key derived the same way, so that neither is ever stored.
"""

import hmac
import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from aei_marketplace.executions.errors import JournalUnreadable
from aei_marketplace.executions.rules.endings import storable
from aei_protocol.messages import Divergence, Ended
from aei_protocol.outcomes import Outcome

NONCE_BYTES = 12

_encode = msgspec.msgpack.Encoder().encode


@dataclass(frozen=True, slots=True)
class Sealed:
    """A sealed journal.

    Attributes:
        nonce: 12 random bytes.
        content: ciphertext and 16 bytes of tag.
    """

    nonce: bytes
    content: bytes


@dataclass(frozen=True, slots=True)
class Recorded:
    """What is inside: the task, and the journal as the sandbox host wrote it."""

    task: str
    journal: bytes


_decode = msgspec.msgpack.Decoder(Recorded).decode


@dataclass(frozen=True, slots=True)
class Original:
    """The end that a replay is compared with."""

    id: UUID
    outcome: str
    output: bytes | None
    problem: str | None


@dataclass(frozen=True, slots=True)
class Kept:
    """What an end leaves for replays, or says about one.

    Attributes:
        journal: `kept`, `too_large` or `lost`; None when none was asked for.
        divergence: JSON; None where a replay kept to its journal, and where there was none.
        identical: whether a replay ended as what it replays; None for all else.
    """

    journal: str | None = None
    sealed: Sealed | None = None
    divergence: str | None = None
    identical: bool | None = None

    @property
    def context(self) -> dict[str, Any]:
        """What the end entry says of it."""
        said = {"journal": self.journal, "identical": self.identical}
        return {name: value for name, value in said.items() if value is not None}


def digest_key(master_key: bytes, tenant: UUID, execution: UUID) -> bytes:
    """The key of the digests in an execution's journal: 32 bytes."""
    return _derived(master_key, b"aei-journal-digests/1\n", tenant, execution)


def seal(master_key: bytes, tenant: UUID, execution: UUID, recorded: Recorded) -> Sealed:
    """Seal what was recorded of an execution."""
    nonce = os.urandom(NONCE_BYTES)
    key = _derived(master_key, b"aei-journal-seal/1\n", tenant, execution)
    content = AESGCM(key).encrypt(nonce, _encode(recorded), tenant.bytes + execution.bytes)
    return Sealed(nonce, content)


def unseal(master_key: bytes, tenant: UUID, execution: UUID, sealed: Sealed) -> Recorded:
    """What was recorded of an execution.

    Raises:
        JournalUnreadable: the master key is another, or the row was changed or moved.
    """
    key = _derived(master_key, b"aei-journal-seal/1\n", tenant, execution)
    try:
        return _decode(AESGCM(key).decrypt(sealed.nonce, sealed.content, tenant.bytes + execution.bytes))
    except (InvalidTag, msgspec.DecodeError) as error:
        raise JournalUnreadable(f"The journal of execution {execution} does not open.") from error


def opened_with(
    master_keys: Iterable[bytes], tenant: UUID, execution: UUID, sealed: Sealed
) -> tuple[bytes, Recorded]:
    """The master key under which a journal was kept, and what was recorded.

    Args:
        master_keys: to try, the likeliest first.

    Raises:
        JournalUnreadable: it opens with none of them, or the row was changed or moved.
    """
    for key in master_keys:
        try:
            return key, unseal(key, tenant, execution, sealed)
        except JournalUnreadable:
            continue
    raise JournalUnreadable(f"The journal of execution {execution} does not open.")


def kept_journal(master_key: bytes, tenant: UUID, execution: UUID, task: str, ended: Ended) -> Kept:
    """What the end of an execution that was to be journalled leaves."""
    if ended.journal is None:
        return Kept("lost" if ended.outcome is Outcome.WORKER_LOST else "too_large")
    return Kept("kept", seal(master_key, tenant, execution, Recorded(task, ended.journal)))


def compared(original: Original, ended: Ended) -> Kept:
    """What the end of a replay says."""
    output = None if ended.output is None else ended.output.encode()
    problem = None if ended.problem is None else storable(ended.problem)
    same = (str(ended.outcome), output, problem) == (
        original.outcome,
        original.output,
        original.problem,
    )
    divergence = ended.divergence
    if divergence is None and not same:
        calls = ended.usage.host_calls + 1
        expected, got = f"the end {original.outcome}", f"the end {ended.outcome}"
        divergence = Divergence(calls, expected, got, "every call was the recorded one, and the end was not")
    told = None if divergence is None else msgspec.json.encode(divergence).decode()
    return Kept(divergence=told, identical=divergence is None)


def _derived(master_key: bytes, label: bytes, tenant: UUID, execution: UUID) -> bytes:
    return hmac.digest(master_key, label + tenant.bytes + execution.bytes, "sha256")
