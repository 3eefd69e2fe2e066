"""Names and values of secrets, and how they are sealed.

Envelope encryption with AES-256-GCM (NIST SP 800-38D): a secret's value is sealed with its tenant's
data key, the data key with the master key. What a sealed value belongs to (tenant, name, version)
is authenticated with it, so that a row copied to another place does not open there.
"""

import os
import re
from dataclasses import dataclass
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from aei_marketplace.ground.errors import Fault
from aei_marketplace.vault.errors import SealBroken, SecretUnfit

LONGEST_VALUE = 16 * 1024
KEY_BYTES, NONCE_BYTES = 32, 12
_NAME = re.compile(r"[A-Z][A-Z0-9_]{0,63}")


@dataclass(frozen=True, slots=True)
class Sealed:
    """A sealed value.

    Attributes:
        nonce: 12 random bytes, never used twice with a key.
        content: ciphertext and 16 bytes of tag.
    """

    nonce: bytes
    content: bytes


def check_name(name: str) -> str:
    """A name that a secret may have.

    Raises:
        SecretUnfit: it is not spelled like one.
    """
    if not _NAME.fullmatch(name):
        message = "capital letters, digits and underscores, a letter first, at most 64"
        raise SecretUnfit("The name cannot be used.", faults=[Fault("name", message)])
    return name


def check_value(value: str) -> str:
    """A value that can be kept.

    Raises:
        SecretUnfit: it is empty, longer than 16 KiB, or not text.
    """
    try:
        size = len(value.encode())
    except UnicodeEncodeError as error:
        raise SecretUnfit("The value is not text.", faults=[Fault("/value", "not valid Unicode")]) from error
    if not 0 < size <= LONGEST_VALUE:
        message = f"1 to {LONGEST_VALUE:,} bytes; this has {size:,}"
        raise SecretUnfit("The value cannot be kept.", faults=[Fault("/value", message)])
    return value


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


def seal_value(data_key: bytes, tenant: UUID, name: str, version: int, value: str) -> Sealed:
    """Seal one version of a secret's value."""
    return _seal(data_key, value.encode(), _value_place(tenant, name, version))


def open_value(data_key: bytes, tenant: UUID, name: str, version: int, sealed: Sealed) -> str:
    """The value.

    Raises:
        SealBroken: the row was changed or moved.
    """
    return _open(data_key, sealed, _value_place(tenant, name, version)).decode()


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


def _value_place(tenant: UUID, name: str, version: int) -> bytes:
    return b"aei-secret/1\n" + tenant.bytes + version.to_bytes(8, "big") + name.encode()
