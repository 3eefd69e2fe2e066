"""Signatures of packages: DSSE envelopes around in-toto statements, signed with Ed25519.

The envelope and what is signed of it (its pre-authentication encoding) follow DSSE 1.0
(github.com/secure-systems-lab/dsse), the statement in-toto's Statement v1, its predicate in-toto's
Release v0.1. The statement's subject is the archive's SHA-256, so that a signature stands for every
byte of one package and for no other. A statement is read only after its signature was checked.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from aei_inspection.problems import PackageRefused
from aei_inspection.strict_json import read_json

PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://in-toto.io/attestation/release/v0.1"
#: Of an envelope, and of a PEM file of a key.
MOST_BYTES = 64 * 1024
MOST_SIGNATURES = 16
_DEEPEST = 16
_SIGNATURE_BYTES = 64
_KEY_MOST_BYTES = 4096


class SignatureRefused(Exception):
    """The signature does not stand for this package.

    Attributes:
        code: stable, for programs: `signature_malformed`, `signature_type`, `signature_unknown_key`,
            `signature_wrong` or `signature_other_package`.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class KeyMalformed(ValueError):
    """This is not the key that is needed."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A publisher's key.

    Attributes:
        raw: 32 bytes.
    """

    raw: bytes

    @classmethod
    def from_pem(cls, content: bytes) -> "PublicKey":
        """Read a PEM file with a SubjectPublicKeyInfo.

        Raises:
            KeyMalformed: it holds no Ed25519 public key.
        """
        try:
            key = load_pem_public_key(content[:_KEY_MOST_BYTES])
        except (ValueError, UnsupportedAlgorithm) as error:
            raise KeyMalformed("This is no public key in PEM form.") from error
        if not isinstance(key, Ed25519PublicKey):
            raise KeyMalformed("Packages are signed with Ed25519, and this is a key of another kind.")
        return cls(key.public_bytes_raw())

    @property
    def id(self) -> str:
        """SHA-256 of the SubjectPublicKeyInfo, in hexadecimal."""
        return hashlib.sha256(
            self._key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        ).hexdigest()

    def pem(self) -> bytes:
        """The key as a PEM file."""
        return self._key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def fits(self, signature: bytes, signed: bytes) -> bool:
        """Whether this key made the signature over these bytes."""
        try:
            self._key().verify(signature, signed)
        except InvalidSignature:
            return False
        return True

    def _key(self) -> Ed25519PublicKey:
        return Ed25519PublicKey.from_public_bytes(self.raw)


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """What signs packages. Its printed form shows nothing of it."""

    key: Ed25519PrivateKey

    @classmethod
    def generate(cls) -> "PrivateKey":
        """A new key."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def from_pem(cls, content: bytes, passphrase: bytes | None = None) -> "PrivateKey":
        """Read a PEM file in PKCS#8 form.

        Raises:
            KeyMalformed: it holds no Ed25519 private key, or the passphrase is missing or wrong.
        """
        try:
            key = load_pem_private_key(content[:_KEY_MOST_BYTES], passphrase)
        except TypeError as error:
            raise KeyMalformed("The key needs a passphrase, or none.") from error
        except (ValueError, UnsupportedAlgorithm) as error:
            raise KeyMalformed("This is no private key in PEM form, or the passphrase is wrong.") from error
        if not isinstance(key, Ed25519PrivateKey):
            raise KeyMalformed("Packages are signed with Ed25519, and this is a key of another kind.")
        return cls(key)

    @property
    def public(self) -> PublicKey:
        """The key that checks what this one signs."""
        return PublicKey(self.key.public_key().public_bytes_raw())

    def pem(self) -> bytes:
        """The key as a PEM file without a passphrase; a secret."""
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def sign_package(plugin_id: str, version: str, sha256: str, key: PrivateKey) -> bytes:
    """A DSSE envelope that says: this package is that release.

    Args:
        sha256: of the archive, in hexadecimal.
    """
    return seal_statement(_statement(plugin_id, version, sha256), key)


def verify_package(envelope: bytes, sha256: str, keys: Sequence[PublicKey]) -> PublicKey:
    """Check that an envelope stands for a package; gives the key that signed it.

    Args:
        sha256: of the archive, in hexadecimal.
        keys: those that may sign it.

    Raises:
        SignatureRefused: it does not; its code says why.
    """
    statement, key = open_statement(envelope, keys)
    if sha256 not in digests_of(statement):
        raise SignatureRefused("signature_other_package", "The signature is of another package.")
    return key


def seal_statement(statement: Mapping[str, Any], key: PrivateKey) -> bytes:
    """A DSSE envelope around an in-toto statement."""
    payload = json.dumps(statement, separators=(",", ":")).encode()
    signature = key.key.sign(pre_authentication_encoding(PAYLOAD_TYPE, payload))
    envelope = {
        "payloadType": PAYLOAD_TYPE,
        "payload": base64.b64encode(payload).decode(),
        "signatures": [{"keyid": key.public.id, "sig": base64.b64encode(signature).decode()}],
    }
    return json.dumps(envelope, indent=2).encode() + b"\n"


def open_statement(envelope: bytes, keys: Sequence[PublicKey]) -> tuple[dict[str, Any], PublicKey]:
    """The statement in an envelope, read only after its signature was checked, and the key behind it.

    Raises:
        SignatureRefused: none of the keys signed it, or it is no statement.
    """
    payload, signatures = _read_envelope(envelope)
    key = _signer(pre_authentication_encoding(PAYLOAD_TYPE, payload), signatures, keys)
    statement = _object(payload, "The signed statement")
    if statement.get("_type") != STATEMENT_TYPE:
        raise SignatureRefused("signature_type", f"The signed statement must be of type {STATEMENT_TYPE}.")
    return statement, key


def digests_of(statement: Mapping[str, Any]) -> list[object]:
    """The SHA-256 digests of a statement's subjects.

    Raises:
        SignatureRefused: it has no list of subjects.
    """
    subjects = statement.get("subject")
    if not isinstance(subjects, list):
        raise _malformed("The signed statement has no subject.")
    digests = [each.get("digest") for each in subjects if isinstance(each, dict)]
    return [digest.get("sha256") for digest in digests if isinstance(digest, dict)]


def pre_authentication_encoding(payload_type: str, payload: bytes) -> bytes:
    """The bytes that are signed: PAE of DSSE 1.0."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def _statement(plugin_id: str, version: str, sha256: str) -> dict[str, Any]:
    return {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": f"{plugin_id}-{version}.aeiplugin", "digest": {"sha256": sha256}}],
        "predicateType": PREDICATE_TYPE,
        "predicate": {"purl": f"pkg:generic/{plugin_id}@{version}"},
    }


