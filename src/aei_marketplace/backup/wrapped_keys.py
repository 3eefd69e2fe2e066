"""Keys under a passphrase: scrypt (RFC 7914) and AES-256-GCM (NIST SP 800-38D), as JSON.

The cost of guessing is bound to the sealed keys: whoever lowers it in the file changes what is
authenticated, and the keys do not open any more.
"""

import os
from base64 import b64decode, b64encode

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from aei_marketplace.backup.errors import BackupDamaged, NotABackup, WrongPassphrase

_FORM = "aei-keys/1"
SHORTEST_PASSPHRASE = 12
KEY_BYTES, _NONCE_BYTES, _SALT_BYTES = 32, 12, 16
#: OWASP's first choice for scrypt: 128 MiB for each guess.
_COST, _BLOCK_SIZE, _LANES = 2**17, 8, 1
#: What a file may ask of whoever opens it.
_MOST_COST = 2**20


class Keys(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is inside.

    Attributes:
        master: the master keys, the present one first: 32 bytes each.
        others: further files of the keys' folder, by name.
    """

    master: list[bytes]
    others: dict[str, bytes]


class _Wrapped(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    form: str
    cost: int
    salt: str
    nonce: str
    sealed: str


def wrap_keys(keys: Keys, passphrase: str) -> bytes:
    """Seal keys.

    Raises:
        WrongPassphrase: it is too short to protect them.
    """
    if len(passphrase) < SHORTEST_PASSPHRASE:
        raise WrongPassphrase(
            f"The passphrase has {len(passphrase)} characters; {SHORTEST_PASSPHRASE} are the least. "
            "It is all that protects the keys: several random words do well."
        )
    salt, nonce = os.urandom(_SALT_BYTES), os.urandom(_NONCE_BYTES)
    sealed = AESGCM(_derive(passphrase, salt, _COST)).encrypt(
        nonce, msgspec.json.encode(keys), _authenticated(_COST, salt)
    )
    wrapped = _Wrapped(_FORM, _COST, _text(salt), _text(nonce), _text(sealed))
    return msgspec.json.format(msgspec.json.encode(wrapped), indent=1) + b"\n"


def unwrap_keys(content: bytes, passphrase: str) -> Keys:
    """The keys.

    Raises:
        NotABackup: the content is no wrapped keys.
        WrongPassphrase: it does not open them, or they were altered.
    """
    try:
        wrapped = msgspec.json.decode(content, type=_Wrapped)
        salt, nonce, sealed = (
            b64decode(text, validate=True) for text in (wrapped.salt, wrapped.nonce, wrapped.sealed)
        )
    except (msgspec.DecodeError, ValueError) as error:
        raise NotABackup("The keys are not in the form of a wrapped copy.") from error
    cost = wrapped.cost
    fits = 2**14 <= cost <= _MOST_COST and cost.bit_count() == 1 and len(nonce) == _NONCE_BYTES
    if wrapped.form != _FORM or not fits:
        raise NotABackup(f"The keys are wrapped in another form than {_FORM}, which this version reads.")
    try:
        opened = AESGCM(_derive(passphrase, salt, cost)).decrypt(nonce, sealed, _authenticated(cost, salt))
    except InvalidTag:
        raise WrongPassphrase(
            "The keys do not open: the passphrase is another, or the copy was altered. Nothing was changed."
        ) from None
    return _checked(opened)


def _checked(opened: bytes) -> Keys:
    try:
        keys = msgspec.json.decode(opened, type=Keys)
    except msgspec.DecodeError as error:
        raise BackupDamaged("What is wrapped there are no keys.") from error
    if any(len(key) != KEY_BYTES for key in keys.master):
        raise BackupDamaged(f"A wrapped master key does not have {KEY_BYTES} bytes.")
    return keys


def _derive(passphrase: str, salt: bytes, cost: int) -> bytes:
    return Scrypt(salt=salt, length=KEY_BYTES, n=cost, r=_BLOCK_SIZE, p=_LANES).derive(passphrase.encode())


def _authenticated(cost: int, salt: bytes) -> bytes:
    return f"{_FORM}\n{cost}\n".encode() + salt


def _text(value: bytes) -> str:
    return b64encode(value).decode()
