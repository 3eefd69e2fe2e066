"""Passkeys (W3C Web Authentication, level 2) as a second factor: what is asked, and what is believed.

The library is loaded when a passkey is first used: marketplaces without one start without it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import msgspec

from aei_marketplace.accounts.errors import PasskeyRefused

CHALLENGE_BYTES = 32
#: An answer of a passkey as JSON; a large attestation has some kilobytes.
LONGEST_ANSWER = 64 * 1024
MOST_PASSKEYS = 20
RELYING_PARTY = "AEI Marketplace"


@dataclass(frozen=True, slots=True)
class Passkey:
    """What is kept of a passkey.

    Attributes:
        credential_id: how its authenticator calls it.
        public_key: in COSE form.
        sign_count: how often it has signed, as it says; 0 from those that do not count.
    """

    id: UUID
    credential_id: bytes
    public_key: bytes
    sign_count: int


@dataclass(frozen=True, slots=True)
class Registered:
    """A new passkey."""

    credential_id: bytes
    public_key: bytes
    sign_count: int


def relying_party(origin: str) -> str:
    """The relying party's id for an origin: its host name."""
    return urlsplit(origin).hostname or ""


def registration_options(
    origin: str, user_id: UUID, name: str, challenge: bytes, known: Sequence[bytes]
) -> dict[str, Any]:
    """What `navigator.credentials.create` is given, as JSON values.

    Args:
        known: credential ids that the person has already, so that one authenticator is not entered twice.
    """
    from webauthn import generate_registration_options

    return _as_json(
        generate_registration_options(
            rp_id=relying_party(origin),
            rp_name=RELYING_PARTY,
            user_id=user_id.bytes,
            user_name=name,
            challenge=challenge,
            exclude_credentials=_descriptors(known),
        )
    )


def assertion_options(origin: str, challenge: bytes, known: Sequence[bytes]) -> dict[str, Any]:
    """What `navigator.credentials.get` is given, as JSON values."""
    from webauthn import generate_authentication_options

    return _as_json(
        generate_authentication_options(
            rp_id=relying_party(origin), challenge=challenge, allow_credentials=_descriptors(known)
        )
    )


def credential_of(answer: str) -> bytes:
    """Which passkey an answer says it comes from.

    Raises:
        PasskeyRefused: it is no answer of a passkey.
    """
    from webauthn import base64url_to_bytes

    try:
        document = msgspec.json.decode(answer) if len(answer) <= LONGEST_ANSWER else None
        return base64url_to_bytes(document["rawId"]) if isinstance(document, dict) else b""
    except (msgspec.DecodeError, KeyError, ValueError, TypeError, AttributeError):
        raise PasskeyRefused("This is no answer of a passkey.") from None


def check_registration(answer: str, challenge: bytes, origin: str) -> Registered:
    """The passkey that an authenticator made.

    Args:
        answer: the JSON of what `navigator.credentials.create` gave.

    Raises:
        PasskeyRefused: it was made for another origin, relying party or challenge, or is malformed.
    """
    from webauthn import verify_registration_response
    from webauthn.helpers.exceptions import WebAuthnException

    credential_of(answer)
    try:
        made = verify_registration_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=relying_party(origin),
            expected_origin=origin,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise PasskeyRefused(f"The passkey was not accepted: {_reason(error)}.") from error
    return Registered(made.credential_id, made.credential_public_key, made.sign_count)


def check_assertion(answer: str, challenge: bytes, origin: str, passkey: Passkey) -> int:
    """Whether a passkey signed the challenge here; its new count.

    Raises:
        PasskeyRefused: it did not, or its count went back, as that of a copy does.
    """
    from webauthn import verify_authentication_response
    from webauthn.helpers.exceptions import WebAuthnException

    try:
        signed = verify_authentication_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=relying_party(origin),
            expected_origin=origin,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.sign_count,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise PasskeyRefused(f"The passkey was not accepted: {_reason(error)}.") from error
    return signed.new_sign_count


def _descriptors(known: Sequence[bytes]) -> Any:
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor

    return [PublicKeyCredentialDescriptor(id=credential) for credential in known]


def _as_json(options: Any) -> dict[str, Any]:
    from webauthn import options_to_json

    document: dict[str, Any] = msgspec.json.decode(options_to_json(options))
    return document


def _reason(error: Exception) -> str:
    """Which check failed, in our words: the library's may quote what was sent."""
    text = str(error).lower()
    kinds = {
        "origin": "it answered another site",
        "rp id": "it belongs to another site",
        "challenge": "it answered another question",
        "sign count": "its count went back, which a copy's does",
        "signature": "its signature is not valid",
    }
    return next((said for word, said in kinds.items() if word in text), "its answer is malformed")
