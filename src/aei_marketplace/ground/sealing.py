"""How values are sealed that the database must not show.

Envelope encryption with AES-256-GCM (NIST SP 800-38D): a value is sealed with its tenant's data key,
the data key with the master key. What a sealed value belongs to (tenant, kind, name, version) is
authenticated with it, so that a row copied to another place does not open there.
"""

import os
from dataclasses import dataclass
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES, NONCE_BYTES = 32, 12
#: Stands in a tenant's place where a value is the operator's own.
OPERATOR = UUID(int=0)


class SealBroken(Exception):
    """A sealed value does not open: another master key, or a changed row. Nothing of it is shown."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A sealed value.

    Attributes:
        nonce: 12 random bytes, never used twice with a key.
        content: ciphertext and 16 bytes of tag.
    """

    nonce: bytes
    content: bytes


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sealed value belongs.

    Attributes:
        label: what sort of value it is.
        tenant: whose it is; `OPERATOR` for the operator's own.
    """

    label: str
    tenant: UUID
    name: str
    version: int

    def encoded(self) -> bytes:
        """The bytes that are authenticated with the value."""
        head = self.label.encode() + b"/1\n" + self.tenant.bytes
        return head + self.version.to_bytes(8, "big") + self.name.encode()


@dataclass(frozen=True, slots=True)
class SealedValue:
    """A sealed value as it lies in its row.

    Attributes:
        what: what it is, in words without the value.
    """

    what: str
    place: Place
    sealed: Sealed


def new_data_key() -> bytes:
    """A fresh key of 256 bits for one tenant."""
    return AESGCM.generate_key(bit_length=KEY_BYTES * 8)


def wrap_data_key(master_key: bytes, tenant: UUID, data_key: bytes) -> Sealed:
    """Seal a tenant's data key with the master key."""
    return _seal(master_key, data_key, _key_place(tenant))


def unwrap_data_key(master_key: bytes, tenant: UUID, sealed: Sealed) -> bytes:
    """The tenant's data key.

    Raises:
        SealBroken: the master key is another, or the row was changed or moved.
    """
    return _open(master_key, sealed, _key_place(tenant))


def seal_value(data_key: bytes, place: Place, value: str) -> Sealed:
    """Seal one version of a value."""
    return _seal(data_key, value.encode(), place.encoded())


def open_value(data_key: bytes, place: Place, sealed: Sealed) -> str:
    """The value.

    Raises:
        SealBroken: the row was changed or moved.
    """
    return _open(data_key, sealed, place.encoded()).decode()


def _seal(key: bytes, content: bytes, place: bytes) -> Sealed:
    nonce = os.urandom(NONCE_BYTES)
    return Sealed(nonce, AESGCM(key).encrypt(nonce, content, place))


def _open(key: bytes, sealed: Sealed, place: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(sealed.nonce, sealed.content, place)
    except InvalidTag:
        raise SealBroken("a sealed value does not open with this key at this place") from None


def _key_place(tenant: UUID) -> bytes:
    return b"aei-data-key/1\n" + tenant.bytes
