"""Keys and signatures of publishers."""

from typing import TypedDict


class SigningKey(TypedDict):
    """A publisher's key; `public_key` is PEM."""

    id: str
    name: str
    public_key: str
    created_at: str
    revoked_at: str | None


class ReleaseSignature(TypedDict):
    """A release's DSSE envelope, as it was published, and the key that made it."""

    envelope: str
    key: SigningKey
