"""A password as PostgreSQL stores it, so that the password itself never travels nor reaches a log.

The format is PostgreSQL's `pg_authid.rolpassword`; the derivation is RFC 5802 and RFC 7677.
"""

import hashlib
import hmac
import os
from base64 import b64encode

_ITERATIONS = 4096


def scram_verifier(password: str) -> str:
    """Derive the verifier of an ASCII password.

    Args:
        password: ASCII only, so that its SASLprep form is itself.
    """
    salt = os.urandom(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode("ascii"), salt, _ITERATIONS)
    stored = hashlib.sha256(_mac(salted, b"Client Key")).digest()
    server = _mac(salted, b"Server Key")
    return f"SCRAM-SHA-256${_ITERATIONS}:{_text(salt)}${_text(stored)}:{_text(server)}"


def _mac(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, "sha256")


def _text(value: bytes) -> str:
    return b64encode(value).decode("ascii")
