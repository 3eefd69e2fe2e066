"""Signatures of packages: the vector of the specification, and every signature that must not pass."""

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import given
from hypothesis import strategies as st

from aei_inspection.signatures import (
    MOST_BYTES,
    PAYLOAD_TYPE,
    KeyMalformed,
    PrivateKey,
    PublicKey,
    SignatureRefused,
    pre_authentication_encoding,
    sign_package,
    verify_package,
)

KEY, FOREIGN = PrivateKey.generate(), PrivateKey.generate()
SHA, OTHER_SHA = "ab" * 32, "cd" * 32
ENVELOPE = sign_package("acme.echo", "1.0.0", SHA, KEY)


def envelope(**changes: Any) -> bytes:
    return json.dumps({**json.loads(ENVELOPE), **changes}).encode()


def signed(
    payload: bytes, key: PrivateKey = KEY, payload_type: str = PAYLOAD_TYPE, keyid: str | None = None
) -> bytes:
    value = key.key.sign(pre_authentication_encoding(payload_type, payload))
    signature = {"sig": base64.b64encode(value).decode(), "keyid": key.public.id if keyid is None else keyid}
    return envelope(
        payloadType=payload_type, payload=base64.b64encode(payload).decode(), signatures=[signature]
    )


def statement_bytes() -> bytes:
    return base64.b64decode(json.loads(ENVELOPE)["payload"])


def statement(**changes: Any) -> bytes:
    document = json.loads(statement_bytes())
    return json.dumps({**document, **changes}).encode()


def code(content: bytes, sha256: str = SHA) -> str:
    with pytest.raises(SignatureRefused) as refused:
        verify_package(content, sha256, [KEY.public])
    return refused.value.code


def test_the_signed_bytes_are_those_of_the_specifications_example() -> None:
    encoded = pre_authentication_encoding("http://example.com/HelloWorld", b"hello world")
    assert encoded == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"


def test_a_package_signed_by_a_known_key_passes_and_names_the_key() -> None:
    assert verify_package(ENVELOPE, SHA, [FOREIGN.public, KEY.public]) == KEY.public


def test_url_safe_base64_and_a_signature_without_key_id_pass() -> None:
    document = json.loads(signed(statement(), keyid=""))
    document["payload"] = base64.urlsafe_b64encode(statement()).decode()
    assert verify_package(json.dumps(document).encode(), SHA, [FOREIGN.public, KEY.public]) == KEY.public


def test_one_good_signature_among_those_of_strangers_is_enough() -> None:
    both = (
        json.loads(signed(statement(), FOREIGN))["signatures"] + json.loads(signed(statement()))["signatures"]
    )
    content = json.loads(signed(statement())) | {"signatures": both}
    assert verify_package(json.dumps(content).encode(), SHA, [KEY.public]) == KEY.public


def test_a_foreign_signature_is_refused() -> None:
    assert code(signed(statement(), FOREIGN)) == "signature_unknown_key"


def test_a_foreign_signature_under_a_known_keys_id_is_refused() -> None:
    assert code(signed(statement(), FOREIGN, keyid=KEY.public.id)) == "signature_wrong"
    assert code(signed(statement(), FOREIGN, keyid="")) == "signature_wrong"


def test_without_any_key_nothing_passes() -> None:
    with pytest.raises(SignatureRefused) as refused:
        verify_package(ENVELOPE, SHA, [])
    assert refused.value.code == "signature_unknown_key"


def test_a_signature_of_another_package_is_refused() -> None:
    assert code(ENVELOPE, OTHER_SHA) == "signature_other_package"


def test_a_payload_that_was_serialised_anew_is_refused() -> None:
    again = json.dumps(json.loads(statement()), indent=1).encode()
    assert code(envelope(payload=base64.b64encode(again).decode())) == "signature_wrong"


def test_a_signature_moved_to_another_payload_type_is_refused() -> None:
    assert code(envelope(payloadType="application/json")) == "signature_type"
    plain = signed(statement(), payload_type="text/plain")
    assert code(plain) == "signature_type"
    assert code(json.dumps({**json.loads(plain), "payloadType": PAYLOAD_TYPE}).encode()) == "signature_wrong"


