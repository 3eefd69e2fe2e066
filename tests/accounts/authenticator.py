"""A passkey in software: real ES256 keys, real authenticator data, attestation "none".

The forms are those of W3C Web Authentication, level 2, sections 6.1 and 6.5, and of RFC 9052 for the key.
"""

import hashlib
import json
import os
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

USER_PRESENT, USER_VERIFIED, ATTESTED = 0x01, 0x04, 0x40


@dataclass
class Authenticator:
    """One passkey; what it says wrongly is the test's wish.

    Attributes:
        origin, rp_id: where it believes to be.
        count: how often it has signed.
    """

    origin: str
    rp_id: str
    count: int = 0
    credential_id: bytes = field(default_factory=lambda: os.urandom(32))
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def create(self, options: dict[str, Any]) -> str:
        """What `navigator.credentials.create` gives."""
        data = self._client_data("webauthn.create", options["challenge"])
        attestation = {"fmt": "none", "attStmt": {}, "authData": self._data(attested=True)}
        return self._answer({"clientDataJSON": b64(data), "attestationObject": b64(cbor2.dumps(attestation))})

    def get(self, options: dict[str, Any]) -> str:
        """What `navigator.credentials.get` gives."""
        self.count += 1
        data, authenticator_data = self._client_data("webauthn.get", options["challenge"]), self._data()
        signed = authenticator_data + hashlib.sha256(data).digest()
        response = {
            "clientDataJSON": b64(data),
            "authenticatorData": b64(authenticator_data),
            "signature": b64(self.key.sign(signed, ec.ECDSA(hashes.SHA256()))),
        }
        return self._answer(response)

    def _answer(self, response: dict[str, str]) -> str:
        name = b64(self.credential_id)
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": response})

    def _client_data(self, kind: str, challenge: str) -> bytes:
        document = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps(document).encode()

    def _data(self, *, attested: bool = False) -> bytes:
        flags = USER_PRESENT | USER_VERIFIED | (ATTESTED if attested else 0)
        head = hashlib.sha256(self.rp_id.encode()).digest() + struct.pack(">BI", flags, self.count)
        if not attested:
            return head
        credential = bytes(16) + struct.pack(">H", len(self.credential_id)) + self.credential_id
        return head + credential + self._cose()

    def _cose(self) -> bytes:
        numbers = self.key.public_key().public_numbers()
        x, y = numbers.x.to_bytes(32, "big"), numbers.y.to_bytes(32, "big")
        return cbor2.dumps({1: 2, 3: -7, -1: 1, -2: x, -3: y})


def b64(content: bytes) -> str:
    """base64url without padding."""
    return urlsafe_b64encode(content).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    """The bytes behind it."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
