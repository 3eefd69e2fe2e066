"""How a publisher proves by a domain who it is, and how long a proof holds.

A proof is looked for until a week after it was asked for. Once seen it is looked for every day, and counts
for a week after it was last seen: an outage takes nobody's mark, a domain that changed hands does.
"""

import hmac
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from aei_marketplace.ground.errors import Fault, Invalid
from aei_protocol.addresses import HOST_NAME

#: Where the proof is looked for: a TXT record at this name under the domain, or a file at this path on it.
RECORD_NAME = "_aei-publisher"
FILE_PATH = "/.well-known/aei-publisher.txt"
_PREFIX = "aei-publisher-verification="

SOUGHT_FOR = timedelta(days=7)
HOLDS_FOR = timedelta(days=7)
SOON, DAILY = timedelta(minutes=5), timedelta(days=1)
#: How many proofs of a publisher are looked for at once.
MOST_PROOFS = 10


class Method(StrEnum):
    """Where a proof stands."""

    DNS = "dns"
    FILE = "file"


class ProofState(StrEnum):
    """How a proof stands."""

    WAITING = "waiting"
    VERIFIED = "verified"
    LAPSED = "lapsed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class DomainProof:
    """A domain that a publisher says is its own.

    Attributes:
        token: what has to stand there; the publisher's and this proof's alone.
        problem: why the last look did not find it; None when it did, or nobody has looked.
        expires_at: until when it is looked for, or counts without being seen again.
        next_check_at: when it is looked for next; None for never again.
    """

    id: UUID
    tenant_id: UUID
    publisher_id: UUID
    domain: str
    method: Method
    token: str
    state: ProofState
    problem: str | None
    created_at: datetime
    checked_at: datetime | None
    expires_at: datetime
    next_check_at: datetime | None

    @property
    def expected(self) -> str:
        """The text that has to stand in the record or in a line of the file."""
        return _PREFIX + self.token

    @property
    def place(self) -> str:
        """Where it has to stand: the name of the record, or the URL of the file."""
        if self.method is Method.DNS:
            return f"{RECORD_NAME}.{self.domain}"
        return f"https://{self.domain}{FILE_PATH}"


def check_domain(text: str) -> str:
    """A domain in lower case, without the dot at its end.

    Raises:
        Invalid: it is no DNS name of two labels or more.
    """
    domain = text.strip().lower().removesuffix(".")
    if len(domain) > 253 - len(RECORD_NAME) - 1 or not HOST_NAME.fullmatch(domain):
        raise Invalid("This is no domain.", faults=[Fault("/domain", "a DNS name such as acme.example")])
    return domain


def is_proven(proof: DomainProof, lines: Iterable[str]) -> bool:
    """Whether what was found proves that the domain is the publisher's."""
    expected = proof.expected.encode()
    return any(hmac.compare_digest(line.strip().encode(), expected) for line in lines)


def looked(proof: DomainProof, problem: str | None, now: datetime) -> DomainProof:
    """The proof after a look at its domain.

    Args:
        problem: why nothing was found; None when the proof stands there.
    """
    seen = replace(proof, checked_at=now, problem=problem)
    if problem is None:
        return replace(seen, state=ProofState.VERIFIED, expires_at=now + HOLDS_FOR, next_check_at=now + DAILY)
    if now >= proof.expires_at:
        ended = ProofState.LAPSED if proof.state is ProofState.VERIFIED else ProofState.FAILED
        return replace(seen, state=ended, next_check_at=None)
    pause = DAILY if proof.state is ProofState.VERIFIED else SOON
    return replace(seen, next_check_at=min(now + pause, proof.expires_at))