@pytest.mark.parametrize("length", [0, 1, 32, 63, 65])
def test_a_truncated_or_lengthened_signature_is_refused(length: int) -> None:
    value = base64.b64decode(json.loads(ENVELOPE)["signatures"][0]["sig"]).ljust(65, b"\0")[:length]
    signature = {"keyid": KEY.public.id, "sig": base64.b64encode(value).decode()}
    assert code(envelope(signatures=[signature])) == "signature_malformed"


@pytest.mark.parametrize("cut", [1, 10, 100])
def test_a_truncated_envelope_is_refused(cut: int) -> None:
    assert code(ENVELOPE.rstrip()[:-cut]) == "signature_malformed"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"\xff",
        b"[" * 5000,
        b" " * (MOST_BYTES + 1),
        b'{"payloadType": "a", "payloadType": "b"}',
        envelope(signatures=[]),
        envelope(signatures={}),
        envelope(signatures=[7]),
        envelope(signatures=[{"keyid": 7, "sig": ""}]),
        envelope(signatures=[{"keyid": ""}]),
        envelope(signatures=[{}] * 17),
        envelope(payload=7),
        envelope(payload="no base64!"),
        envelope(payload="é"),
    ],
)
def test_what_is_no_envelope_is_refused(content: bytes) -> None:
    assert code(content) in ("signature_malformed", "signature_type")


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (b"nothing", "signature_malformed"),
        (b"[]", "signature_malformed"),
        (statement(_type="https://in-toto.io/Statement/v0.1"), "signature_type"),
        (statement(subject=None), "signature_malformed"),
        (statement(subject=[]), "signature_other_package"),
        (statement(subject=["x", {"digest": None}, {"digest": {"sha512": SHA}}]), "signature_other_package"),
        (statement(subject=[{"name": SHA, "digest": {"sha256": SHA.upper()}}]), "signature_other_package"),
    ],
)
def test_a_signed_statement_about_something_else_is_refused(payload: bytes, expected: str) -> None:
    assert code(signed(payload)) == expected


@pytest.mark.parametrize("digest", [[SHA], {SHA: SHA}, None, 7])
def test_a_digest_that_is_no_text_is_refused(digest: object) -> None:
    assert code(signed(statement(subject=[{"digest": {"sha256": digest}}]))) == "signature_other_package"


@given(st.binary(max_size=300))
def test_no_bytes_pass_that_the_key_did_not_sign(content: bytes) -> None:
    with pytest.raises(SignatureRefused):
        verify_package(content, SHA, [KEY.public])


@given(st.integers(0, len(ENVELOPE) - 1), st.integers(0, 7))
def test_an_envelope_with_one_flipped_bit_says_the_same_or_is_refused(place: int, bit: int) -> None:
    spoilt = bytearray(ENVELOPE)
    spoilt[place] ^= 1 << bit
    try:
        assert verify_package(bytes(spoilt), SHA, [KEY.public]) == KEY.public
    except SignatureRefused:
        return
    kept = json.loads(bytes(spoilt))["payload"].replace("-", "+").replace("_", "/")
    assert base64.b64decode(kept) == statement_bytes()


def test_keys_travel_as_pem_files() -> None:
    assert PrivateKey.from_pem(KEY.pem()).public == KEY.public
    assert PublicKey.from_pem(KEY.public.pem()) == KEY.public
    locked = KEY.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"open"))
    assert PrivateKey.from_pem(locked, b"open").public == KEY.public
    for passphrase in (None, b"other"):
        with pytest.raises(KeyMalformed):
            PrivateKey.from_pem(locked, passphrase)


def test_keys_of_another_kind_and_what_is_no_key_are_refused() -> None:
    other = rsa.generate_private_key(65537, 2048)
    public = other.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    for content in (public, b"", b"nothing", KEY.pem()):
        with pytest.raises(KeyMalformed):
            PublicKey.from_pem(content)
    for content in (
        other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        b"",
        KEY.public.pem(),
    ):
        with pytest.raises(KeyMalformed):
            PrivateKey.from_pem(content)


def test_a_private_key_does_not_show_itself() -> None:
    assert KEY.key.private_bytes_raw().hex() not in repr(KEY)