def _read_envelope(content: bytes) -> tuple[bytes, list[tuple[str, bytes]]]:
    """The payload, and (key id, signature) of each signature."""
    document = _object(content, "The envelope")
    payload_type, payload, signatures = (document.get(n) for n in ("payloadType", "payload", "signatures"))
    if payload_type != PAYLOAD_TYPE:
        raise SignatureRefused("signature_type", f"The envelope's payload must be of type {PAYLOAD_TYPE}.")
    if not isinstance(signatures, list) or not 1 <= len(signatures) <= MOST_SIGNATURES:
        raise _malformed(f"The envelope has 1 to {MOST_SIGNATURES} signatures.")
    return _decoded(payload, "payload"), [_read_signature(each) for each in signatures]


def _read_signature(each: object) -> tuple[str, bytes]:
    if not isinstance(each, dict) or not isinstance(each.get("keyid", ""), str):
        raise _malformed("Each signature is an object with `keyid` and `sig`.")
    value = _decoded(each.get("sig"), "sig")
    if len(value) != _SIGNATURE_BYTES:
        raise _malformed(f"An Ed25519 signature has {_SIGNATURE_BYTES} bytes, this one has {len(value)}.")
    return str(each.get("keyid", "")), value


def _signer(signed: bytes, signatures: Sequence[tuple[str, bytes]], keys: Sequence[PublicKey]) -> PublicKey:
    """The key behind one of the signatures; ids are hints, and one that is left out fits every key."""
    candidates = [(key, value) for key_id, value in signatures for key in keys if key_id in ("", key.id)]
    if not candidates:
        raise SignatureRefused(
            "signature_unknown_key", "None of the signatures is by one of the keys that are trusted."
        )
    for key, value in candidates:
        if key.fits(value, signed):
            return key
    raise SignatureRefused("signature_wrong", "The signature does not fit what it is said to sign.")


def _object(content: bytes, what: str) -> dict[str, Any]:
    try:
        document = read_json(content, "", MOST_BYTES, _DEEPEST)
    except PackageRefused as error:
        raise _malformed(f"{what} is not JSON as it should be: {error.problems[0].message}") from error
    if not isinstance(document, dict):
        raise _malformed(f"{what} is no JSON object.")
    return document


def _decoded(value: object, name: str) -> bytes:
    """Base64 in either alphabet, as DSSE wants it read."""
    if not isinstance(value, str) or not value.isascii():
        raise _malformed(f"The envelope's `{name}` is no base64 text.")
    try:
        return base64.b64decode(value.replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError) as error:
        raise _malformed(f"The envelope's `{name}` is no base64 text.") from error


def _malformed(message: str) -> SignatureRefused:
    return SignatureRefused("signature_malformed", message)
