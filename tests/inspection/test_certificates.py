"""Certificates that stand, and those that are forged, swapped, expired or nothing of the kind."""

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from aei_inspection.certificates import Certificate, CertificateRefused, sign_certificate, verify_certificate
from aei_inspection.signatures import STATEMENT_TYPE, PrivateKey, seal_statement, sign_package

KEY, OTHER = PrivateKey.generate(), PrivateKey.generate()
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
DIGEST = "a" * 64
SAID = Certificate(
    id="1",
    plugin_id="acme.echo",
    version="1.0.0",
    sha256=DIGEST,
    policy={"number": 1, "digest": "b" * 64},
    checks=[{"id": "package", "version": 1, "result": "pass", "waived": 0}],
    scanner={"yara-x": "1.0"},
    advisories_at=NOW,
    inspected="source",
    decided="certifier",
    issued_at=NOW,
    expires_at=NOW + timedelta(days=180),
)
ENVELOPE = sign_certificate(SAID, KEY)


def test_a_certificate_says_offline_what_was_signed() -> None:
    assert verify_certificate(ENVELOPE, DIGEST, [OTHER.public, KEY.public], NOW) == SAID
    undated = replace(SAID, advisories_at=None)
    assert verify_certificate(sign_certificate(undated, KEY), DIGEST, [KEY.public], NOW) == undated


def forged() -> bytes:
    document = json.loads(ENVELOPE)
    payload = base64.b64decode(document["payload"]).replace(b"2027", b"2037")
    return json.dumps({**document, "payload": base64.b64encode(payload).decode()}).encode()


def statement(**changes: object) -> bytes:
    document = json.loads(base64.b64decode(json.loads(ENVELOPE)["payload"]))
    return seal_statement({**document, **changes}, KEY)


def predicate(**changes: object) -> bytes:
    document = json.loads(base64.b64decode(json.loads(ENVELOPE)["payload"]))
    return statement(predicate={**document["predicate"], **changes})


@pytest.mark.parametrize(
    ("envelope", "digest", "now", "code"),
    [
        (ENVELOPE, "c" * 64, NOW, "signature_other_package"),
        (ENVELOPE, DIGEST, NOW + timedelta(days=180), "certificate_expired"),
        (forged(), DIGEST, NOW, "signature_wrong"),
        (sign_certificate(SAID, OTHER), DIGEST, NOW, "signature_unknown_key"),
        (sign_package("acme.echo", "1.0.0", DIGEST, KEY), DIGEST, NOW, "certificate_type"),
        (statement(predicate=None), DIGEST, NOW, "certificate_malformed"),
        (statement(predicate={"id": "1"}), DIGEST, NOW, "certificate_malformed"),
        (predicate(expires_at="2027-01-01T00:00:00"), DIGEST, NOW, "certificate_malformed"),
        (predicate(checks=7), DIGEST, NOW, "certificate_malformed"),
        (predicate(version=None), DIGEST, NOW, "certificate_malformed"),
        (seal_statement({"_type": "other"}, KEY), DIGEST, NOW, "signature_type"),
        (seal_statement({"_type": STATEMENT_TYPE}, KEY), DIGEST, NOW, "signature_malformed"),
        (b"{", DIGEST, NOW, "signature_malformed"),
        (b"\xff" * 100_000, DIGEST, NOW, "signature_malformed"),
    ],
)
def test_what_does_not_stand_for_the_package_now_is_refused_with_its_code(
    envelope: bytes, digest: str, now: datetime, code: str
) -> None:
    with pytest.raises(CertificateRefused) as refused:
        verify_certificate(envelope, digest, [KEY.public], now)
    assert refused.value.code == code
