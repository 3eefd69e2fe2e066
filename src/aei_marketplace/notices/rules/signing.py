"""Signatures of webhooks, in the form of Standard Webhooks 1.0: HMAC-SHA256 over id, time and body.

A secret is `whsec_` and 32 random bytes in Base64. The header `webhook-signature` holds one signature for
each secret that is valid, separated by spaces, so that a secret can be changed while requests are under way.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime

SECRET_BYTES = 32
PREFIX = "whsec_"


def new_secret() -> str:
    """A fresh secret, as its owner is shown it once."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """`v1,` and the signature in Base64.

    Args:
        timestamp: seconds since 1970.
    """
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def headers(valid: Iterable[str], message_id: str, moment: datetime, body: bytes) -> dict[str, str]:
    """All headers of a signed request.

    Args:
        valid: the secrets that sign it, the newest first.
        message_id: the same each time that a message is sent.
    """
    timestamp = int(moment.timestamp())
    return {
        "Content-Type": "application/json",
        "User-Agent": "aei-marketplace",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signature(s, message_id, timestamp, body) for s in valid),
    }
